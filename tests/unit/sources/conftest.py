"""Known light in true file formats, small enough to write in milliseconds."""

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.simulate.formats.vnl import vnl_stem, write_vnl
from gvio.types import Month

PIXEL = 1 / 240
LOGIN_PAGE = b"""<!DOCTYPE html>
<html lang="en"><head><title>
  Earthdata Login</title></head><body>Please sign in</body></html>"""


class Light:
    """Seeded light per month on one grid: radiance and counts, some pixels unseen."""

    grid = GeoBox((40, 30), Affine(PIXEL, 0, 121 - PIXEL / 2, 0, -PIXEL, 31.5 + PIXEL / 2), "EPSG:4326")
    bounds = tuple(grid.boundingbox.bbox)

    def month(self, month: Month, grid: GeoBox | None = None) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(month.ordinal)
        shape = tuple((grid or self.grid).shape)
        counts = rng.integers(0, 12, shape)
        return np.where(counts > 0, rng.gamma(2, 10, shape), np.nan).astype(np.float32), counts

    def moved(self, south: float, east: float, shape: tuple[int, int] | None = None) -> GeoBox:
        return GeoBox(shape or self.grid.shape, self.grid.transform @ Affine.translation(east, south), self.grid.crs)

    def write(self, folder: Path, month: str, grid: GeoBox | None = None, **name: str) -> tuple[Path, Path]:
        radiance, counts = self.month(Month.parse(month), grid)
        stem = vnl_stem(Month.parse(month), **name)
        return write_vnl(folder, Month.parse(month), radiance, counts, grid or self.grid, stem)


@pytest.fixture
def light() -> Light:
    return Light()


@pytest.fixture
def login_page() -> bytes:
    return LOGIN_PAGE
