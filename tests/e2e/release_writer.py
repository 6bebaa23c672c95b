"""Publishes the invented release with the real functions, into a real folder store."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from release_fixture import CITY, FIRST, LAST, NAMES, TITLE, UNIT, Invented

from gvio.config import RegionConfig
from gvio.drift.monitors import Drift
from gvio.publish.bulletin import PDF as BULLETIN
from gvio.publish.changes import CHANGES
from gvio.publish.counts import COUNTS
from gvio.publish.drift import NAME as DRIFT
from gvio.publish.drift import drift_json
from gvio.publish.explanations import explanations_frame
from gvio.publish.grids import Grid
from gvio.publish.knowledge import Knowledge
from gvio.publish.outlines import outline_objects
from gvio.publish.release import build_release
from gvio.store.grids import encode_grid, encode_trends
from gvio.store.objects import open_store
from gvio.store.writing import write_release

SIDES = (("lower", -1), ("upper", 1))


def region_config(name: str, title: str = TITLE, invented: bool = True) -> RegionConfig:
    return RegionConfig.model_validate(
        {
            "name": name,
            "title": title,
            "invented": invented,
            "bounds": [121.0, 31.0, 121.625, 31.5],
            "area_crs": "EPSG:32651",
            "first_month": str(FIRST),
            "unit": UNIT,
            "ntl": {"product": "vnl-monthly", "source": "ntl"},
            "districts": {"path": "districts.geojson"},
            "city_id": CITY,
            "factories": {"path": "factories.csv"},
            "statistics": {"path": "statistics.csv"},
        }
    )


def explanations(world: Invented) -> pd.DataFrame:
    """Parts that sum to the invented estimates: a yearly wave, a New Year, and the rest as the district's own."""
    table = world.estimates.pivot(index="area_id", columns="month", values="estimate").loc[list(NAMES)]
    log = np.log(table.to_numpy())
    shape, t = log.shape, np.arange(log.shape[1])
    level = np.broadcast_to(log.mean(axis=1, keepdims=True), shape)
    season = np.broadcast_to(0.08 * np.sin(2 * np.pi * t / 12), shape)
    calendar = np.broadcast_to(np.where(t % 12 == 1, -0.06, 0.005), shape)
    common = np.broadcast_to(0.003 * (t - t.mean()), shape)
    own = log - level - season - calendar - common
    light, believed = 0.3 * own, np.broadcast_to(np.linspace(0.1, 0.5, shape[1]), shape)
    why = {"level": level, "season": season, "calendar": calendar, "common": common, "own": own}
    return explanations_frame({**why, "light": light, "believed": believed}, list(NAMES), world.months)


def outlines(world: Invented, name: str) -> dict[str, bytes]:
    """The six fields of the chessboard, in two groups."""
    import geopandas as gpd

    box, step = world.geobox.boundingbox, 1 / 240
    columns, rows = (6, 45, 105, 144), (6, 55, 114)
    fields = [
        shapely.box(box.left + columns[j] * step, box.top - rows[i + 1] * step, box.left + columns[j + 1] * step, top)
        for i in range(2)
        for j, top in enumerate([box.top - rows[i] * step] * 3)
    ]
    groups = ["north"] * 3 + ["south"] * 3
    table = {"area_id": list(NAMES), "name": list(NAMES.values()), "group": groups}
    frame = gpd.GeoDataFrame(table, geometry=fields, crs="EPSG:4326")
    return outline_objects(frame, world.owner, world.geobox, name)


def trends(world: Invented, name: str) -> bytes:
    """Of every pixel with output: a rise that is significant in the west only."""
    there = world.grids[LAST][0] > 0
    west = np.indices(there.shape)[1] < there.shape[1] // 2
    bands = np.stack([np.where(there, value, np.nan) for value in (0.1, 0.03, np.where(west, 0.001, 0.5))])
    return encode_trends(bands.astype(np.float32), world.geobox, name, (FIRST, LAST), UNIT)


def counts(world: Invented) -> dict[str, bytes]:
    """Seven looks a month; another satellite from the second year on."""
    rows = world.estimates[["area_id", "month"]]
    regime = np.where(rows["month"] < "2020-01", "vnl/npp/v10/vcm", "vnl/j01/v10/vcm")
    return {COUNTS.name: COUNTS.encoded(rows.assign(observations=7.0, seen=1.0, factories_seen=1.0, regime=regime))}


def changes(world: Invented) -> dict[str, bytes]:
    """Of the last month on the year before, within one point of what the estimates say."""
    table = world.estimates.pivot(index="area_id", columns="month", values="estimate")
    percent = (100 * (table[str(LAST)] / table[str(LAST + -12)] - 1)).rename("change").reset_index()
    limits = {f"{side}{n}": percent["change"] + sign * w for n, w in ((80, 1), (95, 2)) for side, sign in SIDES}
    rows = percent.assign(month=str(LAST), since=str(LAST + -12), months_apart=12, sd=0.01, **limits)
    return {CHANGES.name: CHANGES.encoded(rows)}


def publish_invented(
    folder: Path,
    world: Invented,
    *,
    name: str = "testville",
    title: str = TITLE,
    invented: bool = True,
    created: dt.datetime | None = None,
    skill: Literal["proven", "weak", "none"] = "weak",
    explained: bool = True,
    drift: Drift | None = None,
    unit: str = UNIT,
    mapped: bool = False,
) -> str:
    """Write the release and return its id; `mapped`: with outlines, trends, counts and changes."""
    release = build_release(
        region_config(name, title, invented),
        LAST,
        [encode_grid(Grid(month, grid, world.geobox), name, UNIT) for month, grid in world.grids.items()],
        world.estimates,
        knowledge=Knowledge(LAST, None, str(LAST.last_day)),
        scoreboard=world.scoreboard,
        checks=world.checks,
        model_card="# Model card\n\nTrained on invented light.",
        trends=trends(world, name) if mapped else None,
        inputs={"title": title, "unit": unit, "city_id": CITY, "areas": {**NAMES, CITY: "Testville"}, "pack": "9f" * 8},
        model={"version": "4", "weights_sha256": "ef" * 32, "trained": "fine-tune: a new month"},
        code="0.1.0+test",
        skill=skill,
        created=created or dt.datetime.now(dt.UTC),
        explanations=explanations(world) if explained else None,
        revisions=({} if drift is None else {DRIFT: drift_json(drift)})
        | (counts(world) | changes(world) if mapped else {}),
        outlines={**outlines(world, name), BULLETIN: b"%PDF-1.7 of a test"} if mapped else None,
    )
    write_release(open_store(str(folder)), name, release)
    return release.id
