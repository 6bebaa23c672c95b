"""What to type to read a release in other people's software: keys as they are published, nothing to fill in but where
the store is. Pure.
"""

from __future__ import annotations

import dataclasses

from gvio.words import marked, tr

_BUCKET = "s3://"


@dataclasses.dataclass(frozen=True)
class Files:
    """Addresses of a release's files in its store; None where it holds none of a kind."""

    store: str
    region: str
    release: str
    estimates: str
    grid: str | None
    outlines: str | None
    style: str | None


def python_steps(files: Files) -> str:
    """With gvio's library, and with what others bring."""
    lines = [
        "import gvio",
        "",
        f"release = gvio.open_release({files.store!r}, {files.region!r}, release={files.release!r})",
        "estimates = release.estimates",
        "",
        "import pandas as pd",
        "",
        f"estimates = pd.read_parquet({files.estimates!r})",
    ]
    if files.grid:
        opened = [f"with rasterio.open({files.grid!r}) as grid:", "    estimate = grid.read(1)"]
        lines += ["", "import rasterio", "", *opened]
    return "\n".join(lines)


def r_steps(files: Files) -> str:
    """With arrow, terra and sf."""
    lines = [f'estimates <- arrow::read_parquet("{files.estimates}")']
    if files.grid:
        lines += [f'grid <- terra::rast("{_gdal(files.grid)}")', 'terra::plot(grid[["estimate"]])']
    if files.outlines:
        lines.append(f'districts <- sf::read_sf("{_gdal(files.outlines)}")')
    return "\n".join(lines)


def qgis_steps(files: Files) -> list[str]:
    """Menus, one step each; empty where there is nothing to show on a map."""
    steps = []
    if files.grid:
        steps.append(tr(_RASTER, file=_gdal(files.grid)))
    if files.grid and files.style:
        steps.append(tr(_STYLE, file=files.style))
    if files.outlines:
        steps.append(tr(_VECTOR, file=_gdal(files.outlines)))
    return steps


_RASTER = marked("Layer → Add Layer → Add Raster Layer…, as source: {file}")
_STYLE = marked("Colours: double-click the layer, Symbology, Style → Load Style…, the file: {file}")
_VECTOR = marked("Layer → Add Layer → Add Vector Layer…, as source: {file}")


def _gdal(address: str) -> str:
    """An address as GDAL reads it."""
    return f"/vsis3/{address.removeprefix(_BUCKET)}" if address.startswith(_BUCKET) else address
