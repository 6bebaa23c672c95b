"""Commands that read a published store."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

import click

from gvio.cli.output import emit, json_option


@click.command()
@click.option("--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases.")
@json_option
def status(store: str, as_json: bool) -> None:
    """What is published, its age, its checks, its model."""
    from gvio.store.objects import open_store
    from gvio.store.published import list_regions

    objects = open_store(store, os.environ.get("AWS_ENDPOINT_URL"))
    found = [_describe(objects, region) for region in list_regions(objects)]
    lines = [_line(entry) for entry in found] or [f"nothing is published in {store}"]
    emit(found, lines, as_json)


@click.command()
@click.option("--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases.")
@click.option("--port", type=int, default=None, help="Port to serve on; default: 8501 or the next free one.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to serve on.")
def dashboard(store: str, port: int | None, address: str) -> int:
    """Serve the dashboard over a published store."""
    from dashboards.launch import launch

    return launch(store, port, address=address, endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def _describe(objects: Any, region: str) -> dict[str, Any]:
    from gvio.store.published import read_release

    release = read_release(objects, region)
    failed = [check for check in release.checks if not check.passed]
    published = dt.datetime.fromisoformat(str(release.published_at))
    return {
        "region": region,
        "release": release.release,
        "month": release.month,
        "published_at": release.published_at,
        "age_days": (dt.datetime.now(dt.UTC) - published).days,
        "checks": len(release.checks),
        "warnings": [check.message for check in failed],
        "skill": release.manifest.skill,
        "model": dict(release.manifest.model),
    }


def _line(entry: dict[str, Any]) -> str:
    model = entry["model"]
    return (
        f"{entry['region']}: {entry['month']}, release {entry['release']}, {entry['age_days']} days old; "
        f"{entry['checks']} checks, {len(entry['warnings'])} warnings; {model['name']} version {model['version']}, "
        f"skill {entry['skill']}"
    )
