"""Write months of light as NASA distributes Black Marble VNP46A3: HDF-EOS5 tiles of collection 1 or 2.

Layers, chunking, attributes and `StructMetadata.0` follow real granules (contract §1); only chunks that hold data
are stored, the rest reads as fill.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.grid.align import check_aligned
from gvio.types import FloatArray, IntArray, Month

TILE_PIXELS = 2400
CHUNK = 240
FIELDS = "HDFEOS/GRIDS/VIIRS_Grid_DNB_2d/Data Fields"
COMPOSITES = tuple(
    f"{view}_Composite_Snow_{snow}" for view in ("AllAngle", "NearNadir", "OffNadir") for snow in ("Free", "Covered")
)

_PREFIX = {"npp": "VNP46A3", "j01": "VJ146A3"}


def tile_geobox(h: int, v: int) -> GeoBox:
    """Grid of tile hHHvVV: 10° × 10°, 2400 × 2400 pixels of 15 arc-seconds, upper-left at (−180+10h, 90−10v)."""
    pixel = 10 / TILE_PIXELS
    return GeoBox((TILE_PIXELS, TILE_PIXELS), Affine(pixel, 0, -180 + 10 * h, 0, -pixel, 90 - 10 * v), "EPSG:4326")


def granule_name(month: Month, h: int, v: int, *, satellite: str, collection: str, stamp: str | None = None) -> str:
    """Official file name; the default production stamp is noon of the twelfth day after the month."""
    made = stamp or f"{dt.datetime((month + 1).year, (month + 1).month, 12, 12):%Y%j%H%M%S}"  # noqa: DTZ001
    return f"{_PREFIX[satellite]}.A{month.first_day:%Y%j}.h{h:02d}v{v:02d}.{collection}.{made}.h5"


def write_vnp46a3(
    folder: Path,
    month: Month,
    radiance: FloatArray,
    observations: IntArray,
    geobox: GeoBox,
    *,
    quality: IntArray | None = None,
    collection: str = "002",
    satellite: str = "npp",
    stamp: str | None = None,
    composite: str = "AllAngle_Composite_Snow_Free",
) -> tuple[Path, ...]:
    """Write every tile that `geobox` touches; outside `geobox` and in the other composites all is fill.

    Args:
        folder: Existing folder.
        month: The month.
        radiance: (y, x) nW cm⁻² sr⁻¹, not negative; NaN becomes fill. Collection 1 keeps one decimal.
        observations: (y, x) observations; fill where radiance is NaN.
        geobox: A window of the 15 arc-second lattice.
        quality: (y, x) 0 good, 1 poor, 2 gap-filled; by default 1 where there are at most 3 observations.
        collection: "001" (uint16, fill 65535, scale 0.1) or "002" (float32, fill −999.9, scale 1).
        satellite: "npp" or "j01".
        stamp: Production stamp YYYYDDDHHMMSS.
        composite: The composite that gets the data.

    Returns:
        Paths of the granules.

    Raises:
        ProductError: `geobox` does not lie on the lattice.
    """
    graded = np.where(np.asarray(observations) <= 3, 1, 0) if quality is None else quality
    layers = {"": radiance, "_Num": observations, "_Quality": graded, "_Std": np.asarray(radiance) * 0.1}
    seen = np.isfinite(radiance)
    paths = []
    for h, v in _tiles(geobox):
        path = folder / granule_name(month, h, v, satellite=satellite, collection=collection, stamp=stamp)
        row, col = check_aligned(geobox, tile_geobox(h, v))
        with h5py.File(path, "w") as file:
            _write_structure(file, h, v, path.name)
            group = file[FIELDS]
            for name in COMPOSITES:
                _create_composite(group, name, collection)
            for suffix, values in layers.items():
                _put(group[composite + suffix], np.asarray(values), seen, row, col)
        paths.append(path)
    return tuple(paths)


def _tiles(geobox: GeoBox) -> Iterator[tuple[int, int]]:
    """Tiles whose area `geobox` touches; a border within a thousandth of a pixel is not a touch."""
    west, south, east, north = geobox.boundingbox.bbox
    slack = 1e-3 * 10 / TILE_PIXELS
    for v in range(int((90 - north + slack) // 10), int((90 - south - slack) // 10) + 1):
        for h in range(int((west + 180 + slack) // 10), int((east + 180 - slack) // 10) + 1):
            yield h, v


def _put(dataset: Any, values: Any, seen: Any, row: int, col: int) -> None:
    """Store the part of `values` that lies in the tile, packed by the dataset's own attributes."""
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + values.shape[0], TILE_PIXELS), min(col + values.shape[1], TILE_PIXELS)
    inner = (slice(top - row, bottom - row), slice(left - col, right - col))
    scale, fill = dataset.attrs["scale_factor"][0], dataset.attrs["_FillValue"][0]
    packed = np.where(seen[inner], values[inner], 0) / scale
    whole = packed if np.issubdtype(dataset.dtype, np.floating) else np.rint(packed)
    dataset[top:bottom, left:right] = np.where(seen[inner], whole, fill).astype(dataset.dtype)


