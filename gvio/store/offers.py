"""Bytes that may restore damaged objects, found by their SHA-256: of a workspace, or of a release made again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.store.keys import sha256

if TYPE_CHECKING:
    from gvio.publish.release import Release


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


def from_workspace(folder: Path) -> Offer:
    """What the last publication left in a region's folder of a workspace: the very objects that were sent.

    A folder that is not there offers nothing.
    """
    files = [path for path in sorted((folder / "product").rglob("*")) if path.is_file()]
    return Offer({sha256(path.read_bytes()): path.read_bytes for path in files})


def _held(data: bytes) -> Callable[[], bytes]:
    return lambda: data
