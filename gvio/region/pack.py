"""A region pack as checked values: its places (districts, factories, urban mask) and its ledger of statistics.

The night light is not read here (`gvio.sources`), nor is `truth/`, which only evaluation may see; that it is there is a
sign of invented data.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import geopandas as gpd

from gvio.config import RegionConfig, parse_region
from gvio.errors import ConfigError, PackError
from gvio.ledger.rows import Ledger
from gvio.region.at_work import figures_without_work
from gvio.region.crs import check_area_crs
from gvio.region.districts import read_districts
from gvio.region.factories import empty_districts, read_factories
from gvio.region.files import PackFile, PackFiles
from gvio.region.statistics import read_statistics
from gvio.sections import as_text
from gvio.types import CheckResult
from gvio.workdays import DEFAULT


@dataclasses.dataclass(frozen=True, eq=False)
class Places:
    """Where things lie in a region.

    Attributes:
        districts: area_id, name, group, geometry (EPSG:4326, polygons) in the file's order.
        factories: factory_id, category, weight, opened, closed, geometry (EPSG:4326, points or polygons), all inside a
            district.
        urban: The urban mask's file, if the pack has one; it is there.
        notes: What was dropped, repaired or looks odd; a required one refuses the run at the gate.
    """

    districts: gpd.GeoDataFrame
    factories: gpd.GeoDataFrame
    urban: PackFile | None
    notes: tuple[CheckResult, ...]

    @property
    def area_ids(self) -> tuple[str, ...]:
        """Districts in order, without the city."""
        return tuple(self.districts["area_id"])

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Ids of the districts of every group that the file of districts names; a district's own id is no group."""
        by_name = self.districts.groupby("group", sort=True)["area_id"]
        own = {str(name): tuple(ids) for name, ids in by_name if name}
        return {name: ids for name, ids in own.items() if name not in self.area_ids}


@dataclasses.dataclass(frozen=True, eq=False)
class RegionPack(Places):
    """A region as its pack describes it: its places, `region.yaml`, and every published figure of all vintages."""

    root: Path
    config: RegionConfig
    ledger: Ledger


def read_places(files: PackFiles, config: RegionConfig) -> Places:
    """Read and check districts, factories and the urban mask's presence.

    Raises:
        ConfigError: A coordinate system that `region.yaml` names is unknown, or `area_crs` is not of this region.
        PackError: A file is absent, unreadable or contradicts the configuration.
    """
    check_area_crs(config)
    zones, sites, land = config.districts, config.factories, config.urban
    districts, repaired = read_districts(files[zones.path].described(zones.encoding, zones.layer, zones.crs), config)
    _check_changes(config, list(districts["area_id"]))
    described = files[sites.path].described(sites.encoding, sites.layer, sites.crs)
    factories, dropped = read_factories(described, config, districts)
    urban = files[land.path].described(land.encoding, land.layer, land.crs) if land else None
    if urban is not None:
        urban.require_present()
    return Places(districts, factories, urban, (*repaired, *dropped))


def read_ledger(files: PackFiles, config: RegionConfig, places: Places) -> Ledger:
    """Read the statistics of the pack's areas.

    Raises:
        PackError: The file is absent or no table of figures.
        LedgerError: A row cannot be read or cannot be.
    """
    file = files[config.statistics.path].described(config.statistics.encoding)
    return read_statistics(file, config, list(places.area_ids), places.groups)


def _check_changes(config: RegionConfig, area_ids: list[str]) -> None:
    """Whatever changed ends in districts of today."""
    changes, where = config.districts.changes, Path(config.districts.path).name
    later = {area: change.last for change in changes for area in change.former}
    for change in changes:
        come = {area for other in changes if other.last >= change.last for area in other.now}
        lost = [area for area in change.former if area in area_ids and area not in come]
        if lost:
            what = (
                f"districts.changes: {lost[0]!r} is a district today, but its land went to others after {change.until}"
            )
            raise PackError(what, where=where, hint="Add it to `now`, or give the former district an id of its own.")
        for area in change.now:
            goes_on = area in later and later[area] > change.last and len(change.now) == 1
            if area not in area_ids and not goes_on:
                what = f"districts.changes names {area!r} as a district after {change.until}, and there is none"
                raise PackError(what, where=where, hint="Correct `now` in region.yaml, or add the district.")


def check_factories(config: RegionConfig, places: Places, ledger: Ledger) -> tuple[CheckResult, ...]:
    """Districts without a factory, and figures of months in which none works: no pixel can explain them."""
    where = Path(config.factories.path).name
    empty = empty_districts(places.factories, places.districts, ledger.areas, where)
    return (*empty, *figures_without_work(places.factories, places.districts, ledger, where))


def read_pack(location: str | Path) -> RegionPack:
    """Read and check a region pack.

    Args:
        location: The pack's folder.

    Raises:
        ConfigError: `region.yaml` is wrong, or the location is no folder on this machine.
        PackError: A file of the pack is absent, unreadable or contradicts the configuration.
        LedgerError: A row of official statistics cannot be read or cannot be.
    """
    root = _folder(location)
    files, where = PackFiles(root), str(root / "region.yaml")
    config = parse_region(as_text(files["region.yaml"].data, where), where)
    places = read_places(files, config)
    ledger = read_ledger(files, config, places)
    notes = (*check_stated(root, config), *places.notes, *check_factories(config, places, ledger))
    return RegionPack(places.districts, places.factories, places.urban, notes, root, config, ledger)


def _folder(location: str | Path) -> Path:
    text = str(location).removeprefix("file://")
    if "://" in text:
        raise ConfigError(
            f"a region pack is read from a folder, not from {text!r}",
            hint="Commands fetch a pack under s3:// first (gvio.run.origin); from Python, do the same.",
        )
    root = Path(text)
    if not root.is_dir():
        raise PackError("no such folder", where=text, hint="Give the folder that holds region.yaml.")
    PackFile(root / "region.yaml").require_present()
    return root


def check_stated(root: Path, config: RegionConfig) -> tuple[CheckResult, ...]:
    """What the configuration leaves unsaid and should say."""
    notes = []
    if config.calendar is None:
        text = (
            f"calendar not given: {DEFAULT} assumed, weekdays and the lunar new year of China. Write "
            f"`calendar: {DEFAULT}` into region.yaml to keep it, another country's two letters, or `calendar: none`."
        )
        notes.append(CheckResult("pack.calendar", False, False, "region.yaml", text, {"assumed": DEFAULT}))
    if "invented" not in config.model_fields_set and (root / "truth").is_dir():
        text = (
            "the pack has a folder truth/, so its data are likely simulated, and nothing says so. Write "
            "`invented: true` into region.yaml, or `invented: false` if they are real."
        )
        notes.append(CheckResult("pack.invented", False, False, "region.yaml", text))
    return tuple(notes)
