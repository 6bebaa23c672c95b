"""Commands that read a published store."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from typing import TYPE_CHECKING

import click

from gvio.cli.output import emit, json_option

if TYPE_CHECKING:
    from gvio.store.objects import ObjectStore  # the name only: help stays instant


@click.command()
@click.option("--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases.")
@json_option
def status(store: str, as_json: bool) -> None:
    """What is published, its age, its checks, its model."""
    from gvio.store.objects import open_to_read
    from gvio.store.published import list_regions

    objects = open_to_read(store, os.environ.get("AWS_ENDPOINT_URL"))
    found = [_describe(objects, region) for region in list_regions(objects)]
    lines = [line for entry in found for line in (_line(entry), *entry.errata)] or [f"nothing is published in {store}"]
    emit(found, lines, as_json)


@click.command()
@click.option("--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases.")
@click.option("--port", type=int, default=None, help="Port to serve on; default: 8501 or the next free one.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to serve on.")
def dashboard(store: str, port: int | None, address: str) -> int:
    """Serve the dashboard over a published store."""
    from dashboards.launch import launch
    from gvio.store.objects import open_to_read

    open_to_read(store, os.environ.get("AWS_ENDPOINT_URL"))
    return launch(store, port, address=address)


@dataclasses.dataclass(frozen=True)
class _Published:
    """A region's newest release, as `status` tells it."""

    region: str
    release: str
    month: str
    published_at: str | None
    age_days: int
    checks: int
    warnings: list[str]
    skill: str
    model: dict[str, object]
    invented: bool
    predecessor: str | None
    errata: list[str]
    changes: list[str]  # one sentence a district: why its newest estimate in both releases changed


def _describe(objects: ObjectStore, region: str) -> _Published:
    from gvio.store.published import read_release
    from gvio.store.revisions import predecessor_named
    from gvio.store.sentences import change_sentences, errata_sentences

    release = read_release(objects, region)
    published = dt.datetime.fromisoformat(str(release.published_at))
    return _Published(
        region=region,
        release=release.release,
        month=release.month,
        published_at=release.published_at,
        age_days=(dt.datetime.now(dt.UTC) - published).days,
        checks=len(release.checks),
        warnings=[check.message for check in release.checks if not check.passed],
        skill=release.manifest.skill,
        model=dict(release.manifest.model),
        invented=release.manifest.invented,
        predecessor=predecessor_named(release.manifest),
        errata=errata_sentences(objects, release.manifest),
        changes=change_sentences(objects, release.manifest),
    )


def _line(entry: _Published) -> str:
    warnings = f"{len(entry.warnings)} warning{'' if len(entry.warnings) == 1 else 's'}"
    return (
        f"{entry.region}: {entry.month}, release {entry.release}, {entry.age_days} days old; {entry.checks} checks, "
        f"{warnings}; {entry.model['name']} version {entry.model['version']}, skill {entry.skill}"
        f"{', INVENTED DATA' if entry.invented else ''}"
    )
