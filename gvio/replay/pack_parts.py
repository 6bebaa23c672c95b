"""A pack taken apart for a replay: light by month, the table of figures, and all other files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from gvio.config import OFFICIAL, RegionConfig
from gvio.errors import ConfigError
from gvio.region.files import PackFiles
from gvio.region.tables import check_columns, read_text_table
from gvio.run.origin import is_remote
from gvio.sources.files import ProductFile
from gvio.sources.folder import recognise_files
from gvio.sources.unread import all_files
from gvio.types import Month

REGION, LIGHT = "region.yaml", "ntl"
_COLUMNS = ("area_id", "start", "end", "value", "published")


@dataclasses.dataclass(frozen=True, eq=False)
class PackParts:
    """A pack.

    Attributes:
        root: Its folder.
        config: Its configuration.
        light: Files of every product that it names, by month.
        place: Folder of the light in a view of the pack, relative to it.
        others: Every other file below the root but configuration and figures, relative to it.
        figures: `statistics.csv` as text, all rows of the file.
    """

    root: Path
    config: RegionConfig
    light: Mapping[Month, tuple[ProductFile, ...]]
    place: Path
    others: tuple[Path, ...]
    figures: pd.DataFrame

    @property
    def source(self) -> Path:
        """Folder of the light in the pack itself."""
        return self.root / self.config.ntl.source


def take_apart(root: Path, config: RegionConfig) -> PackParts:
    """The parts of a pack whose light lies in a folder.

    Raises:
        ConfigError: Its light lies at an archive or under s3://: what was there on a day of the past, nobody knows.
        PackError: A folder or the table of figures cannot be read.
    """
    source = config.ntl.source
    if source == OFFICIAL or is_remote(source):
        hint = f"Let `gvio fetch --region PACK` bring it, or copy it, and write that folder as ntl.source in {REGION}."
        raise ConfigError(f"ntl.source is {source}: a replay needs the light in a folder", where=REGION, hint=hint)
    folder = root / source
    files = all_files(folder)
    named = [file for product in config.ntl.products for file in recognise_files(files, product)]
    light: dict[Month, tuple[ProductFile, ...]] = {}
    for file in sorted(named, key=lambda one: (one.month, one.path)):
        light[file.month] = (*light.get(file.month, ()), file)
    table = PackFiles(root)[config.statistics.path].described(config.statistics.encoding)
    figures = read_text_table(table)
    check_columns([str(name) for name in figures.columns], _COLUMNS, table.name)
    taken = {file.path for file in named} | {root / REGION, root / config.statistics.path}
    others = tuple(path.relative_to(root) for path in all_files(root) if path not in taken)
    inside = folder.resolve().is_relative_to(root.resolve())
    return PackParts(
        root, config, light, Path(source) if inside and not Path(source).is_absolute() else Path(LIGHT), others, figures
    )
