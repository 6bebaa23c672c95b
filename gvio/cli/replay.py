"""`gvio replay`."""

from __future__ import annotations

from typing import Any

import click

from gvio.cli.output import json_option


@click.command()
@json_option
def replay(as_json: bool, **flags: Any) -> None:
    """x."""
