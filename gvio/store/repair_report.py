"""What a repair did to a region's store, and what is left for a run to make again."""

from __future__ import annotations

import dataclasses

from gvio.store.verify import Finding


@dataclasses.dataclass(frozen=True)
class Lost:
    """A release that is not whole any more, and as of which day (YYYY-MM-DD, where known) to make its month again.

    `replaced_by` is a whole release of the same month and statistics: then there is nothing to make again. `first` is
    the first month of the grids that a run of the month alone would leave out, because the latest release lacks them.
    """

    release: str
    month: str
    as_of: str | None
    replaced_by: str | None
    first: str | None = None


@dataclasses.dataclass(frozen=True)
class RepairReport:
    """What `repair` did; keys are relative to the region.

    Attributes:
        region: Name of the region.
        latest: Release that `latest.json` names now; None when no whole release is left, and nothing is published.
        restored: Objects that hold the published bytes again.
        set_aside: Damaged objects whose right bytes could not be had; they are under `damaged/` now.
        moved: Whether `latest.json` was written anew.
        catalogue: Whether the STAC catalogue was written anew.
        left: Grids and items that the latest release still lacks: `gvio run` makes them again.
        withdrawn: Releases whose manifest or objects could not be had; their manifest is under `damaged/` now, so that
            nothing lists them.
        went_back: Whether `latest.json` had to leave a release that was withdrawn.
        incomplete: The latest release, if `left` speaks of it.
        forgotten: Numbers of the records of moves that could not be restored: what was served then is not known.
    """

    region: str
    latest: str | None
    restored: tuple[str, ...]
    set_aside: tuple[str, ...]
    moved: bool
    catalogue: bool
    left: tuple[Finding, ...]
    withdrawn: tuple[Lost, ...]
    went_back: bool
    incomplete: tuple[Lost, ...]
    forgotten: tuple[int, ...] = ()

    @property
    def to_make(self) -> tuple[Lost, ...]:
        """What a run must make again."""
        return tuple(lost for lost in (*self.incomplete, *self.withdrawn) if lost.replaced_by is None)