def _create_composite(group: Any, name: str, collection: str) -> None:
    first = collection == "001"
    light = ("uint16", 65535, 0.1, "nWatts/(cm^2 sr)") if first else ("float32", -999.9, 1.0, "nWatts/(cm^2 sr)")
    _create(group, name, *light)
    _create(group, f"{name}_Std", *light)
    _create(group, f"{name}_Num", "uint16", 65535, 1.0, "number of observations")
    _create(group, f"{name}_Quality", "uint8", 255, 1.0, "quality flag")


def _create(group: Any, name: str, dtype: str, fill: float, scale: float, units: str) -> None:
    dataset = group.create_dataset(
        name,
        shape=(TILE_PIXELS, TILE_PIXELS),
        dtype=dtype,
        chunks=(CHUNK, CHUNK),
        compression="gzip",
        compression_opts=1,
        shuffle=True,
        fillvalue=np.dtype(dtype).type(fill),
    )
    dataset.attrs["_FillValue"] = np.array([fill], dtype)
    dataset.attrs["scale_factor"] = np.array([scale], np.float32)
    dataset.attrs["offset"] = np.array([0], np.float32)
    dataset.attrs["units"] = np.bytes_(units)
    dataset.attrs["long_name"] = np.bytes_(name.replace("_", " "))
    limits = np.bytes_(">= 0.0") if dtype == "float32" else np.array([0, fill - 1], dtype)
    dataset.attrs["valid_range"] = limits


def _write_structure(file: Any, h: int, v: int, name: str) -> None:
    grid = tile_geobox(h, v)
    file.create_group(FIELDS)
    centres = (np.arange(TILE_PIXELS) + 0.5) * 10 / TILE_PIXELS
    file[FIELDS]["lat"] = 90 - 10 * v - centres
    file[FIELDS]["lon"] = -180 + 10 * h + centres
    information = file.create_group("HDFEOS INFORMATION")
    information.attrs["HDFEOSVersion"] = np.bytes_("HDFEOS_5.1.15")
    information["StructMetadata.0"] = np.array(_struct_metadata(grid), "S32000")
    attributes = file.create_group("HDFEOS/ADDITIONAL/FILE_ATTRIBUTES").attrs
    box = grid.boundingbox
    for side, value in (("West", box.left), ("South", box.bottom), ("East", box.right), ("North", box.top)):
        attributes[f"{side}BoundingCoord"] = np.array([value], np.float32)
    attributes["HorizontalTileNumber"] = np.bytes_(f"{h:02d}")
    attributes["VerticalTileNumber"] = np.bytes_(f"{v:02d}")
    attributes["ShortName"] = np.bytes_(name.split(".", 1)[0])
    attributes["LocalGranuleID"] = np.bytes_(name)


def _struct_metadata(grid: GeoBox) -> str:
    """The grid in ODL. Corners are in degrees × 10⁶ in spite of the field's name."""
    box = grid.boundingbox
    return (
        "GROUP=SwathStructure\nEND_GROUP=SwathStructure\nGROUP=GridStructure\n\tGROUP=GRID_1\n"
        f'\t\tGridName="VIIRS_Grid_DNB_2d"\n\t\tXDim={TILE_PIXELS}\n\t\tYDim={TILE_PIXELS}\n'
        f"\t\tUpperLeftPointMtrs=({box.left * 1e6:.6f},{box.top * 1e6:.6f})\n"
        f"\t\tLowerRightMtrs=({box.right * 1e6:.6f},{box.bottom * 1e6:.6f})\n"
        "\t\tProjection=HE5_GCTP_GEO\n\t\tGridOrigin=HE5_HDFE_GD_UL\n"
        "\tEND_GROUP=GRID_1\nEND_GROUP=GridStructure\nEND\n"
    )
