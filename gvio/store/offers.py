"""Bytes that may restore damaged objects, found by their SHA-256: of a workspace, or of a release made again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.publish.latest import Latest, parse_latest
from gvio.publish.manifest import names_its_content
from gvio.store.keys import sha256

if TYPE_CHECKING:
    from gvio.publish.release import Release


_FOLDER = "product"
_RELEASES = f"{_FOLDER}/releases"


@dataclasses.dataclass(frozen=True)
class Offer:
    """What can be had: `objects` gives bytes by SHA-256 (read when asked for), the others by release id.

    `manifests` hold what the release's id stands for; `pointers` what `latest.json` said when it named the release.
    """

    objects: Mapping[str, Callable[[], bytes]] = dataclasses.field(default_factory=dict)
    manifests: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    pointers: Mapping[str, Latest] = dataclasses.field(default_factory=dict)

    def bytes_of(self, digest: str) -> bytes | None:
        """The bytes of this SHA-256; None when they are not offered, or the file has changed meanwhile."""
        read = self.objects.get(digest)
        data = None if read is None else read()
        return data if data is not None and sha256(data) == digest else None


def from_release(release: Release) -> Offer:
    """Everything of a release that was made again."""
    objects = {asset.sha256: _held(release.payloads[asset.key]) for asset in release.objects}
    pointer = parse_latest(json.loads(release.latest))
    return Offer(objects, {release.id: release.manifest}, {release.id: pointer})


def documents_of(release: Release) -> dict[str, bytes]:
    """The documents of a release as files of a region's workspace, by name: where `from_workspace` finds them."""
    folder = f"{_RELEASES}/{release.id}"
    return {f"{folder}/manifest.json": release.manifest, f"{folder}/latest.json": release.latest}


def from_workspace(folder: Path) -> Offer:
    """What publications left in a region's folder of a workspace.

    Of the last one the very objects that were sent, of every one its documents. A folder that is not there offers
    nothing, nor does a document that is not what it was.
    """
    files = [path for path in sorted((folder / _FOLDER).rglob("*")) if path.is_file()]
    objects = {sha256(path.read_bytes()): path.read_bytes for path in files}
    manifests, pointers = {}, {}
    for path in sorted((folder / _RELEASES).glob("*/*.json")):
        release, data = path.parent.name, path.read_bytes()
        if path.name == "manifest.json" and names_its_content(data, release):
            manifests[release] = data
        elif path.name == "latest.json" and (pointer := _pointer(data)) and pointer.release == release:
            pointers[release] = pointer
    return Offer(objects, manifests, pointers)


def _pointer(data: bytes) -> Latest | None:
    try:
        return parse_latest(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _held(data: bytes) -> Callable[[], bytes]:
    return lambda: data
