"""What commands print: lines for people, or one JSON document with --json."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gvio.run.report import Fact, StageLine

F = TypeVar("F", bound=Callable[..., Any])
_BARE = frozenset(
    {"reason", "verdict", "decision", "release", "result", "urban_mask"}
)  # say by themselves what they are
_UNSAID = frozenset({"input_key", "version", "unit", "promoted", "published_skill", "awaiting"})


def json_option(command: F) -> F:
    """--json: print a machine-readable result."""
    option = click.option("--json", "as_json", is_flag=True, help="Print a machine-readable result.")
    return option(command)


def emit(result: Any, lines: list[str], as_json: bool) -> None:
    """Print `result` as JSON, or `lines`."""
    if as_json:
        click.echo(json.dumps(_plain(result), indent=2, sort_keys=True, default=str, allow_nan=False))
    else:
        for line in lines:
            click.echo(line)


def stage_lines(reports: Sequence[StageLine]) -> list[str]:
    """A line per stage: name, month, outcome, and what is worth reading; its warnings in lines of their own."""
    lines = []
    for report in reports:
        lines.append(f"{report.stage:<9} {report.month}  {report.outcome:<9} {_worth(report.facts)}".rstrip())
        warnings = report.facts.get("warnings")
        lines += [f"  warning: {text}" for text in warnings] if isinstance(warnings, tuple) else []
    return lines


def _worth(facts: Mapping[str, Fact]) -> str:
    shown = []
    for key, value in facts.items():
        if isinstance(value, tuple) and key == "warnings":
            shown.append(f"{len(value)} warnings" if len(value) != 1 else "1 warning")
        elif key in {"weights_sha256", "light"}:
            shown.append(f"{key.removesuffix('_sha256')} {str(value)[:12]}")
        elif isinstance(value, float):
            shown.append(f"{key} {value:z,.1f}")
        elif isinstance(value, str | int) and key not in _UNSAID:
            shown.append(str(value) if key in _BARE else f"{key} {value}")
    return "; ".join(text.rstrip(".") for text in shown)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no NaN: what could not be computed is null
    return value
