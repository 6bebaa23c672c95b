"""`invented: true` of a pack is said on every page, picture and table; no title decides it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile

from gvio.config import INVENTED, RegionConfig, digest, parse_region
from gvio.map.bands import BANDS
from gvio.publish.estimates import SCHEMA, estimates_parquet
from gvio.publish.explanations import SCHEMA as WHY
from gvio.publish.explanations import explanations_parquet
from gvio.publish.grids import Grid
from gvio.publish.stac import build_item, catalog_json, collection_json
from gvio.report.charts import agreement_png, map_png
from gvio.report.evaluation import evaluation_html, evaluation_markdown
from gvio.report.saliency_picture import saliency_png
from gvio.report.score_charts import score_charts
from gvio.scoreboard.board import Scoreboard
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.store.grids import encode_grid
from gvio.types import Manifest, Month
from gvio.validate.report import checks_html

GEOBOX = GeoBox((4, 6), Affine(0.01, 0, 121, 0, -0.01, 31), "EPSG:4326")
MONTH = Month(2021, 1)
REGION = {
    "name": "testland", "title": "Testland demonstration, invented", "bounds": [121, 30.9, 121.1, 31],
    "area_crs": "EPSG:32651", "first_month": "2021-01", "unit": "CNY",
    "ntl": {"product": "vnl-monthly", "source": "ntl"}, "districts": {"path": "d.geojson"}, "city_id": "CITY",
    "factories": {"path": "f.csv"}, "statistics": {"path": "s.csv"},
}  # fmt: skip


def region(**fields: Any) -> RegionConfig:
    return parse_region(yaml.safe_dump({**REGION, **fields}))


def pixels(png: bytes) -> Any:
    return mpl.image.imread(io.BytesIO(png))  # type: ignore[attr-defined]


def test_the_field_decides_and_a_pack_without_it_keeps_its_hash() -> None:
    assert not region().invented
    assert region(invented=True).invented
    assert digest(region()) == digest(region(invented=False)) != digest(region(invented=True))


@pytest.mark.parametrize("product", ["vnl-monthly", "vnp46a3"])
def test_simulated_packs_say_that_they_are_invented(tmp_path: Path, product: Any) -> None:
    spec = WorldSpec(months=13, bounds=(121.0, 31.0, 121.15, 31.1), n_districts=2, n_factories=20, product=product)
    simulate_pack(tmp_path, spec, 1)
    assert yaml.safe_load((tmp_path / "region.yaml").read_text())["invented"] is True


def board(**fields: Any) -> Scoreboard:
    ours = {"within_r2": 0.6, "coverage80": 0.8, "mape": 5.0}
    block = {"models": {"sa-cnn": ours, "persistence": ours}, "folds": ["2020-01"], "horizons": {}}
    gains = {"light as it is": 0.3, "months": 0.0, "factories": -0.1}
    truth = {size: {"sa-cnn": 0.5} for size in ("native", "1km")}
    found = {
        "verdict": "Better.", "skill": "weak", "months": ["2020-01", "2021-01"], "best_naive": "persistence",
        "placebos": {"origin": "2020-01", "gain": gains, "passed": True},
        "protocols": {"rolling_origin_as_used": block, "maps": {"truth": truth}}, **fields,
    }  # fmt: skip
    return Scoreboard.model_validate(found)


ONES = np.ones(3)
PICTURES: dict[str, Callable[[bool], bytes | None]] = {
    "map": lambda x: map_png(np.ones((4, 6)), GEOBOX, districts=None, title="Map", unit="CNY", invented=x),
    "agreement": lambda x: agreement_png(ONES, ONES, list("ABC"), ONES > 0, unit="CNY", title="A", invented=x),
    "agreement of nothing": lambda x: agreement_png(
        ONES[:0], ONES[:0], [], ONES[:0] > 0, unit="", title="A", invented=x
    ),
    "saliency": lambda x: saliency_png({"factory_share": np.ones((2, 5, 5))}, invented=x),
}


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_every_picture_carries_a_strip_that_says_so(draw: Callable[[bool], bytes | None]) -> None:
    plain, marked = draw(False), draw(True)
    assert plain is not None
    assert marked is not None
    before, after = pixels(plain), pixels(marked)
    np.testing.assert_array_equal(after[: len(before)], before)
    strip = after[len(before) :]
    red = (strip[..., 0] > 0.6) & (strip[..., 1] < 0.45) & (strip[..., 2] < 0.45)
    assert red.sum() > 200, "red letters at the foot"
    assert red[:, [0, -1]].sum() == 0, "not cut at an edge"
    assert red[[0, -1]].sum() == 0


def test_every_picture_of_scores_says_so() -> None:
    plain, marked = score_charts(board()), score_charts(board(invented=True))
    assert set(plain) == set(marked)
    assert len(plain) >= 3
    assert all(plain[name] != marked[name] for name in plain)


@pytest.mark.parametrize(
    "page",
    [
        lambda x: evaluation_html(board(invented=x), {}, "Testland"),
        lambda x: evaluation_markdown(board(invented=x), {}, "Testland", "evaluation"),
        lambda x: checks_html([], "Testland", "as of today", invented=x),
    ],
)
def test_every_page_says_so(page: Callable[[bool], str]) -> None:
    assert INVENTED in page(True)
    assert "INVENTED" not in page(False)


def test_every_table_says_so_in_its_metadata() -> None:
    rows = [(a, str(MONTH), 1.0, 1.0, 1.0, 1.0, 1.0, None, None, "nowcast") for a in ("A", "CITY")]
    estimates = pd.DataFrame(rows, columns=list(SCHEMA.names))
    why = pd.DataFrame([("A", str(MONTH), *[0.0] * (len(WHY.names) - 2))], columns=list(WHY.names))
    for invented in (True, False):
        tables = (
            estimates_parquet(estimates, "CITY", MONTH, MONTH, "CNY", invented=invented),
            explanations_parquet(why, MONTH, MONTH, invented=invented),
        )
        told = [pq.read_schema(io.BytesIO(table)).metadata[b"invented"] for table in tables]
        assert told == [str(invented).lower().encode()] * 2


def test_every_grid_and_the_catalogue_say_so() -> None:
    grid = Grid(MONTH, np.ones((len(BANDS), 4, 6), np.float32), GEOBOX)
    for invented in (True, False):
        config = region(invented=invented)
        encoded = encode_grid(grid, config.name, config.unit, invented=invented)
        with MemoryFile(encoded.data) as memory, memory.open() as raster:
            assert raster.tags().get("invented") == ("true" if invented else None)
        item = build_item(config, encoded)
        assert json.loads(item.data)["properties"].get("gvio:invented", False) is invented
        collection = json.loads(collection_json(config, Manifest("r", "testland", Month(2021, 3)), [item], {}))
        assert collection["gvio:invented"] is invented
        told = [collection["description"], json.loads(catalog_json(config))["description"]]
        assert [INVENTED in text for text in told] == [invented] * 2
