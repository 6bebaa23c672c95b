"""A small invented release for the dashboard's tests: seeded light and figures of six districts over three years."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.scoreboard.board import Scoreboard
from gvio.types import CheckResult, Month, month_range

NAMES = {"D1": "Harbour", "D2": "Old Town", "D3": "North Works", "D4": "Riverside", "D5": "Airport", "D6": "Marsh"}
FIRST, LAST = Month(2019, 1), Month(2021, 12)
CITY = "CITY"
UNIT = "100 million CNY"
TITLE = "Testville (demonstration: invented light, factories and figures)"
SHAPE = (120, 150)


@dataclasses.dataclass(frozen=True)
class Invented:
    months: tuple[Month, ...]
    owner: np.ndarray
    geobox: GeoBox
    estimates: pd.DataFrame
    grids: dict[Month, np.ndarray]
    scoreboard: Scoreboard
    checks: list[CheckResult]


def invent(seed: int = 7, districts: int = 6) -> Invented:
    rng = np.random.default_rng(seed)
    months = tuple(month_range(FIRST, LAST))
    geobox = GeoBox(SHAPE, Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.5), "EPSG:4326")
    owner = _owner(rng, districts)
    output = _output(rng, districts, len(months))
    return Invented(
        months=months,
        owner=owner,
        geobox=geobox,
        estimates=_estimates(rng, output, months),
        grids={m: _grid(rng, owner, output[:, i]) for i, m in enumerate(months) if i >= len(months) - 3},
        scoreboard=_scoreboard(),
        checks=_checks(),
    )


def _owner(rng: np.random.Generator, districts: int) -> np.ndarray:
    """Three columns of two districts, like a chessboard of unequal fields; a margin belongs to nobody."""
    rows, columns = np.indices(SHAPE)
    owner = (rows >= 55).astype(int) * 3 + np.digitize(columns, [45, 105])
    owner[:6] = owner[-6:] = -1
    owner[:, :6] = owner[:, -6:] = -1
    return np.where(owner < districts, owner, -1)


def _output(rng: np.random.Generator, districts: int, months: int) -> np.ndarray:
    size = np.sort(rng.lognormal(5.5, 0.8, districts))[::-1]
    season = 1 + 0.08 * np.sin(2 * np.pi * np.arange(months) / 12)
    cycle = np.exp(np.cumsum(rng.normal(0.003, 0.02, (districts, months)), axis=1))
    return size[:, None] * season * cycle


def _estimates(rng: np.random.Generator, output: np.ndarray, months: tuple[Month, ...]) -> pd.DataFrame:
    values = np.vstack([output, output.sum(axis=0)])
    rows = []
    for area, path in zip([*NAMES, CITY], values, strict=True):
        for index, month in enumerate(months):
            fitted = index < len(months) - (4 if area == CITY else 10)
            spread = 0.02 if fitted else 0.06
            low, high = (path[index] * np.exp(spread * z) for z in (-1.28, 1.28))
            official = path[index] * np.exp(rng.normal(0, 0.005)) if fitted else np.nan
            rows.append(
                {
                    "area_id": area,
                    "month": str(month),
                    "estimate": path[index],
                    "lower80": low,
                    "upper80": high,
                    "lower95": low**1.5 / path[index] ** 0.5,
                    "upper95": high**1.5 / path[index] ** 0.5,
                    "official": official,
                    "official_published": (month + 1).first_day if fitted else None,
                    "kind": "fitted" if fitted else "nowcast",
                }
            )
    return pd.DataFrame(rows)


def _grid(rng: np.random.Generator, owner: np.ndarray, output: np.ndarray) -> np.ndarray:
    industry = rng.random(owner.shape) < 0.25
    raw = np.where(industry & (owner >= 0), rng.lognormal(0, 1.2, owner.shape), 0.0)
    estimate = raw.copy()
    factor = np.full(owner.shape, np.nan)
    for index, total in enumerate(output):
        inside = owner == index
        estimate[inside] *= total / raw[inside].sum()
        factor[inside] = rng.normal(1.1, 0.2)
    bands = np.stack([estimate, 0.7 * estimate, 1.4 * estimate, raw, factor])
    bands[:, owner < 0] = np.nan
    return bands.astype(np.float32)


def _scoreboard() -> Scoreboard:
    def scores(within: float, yoy: float, mape: float, coverage: bool = False) -> dict[str, Any]:
        held = {"coverage50": 0.52, "coverage80": 0.79, "coverage95": 0.94} if coverage else {}
        return {"pooled_r2": 0.98, "within_r2": within, "yoy_r2": yoy, "mape": mape, "mase": 8 * mape, "n": 144, **held}

    models = {
        "sa-cnn": scores(0.463, 0.31, 0.087, coverage=True),
        "last-year-shares": scores(0.32, 0.11, 0.112),
        "seasonal-naive": scores(0.12, -0.2, 0.141),
        "persistence": scores(0.05, -0.31, 0.155),
        "ridge": scores(0.29, 0.18, 0.12),
        "random-forest": scores(0.21, 0.09, 0.131),
        "plain-cnn": scores(0.24, 0.14, 0.125),
    }
    maps = {
        "held_out_districts": {"sa-cnn": {"r2": 0.71}, "proportional-to-light": {"r2": 0.55}},
        "truth": {"native": {"sa-cnn": 0.41}, "5km": {"sa-cnn": 0.83}},
    }
    protocols = {
        "rolling_origin_as_used": {"models": models},
        "leave_one_district_out": {"models": models},
        "maps": maps,
    }
    return Scoreboard.model_validate({"schema_version": 1, "skill": "weak", "protocols": protocols})


def _checks() -> list[CheckResult]:
    return [
        CheckResult(
            "light.coverage", True, True, "2021-12", "97 % of factory pixels were seen; at least 50 % are needed."
        ),
        CheckResult(
            "factories.inside", False, False, "factories.csv", "3 of 400 factories lie outside; they were dropped."
        ),
        CheckResult("ledger.sign", True, True, "statistics.csv", "All figures are positive."),
    ]
