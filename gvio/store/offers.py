"""Bytes that may restore damaged objects, found by their SHA-256: of a workspace, or of a release made again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.store.keys import sha256

if TYPE_CHECKING:
    from gvio.publish.release import Release

_CHECKS = ("checks.json", "product/checks.json")  # in the order in which a release lists them


@dataclasses.dataclass(frozen=True)
class Offer:
    """What can be had: `objects` gives bytes by SHA-256 (read when asked for), `manifests` by release id."""

    objects: Mapping[str, Callable[[], bytes]] = dataclasses.field(default_factory=dict)
    manifests: Mapping[str, bytes] = dataclasses.field(default_factory=dict)

    def bytes_of(self, digest: str) -> bytes | None:
        """The bytes of this SHA-256; None when they are not offered, or the file has changed meanwhile."""
        read = self.objects.get(digest)
        data = None if read is None else read()
        return data if data is not None and sha256(data) == digest else None


def from_release(release: Release) -> Offer:
    """Everything of a release that was made again."""
    objects = {asset.sha256: _held(release.payloads[asset.key]) for asset in release.objects}
    return Offer(objects, {release.id: release.manifest})


def from_workspace(folder: Path, region: str) -> Offer:
    """What `map` left in a region's folder of a workspace: grids, trends, tables, model card, scoreboard and checks.

    JSON is offered in the spelling in which a release holds it. A folder that is not there offers nothing.
    """
    files = [path for path in sorted((folder / "product").rglob("*")) if path.is_file()]
    objects = {sha256(path.read_bytes()): path.read_bytes for path in files}
    for data in _respelled(folder, region):
        objects[sha256(data)] = _held(data)
    return Offer(objects)


def _respelled(folder: Path, region: str) -> list[bytes]:
    documents: list[Any] = [_json(folder / "product" / "scoreboard.json")]
    listed = [_json(folder / name) for name in _CHECKS]
    if all(isinstance(checks, list) for checks in listed):
        checks = [check for part in listed for check in part]
        months = sorted(path.stem for path in (folder / "product" / "grids").glob("*.tif"))
        about = {"schema_version": SCHEMA_VERSION, "region": region, "checks": checks}
        documents += [{**about, "month": month} for month in months]
    return [canonical_json(document) for document in documents if document is not None]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _held(data: bytes) -> Callable[[], bytes]:
    return lambda: data
