"""Fixtures that several suites share: a small seeded region and the products of a run over it."""

from __future__ import annotations

import datetime as dt
import functools
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gvio.publish.release import Release

MAIN = sys.modules["__main__"]
REGION_YAML = """
name: testland
title: Testland
bounds: [120.0, 30.9, 120.1, 31.0]
area_crs: EPSG:32651
first_month: "2021-01"
unit: million CNY
ntl: {product: vnl-monthly, source: ntl}
districts: {path: districts.geojson}
city_id: CITY
factories: {path: factories.csv}
statistics: {path: statistics.csv}
"""


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """Streamlit's AppTest leaves its page in the program's place, and processes that a later test starts would run."""
    yield
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread for torch: on matrices this small threads that wait for each other cost more than they bring."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def one_process() -> Iterator[None]:
    """Great Expectations is loaded once for all months of a suite, not beside each: `test_validate_tables.py` does."""
    from gvio.validate import beside

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beside, "begin", lambda: None)
        yield


@pytest.fixture(scope="session")
def region_yaml() -> str:
    """The smallest `region.yaml` there is; names files, of which none has to be there."""
    return REGION_YAML


@pytest.fixture(scope="session")
def release_products() -> Callable[..., dict[str, Any]]:
    """Makes the arguments of `build_release`: 24×24 pixels, two districts, one grid a month; `seed` varies figures."""
    return _products


@pytest.fixture(scope="session")
def make_release() -> Callable[..., Release]:
    """Makes a release of `_products(month, seed)`; keyword arguments replace arguments of `build_release`."""

    def make(month: str = "2021-03", seed: int = 0, **changes: Any) -> Release:
        from gvio.publish.release import build_release

        return build_release(**(_products(month, seed) | changes))

    return make


def _products(month: str = "2021-03", seed: int = 0) -> dict[str, Any]:
    from gvio.config import parse_region
    from gvio.publish.knowledge import Knowledge
    from gvio.scoreboard.board import Scoreboard
    from gvio.types import CheckResult, Month, month_range

    config = parse_region(REGION_YAML)
    last = Month.parse(month)
    months = list(month_range(config.start, last))
    grids = [_grid(m, seed) for m in months]
    return {
        "config": config,
        "month": last,
        "grids": [_encoded(m, seed, config.name, config.unit) for m in months],
        "estimates": _estimates(grids),
        "knowledge": Knowledge(last, "2021-02-18", "2021-04-20"),
        "scoreboard": Scoreboard(schema_version=1, verdict="weak", p_value=float("nan"), region=f"seed {seed}"),
        "checks": [CheckResult("light.coverage", True, True, month, "seen everywhere", {"share": 1.0})],
        "model_card": f"# Model of {month}\n",
        "trends": None,
        "inputs": {"pack": "0" * 16},
        "model": {"version": "1"},
        "code": "0.1.0",
        "skill": "weak",
        "created": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    }


@functools.lru_cache(maxsize=64)
def _encoded(month: Any, seed: int, name: str, unit: str) -> Any:
    """Frozen, and asked for hundreds of times."""
    from gvio.store.grids import encode_grid

    return encode_grid(_grid(month, seed), name, unit)


def _grid(month: Any, seed: int) -> Any:
    """Months before the last one of 2021-03 do not depend on the seed: they are the unchanged ones."""
    import numpy as np
    from affine import Affine
    from odc.geo.geobox import GeoBox

    from gvio.publish.grids import Grid

    rng = np.random.default_rng([month.ordinal, seed if str(month) >= "2021-03" else 0])
    estimate = rng.gamma(2.0, 3.0, (24, 24)).astype(np.float32)
    array = np.stack([estimate, estimate / 2, estimate * 2, estimate, np.ones_like(estimate)])
    array[:, :4] = np.nan
    return Grid(month, array, GeoBox((24, 24), Affine(1 / 240, 0, 120.0, 0, -1 / 240, 31.0), "EPSG:4326"))


def _estimates(grids: list[Any]) -> Any:
    import numpy as np
    import pandas as pd

    rows = []
    for grid in grids:
        parts = {"east": grid.array[0][:, 12:], "west": grid.array[0][:, :12], "CITY": grid.array[0]}
        for area, part in parts.items():
            value = float(np.nansum(part, dtype=np.float64))
            official = value if grid.month.month == 1 else np.nan
            limits = {"lower80": 0.8 * value, "upper80": 1.2 * value, "lower95": 0.7 * value, "upper95": 1.3 * value}
            day = dt.date(2021, 2, 18) if grid.month.month == 1 else None
            kind = "fitted" if grid.month.month == 1 else "nowcast"
            rows.append(
                {"area_id": area, "month": str(grid.month), "estimate": value, **limits}
                | {"official": official, "official_published": day, "kind": kind}
            )
    return pd.DataFrame(rows)
