"""`gvio backup` and `gvio restore`: the whole state in one folder, and back."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gvio.cli.output import emit, json_option

if TYPE_CHECKING:
    from gvio.backup.places import Places

DAMAGED = 3

_store = click.option("--store", metavar="URL", help="Store of releases; default: GVIO_STORE, else WORKSPACE/store.")
_workspace = click.option("--workspace", default=".gvio", show_default=True, metavar="DIR", help="Files of the work.")
_only_store = click.option("--store-only", "only_store", is_flag=True, help="Leave out databases and registry.")
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--to", "folder", required=True, type=_FOLDER, help="Folder of the backup; appears when it is whole.")
@_store
@_workspace
@_only_store
@click.option("--replace", is_flag=True, help="Take the place of an older backup.")
@json_option
def backup(folder: Path, store: str | None, workspace: str, only_store: bool, replace: bool, as_json: bool) -> int:
    """Copy store, databases and registry into one folder. Runs go on meanwhile.

    PostgreSQL databases are named by GVIO_DATABASE_URLS, the registry's files by GVIO_ARTIFACTS; else the workspace's
    own. Exit 3: the backup is there, and the lines name what is damaged in the store.
    """
    from gvio.backup.make import make_backup
    from gvio.progress import terminal_progress
    from gvio.version import code_version

    now = dt.datetime.now(dt.UTC)
    places = _places(store, workspace, only_store=only_store)
    report = make_backup(places, folder, now=now, code=code_version(), replace=replace, progress=terminal_progress())
    made = report.backup
    size = sum(file.size for file in made.files)
    names = ", ".join(one.name for one in made.databases) or "no database"
    line = f"{folder}: {len(made.store)} objects, {names}, {len(made.artifacts)} files of the registry; {size} bytes"
    emit(report, [*report.findings, line], as_json)
    return DAMAGED if report.findings else 0


@click.command()
@click.option("--from", "folder", required=True, type=_FOLDER, help="Folder of the backup.")
@_store
@_workspace
@_only_store
@click.option("--replace", is_flag=True, help="Overwrite what is there, and remove what the backup does not hold.")
@json_option
def restore(folder: Path, store: str | None, workspace: str, only_store: bool, replace: bool, as_json: bool) -> int:
    """Write a backup back, and read all of it again.

    Nothing is written where the backup is damaged, or a target is not empty and --replace is not said. Exit 3: all is
    written, and the lines name what was damaged in the store already when it was backed up.
    """
    from gvio.backup.restore import restore_backup
    from gvio.progress import terminal_progress

    places = _places(store, workspace, only_store=only_store)
    report = restore_backup(places, folder, replace=replace, progress=terminal_progress())
    names = ", ".join(report.databases) or "no database"
    counts = f"{report.objects} objects, {names}, {report.artifacts} files of the registry"
    lines = [f"restored what was backed up at {report.created}: {counts}; all read again and found the same"]
    lines += [f"removed {len(report.removed)} objects that the backup does not hold"] if report.removed else []
    lines += [f"left in the backup: {name}" for name in report.left_out]
    lines += [f"was damaged when it was backed up: {line}" for line in report.findings]
    emit(report, lines, as_json)
    return DAMAGED if report.findings else 0


def _places(store: str | None, workspace: str, *, only_store: bool) -> Places:
    from flows.own_server import LOCK
    from gvio.backup.places import open_places

    url = store or os.environ.get("GVIO_STORE") or str(Path(workspace) / "store")
    return open_places(url, Path(workspace), os.environ, server_lock=LOCK, only_store=only_store)
