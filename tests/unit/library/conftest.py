"""A release of two districts, published into a folder with its outlines, and the districts themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from two_districts import EAST, MIDDLE, NAMES, NORTH, SOUTH, WEST

if TYPE_CHECKING:
    import geopandas as gpd

    from gvio.library.release import Release


@pytest.fixture(scope="session")
def districts() -> gpd.GeoDataFrame:
    import geopandas as gpd

    boxes = [shapely.box(MIDDLE, SOUTH, EAST, NORTH), shapely.box(WEST, SOUTH, MIDDLE, NORTH)]
    names = {"area_id": ["east", "west"], "name": ["The East", "The West"], "group": ["", ""]}
    return gpd.GeoDataFrame(names, geometry=boxes, crs="EPSG:4326")


@pytest.fixture(scope="session")
def published(
    tmp_path_factory: pytest.TempPathFactory, make_release, release_products, districts
) -> Callable[..., Path]:
    """Publishes the release into a folder of its own; keyword arguments replace arguments of `build_release`."""
    from gvio.publish.outlines import outline_objects
    from gvio.store.local import LocalStore
    from gvio.store.writing import write_release

    def publish(outlined: bool = True, more: dict[str, bytes] | None = None, **changes: Any) -> Path:
        folder = tmp_path_factory.mktemp("store")
        owner = np.full((24, 24), -1, np.int16)
        owner[4:, :12], owner[4:, 12:] = 1, 0
        geobox = release_products()["grids"][0].geobox
        outlines = outline_objects(districts, owner, geobox, "testland") if outlined else None
        about = {"inputs": {"unit": "million CNY", "title": "Testland", "city_id": "CITY", "areas": NAMES}}
        write_release(
            LocalStore(folder),
            "testland",
            make_release(outlines={**(outlines or {}), **(more or {})} or None, **(about | changes)),
        )
        return folder

    return publish


@pytest.fixture(scope="session")
def folder(published) -> Path:
    return published()


@pytest.fixture
def release(folder: Path) -> Release:
    from gvio import open_release

    return open_release(folder, "testland")
