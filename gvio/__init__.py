"""gvio: from the light of the night to a monthly map of industrial output."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    import os

    from gvio.library.release import Release

    __version__: str


def open_release(
    store: str | os.PathLike[str],
    region: str,
    as_of: str | dt.date | None = None,
    *,
    release: str | None = None,
    endpoint_url: str | None = None,
    anonymous: bool = False,
) -> Release:
    """Open a published release for reading: see `gvio.library.opening.open_release`, which this is."""
    from gvio.library.opening import open_release  # tables and rasters: only for those who read

    return open_release(store, region, as_of, release=release, endpoint_url=endpoint_url, anonymous=anonymous)


if not TYPE_CHECKING:  # a type checker would take any other name for one that is there

    def __getattr__(name: str) -> object:
        """`__version__`: asked of git in a checkout, so only when somebody asks."""
        if name != "__version__":
            raise AttributeError(f"module 'gvio' has no attribute {name!r}")
        from gvio.version import code_version

        return code_version()
