"""Publishes the invented release with the real functions, into a real folder store."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

from release_fixture import CITY, FIRST, LAST, NAMES, TITLE, UNIT, Invented

from gvio.config import RegionConfig
from gvio.publish.grids import Grid
from gvio.publish.release import build_release
from gvio.store.grids import encode_grid
from gvio.store.objects import open_store
from gvio.store.published import write_release


def region_config(name: str, title: str = TITLE) -> RegionConfig:
    return RegionConfig.model_validate(
        {
            "name": name,
            "title": title,
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


def publish_invented(
    folder: Path,
    world: Invented,
    *,
    name: str = "testville",
    title: str = TITLE,
    created: dt.datetime | None = None,
    skill: Literal["proven", "weak", "none"] = "weak",
) -> str:
    """Write the release and return its id."""
    release = build_release(
        region_config(name, title),
        LAST,
        [encode_grid(Grid(month, grid, world.geobox), name, UNIT) for month, grid in world.grids.items()],
        world.estimates,
        scoreboard=world.scoreboard,
        checks=world.checks,
        model_card="# Model card\n\nTrained on invented light.",
        trends=None,
        inputs={"title": title, "unit": UNIT, "city_id": CITY, "areas": {**NAMES, CITY: "Testville"}, "pack": "9f" * 8},
        model={"version": "4", "weights_sha256": "ef" * 32, "trained": "fine-tune: a new month"},
        code="0.1.0+test",
        skill=skill,
        created=created or dt.datetime.now(dt.UTC),
    )
    write_release(open_store(str(folder)), name, release)
    return release.id
