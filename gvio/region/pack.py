"""A region pack as one checked value: configuration, districts, factories, urban mask and ledger.

The night light is not read here (`gvio.sources`), nor is `truth/`, which only evaluation may see.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import geopandas as gpd

from gvio.config import RegionConfig, parse_region
from gvio.errors import ConfigError, PackError
from gvio.ledger.rows import Ledger
from gvio.region.districts import read_districts
from gvio.region.factories import empty_districts, read_factories
from gvio.region.statistics import read_statistics
from gvio.region.tables import check_present
from gvio.types import CheckResult


@dataclasses.dataclass(frozen=True, eq=False)
class RegionPack:
    """A region as its pack describes it.

    Attributes:
        root: The pack's folder.
        config: `region.yaml`.
        districts: area_id, name, group, geometry (EPSG:4326, polygons) in the file's order.
        factories: factory_id, category, weight, opened, closed, geometry (EPSG:4326, points or polygons), all inside a
            district.
        urban: The urban mask's file, if the pack has one.
        ledger: Every published figure, all vintages.
        notes: What was dropped, repaired or looks odd; a required one refuses the run at the gate.
    """

    root: Path
    config: RegionConfig
    districts: gpd.GeoDataFrame
    factories: gpd.GeoDataFrame
    urban: Path | None
    ledger: Ledger
    notes: tuple[CheckResult, ...]

    @property
    def area_ids(self) -> tuple[str, ...]:
        """Districts in order, without the city."""
        return tuple(self.districts["area_id"])


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
    config = parse_region((root / "region.yaml").read_text(encoding="utf-8"), where=str(root / "region.yaml"))
    districts, repaired = read_districts(root / config.districts.path, config)
    ledger = read_statistics(root / config.statistics.path, config, list(districts["area_id"]))
    factories_path = root / config.factories.path
    factories, dropped = read_factories(factories_path, config, districts)
    empty = empty_districts(factories, districts, ledger.areas, factories_path.name)
    urban = root / config.urban.path if config.urban else None
    if urban is not None:
        check_present(urban)
    return RegionPack(root, config, districts, factories, urban, ledger, (*repaired, *dropped, *empty))


def _folder(location: str | Path) -> Path:
    text = str(location).removeprefix("file://")
    if "://" in text:
        raise ConfigError(
            f"a region pack is read from a folder, not from {text!r}",
            hint="Commands fetch a pack under s3:// first (gvio.pipeline.origin); from Python, do the same.",
        )
    root = Path(text)
    if not root.is_dir():
        raise PackError("no such folder", where=text, hint="Give the folder that holds region.yaml.")
    check_present(root / "region.yaml")
    return root
