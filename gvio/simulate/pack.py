"""A simulated world as a region pack on disk: the contract's files in the true formats, the truth beside them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import yaml

from gvio import raster
from gvio.errors import ConfigError
from gvio.simulate.lightfiles import write_light
from gvio.simulate.onto import conform, read_base
from gvio.simulate.spec import WorldSpec
from gvio.simulate.statistics import CITY_ID
from gvio.simulate.world import World, simulate_world
from gvio.types import LightStack, Month, Progress


def simulate_pack(
    out: Path,
    spec: WorldSpec,
    seed: int,
    progress: Progress | None = None,
    districts: gpd.GeoDataFrame | None = None,
    base: LightStack | None = None,
) -> World:
    """Simulate a world and write it as a region pack; equal arguments give equal bytes.

    Args:
        out: Made when it is absent.
        spec, seed, districts, base: As `simulate_world`.
        progress: Told of every month written.

    Raises:
        ConfigError: Another pack lies there; the same world may be written again, with another seed.
    """
    _require_room(out, spec)
    world = simulate_world(spec, seed, districts, base)
    write_pack(world, out, progress)
    return world


def plant_pack(
    out: Path,
    location: Path,
    spec: WorldSpec,
    seed: int,
    product: str | None = None,
    districts: Path | None = None,
    progress: Progress | None = None,
) -> World:
    """Plant invented factories into the real light of a folder or a pack, and write that as a region pack.

    Args:
        out: Made when it is absent.
        location, product, districts: As `read_base`.
        spec, seed: As `simulate_world`.
        progress: Told of every month read and written.

    Raises:
        ConfigError: `out` is, holds or lies in `location`: the real files keep their names and would be overwritten.
        ConfigError, PackError, UpstreamUnavailable, ProductError: As `read_base`.
    """
    one, other = out.resolve(), location.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise ConfigError(
            f"{out} and the real light share a folder", where=str(location), hint="Write the pack somewhere else."
        )
    base = read_base(location, spec, product, districts, progress)
    fitted = conform(spec, base.stack, base.settings)
    return simulate_pack(out, fitted, seed, progress, base.districts, base.stack)


def write_pack(world: World, folder: Path, progress: Progress | None = None) -> None:
    """Write `region.yaml`, districts, factories, statistics, urban mask, `ntl/` and `truth/truth.npz` into `folder`."""
    for name in ("ntl", "truth"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _write_text(folder / "region.yaml", _text_of(world.spec))
    districts = world.places.districts.rename(columns={"area_id": "district_id"})
    _write_text(folder / "districts.geojson", districts.to_json(ensure_ascii=False, drop_id=True))
    _write_text(folder / "factories.csv", _factories(world).to_csv(index=False, lineterminator="\n"))
    _write_text(folder / "statistics.csv", world.statistics.to_csv(index=False, lineterminator="\n"))
    raster.write_geotiff(folder / "urban.tif", world.places.urban.astype(np.uint8), world.places.geobox, nodata=255)
    write_light(world, folder / "ntl", progress)
    np.savez_compressed(folder / "truth" / "truth.npz", **truth_arrays(world))


def _require_room(folder: Path, spec: WorldSpec) -> None:
    """Refuse a folder of another pack: its light would stay among that of this world."""
    if not (folder / "region.yaml").exists():
        return
    same = (folder / "region.yaml").read_bytes() == _text_of(spec).encode() and _months_in(folder) == [*spec.span]
    if not same:
        hint = "Write to another folder, or delete this one."
        raise ConfigError("another region pack lies here", where=str(folder), hint=hint)


def _months_in(folder: Path) -> list[Month]:
    """Months of the world that was simulated here; none where there is none."""
    try:
        with np.load(folder / "truth" / "truth.npz") as truth:
            return [Month.parse(str(text)) for text in truth["months"]]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return []


def _text_of(spec: WorldSpec) -> str:
    text: str = yaml.safe_dump(_region(spec), sort_keys=False, allow_unicode=True)
    return text


def truth_arrays(world: World) -> Mapping[str, Any]:
    """Contents of `truth/truth.npz`.

    `truth` (T, y, x) float32 and `labels` (D, T) float64 output; `dist` (y, x) district index or −1; `months` text;
    per factory, mapped ones first in the order of `factories.csv`: `iy`, `ix` true pixel, `fd` district, `mapped`.
    """
    places = world.places
    return {
        "truth": world.truth,
        "labels": world.labels,
        "dist": places.owner.astype(np.int64),
        "months": np.array([str(month) for month in world.spec.span]),
        "fd": places.district.astype(np.int64),
        "iy": places.row.astype(np.int64),
        "ix": places.col.astype(np.int64),
        "mapped": world.mapped,
    }


def _region(spec: WorldSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "invented": True,
        "calendar": spec.calendar,
        "bounds": list(spec.bounds),
        "area_crs": spec.area_crs,
        "first_month": spec.first_month,
        "unit": spec.unit,
        "ntl": {"product": spec.product, "source": "ntl"},
        "districts": {"path": "districts.geojson", "id": "district_id", "name": "name", "group": "group"},
        "city_id": CITY_ID,
        "factories": {"path": "factories.csv", "crs": "wgs84"},
        "urban": {"path": "urban.tif"},
        "statistics": {"path": "statistics.csv", "series": "above-designated-size"},
    }


def _factories(world: World) -> pd.DataFrame:
    """Mapped factories as a survey lists them, then decoys as if they were some: no size, which nobody publishes."""
    places, decoys, count = world.places, world.decoys, int(world.mapped.sum())
    sectors = [*world.economy.sector[:count], *decoys.sector]
    columns: dict[str, Any] = {
        "factory_id": [f"F{i:05d}" for i in range(len(sectors))],
        "lon": np.round([*places.lon[:count], *decoys.lon], 6),
        "lat": np.round([*places.lat[:count], *decoys.lat], 6),
        "category": [f"industry;{chr(ord('A') + sector % 26)}" for sector in sectors],
    }
    if world.spec.births_share or world.spec.closures_share:
        columns |= _lives(world, count)
    return pd.DataFrame(columns)


def _lives(world: World, count: int) -> dict[str, list[str]]:
    """First and last month of every listed place; empty where it is always there."""
    span, always = world.spec.span, [""] * len(world.decoys.row)
    opened = [str(span[t]) if t > 0 else "" for t in world.economy.opened[:count]]
    closed = [str(span[t - 1]) if t < len(span) else "" for t in world.economy.closed[:count]]
    return {"opened": opened + always, "closed": closed + always}


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
