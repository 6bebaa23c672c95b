"""A release opened for reading: tables, maps, districts, an older layout, a day of the past, and damage."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

import gvio
from gvio.errors import ConfigError, DamagedStore, StoreError

INSIDE = shapely.box(120.01, 30.92, 120.04, 30.95)
HEAVY = (
    "torch",
    "mlflow",
    "prefect",
    "streamlit",
    "dvc",
    "great_expectations",
    "sklearn",
    "earthaccess",
    "matplotlib",
    "scipy",
)


def test_estimates_are_tidy_with_months_as_dates(release) -> None:
    table = release.estimates
    assert list(table.columns[:4]) == ["area_id", "name", "month", "estimate"]
    assert table["month"].dtype.kind == "M"
    assert table["official_published"].dtype.kind == "M"
    city = table[(table["area_id"] == "CITY") & (table["month"] == "2021-03")].iloc[0]
    parts = table[(table["area_id"] != "CITY") & (table["month"] == "2021-03")]
    assert city["name"] == "Testland"
    assert city["estimate"] == pytest.approx(parts["estimate"].sum(), rel=1e-6)
    assert np.isnan(city["official"])
    assert city["month"].date() == release.month == dt.date(2021, 3, 1)


def test_a_grid_has_its_system_names_and_units(release) -> None:
    grid = release.grid("2021-02")
    assert grid.dims == ("band", "y", "x")
    assert list(grid["band"].to_numpy()) == ["estimate", "lower80", "upper80", "raw", "adjustment"]
    assert grid.attrs["units"] == "million CNY"
    assert dict(zip(grid["band"].to_numpy(), grid["band_units"].to_numpy(), strict=True))["adjustment"] == "1"
    assert pyproj.CRS.from_wkt(grid["spatial_ref"].attrs["crs_wkt"]).to_epsg() == 4326
    assert grid["x"].to_numpy()[0] == pytest.approx(120.0 + 0.5 / 240)
    assert grid["y"].to_numpy()[0] == pytest.approx(31.0 - 0.5 / 240)
    west, height = (float(number) for number in grid["spatial_ref"].attrs["GeoTransform"].split()[::5])
    assert (west, height) == (120.0, -1 / 240)
    by_date = release.grid(dt.date(2021, 2, 17))
    np.testing.assert_array_equal(by_date, grid)


def test_the_cube_holds_every_grid(release) -> None:
    cube = release.cube
    assert dict(cube.sizes) == {"month": 3, "y": 24, "x": 24}
    assert release.months == (dt.date(2021, 1, 1), dt.date(2021, 2, 1), dt.date(2021, 3, 1))
    for month in release.months:
        chosen = cube["upper80"].sel(month=pd.Timestamp(month))
        np.testing.assert_array_equal(chosen, release.grid(month).sel(band="upper80"))
    assert cube["adjustment"].attrs["units"] == "1"
    assert cube["estimate"].attrs["units"] == "million CNY"


def test_districts_have_outlines_and_the_values_of_a_month(release, districts) -> None:
    found = release.districts
    assert list(found["area_id"]) == ["east", "west"]
    assert found.crs.to_epsg() == 4326
    assert found.geometry.geom_equals(districts.geometry).all()
    for month, frame in (("2021-03", found), ("2021-01", release.districts_in("2021-01"))):
        table = release.estimates
        wanted = table[(table["month"] == month) & (table["area_id"] != "CITY")].set_index("area_id")
        np.testing.assert_array_equal(frame["upper95"], wanted.loc[["east", "west"], "upper95"])


def test_a_month_that_is_not_there_is_told(release) -> None:
    with pytest.raises(ConfigError, match=r"the release has no 2020-12\. It has 2021-01 to 2021-03"):
        release.grid("2020-12")
    with pytest.raises(ConfigError, match=r"the release has no 2021-04"):
        release.districts_in("2021-04")
    with pytest.raises(ConfigError, match="not a month: 'May'"):
        release.grid("May")


def test_what_a_release_has_not_is_none(release) -> None:
    assert release.news is None
    assert release.vintages is None
    assert release.explanations is None
    assert release.errata == ()
    assert release.scoreboard.verdict == "weak"
    assert release.published_at == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def test_a_release_of_before_opens_without_outlines(published) -> None:
    older = gvio.open_release(published(outlined=False), "testland")
    frame = older.districts
    assert list(frame["area_id"]) == ["east", "west"]
    assert frame.geometry.isna().all()
    assert (older.at(120.02, 30.95)["estimate"] > 0).all()
    with pytest.raises(StoreError, match="the release says not which pixels are a district's"):
        older.within(INSIDE)


def test_a_day_of_the_past_gives_what_was_served_then(folder: Path, release) -> None:
    then = gvio.open_release(str(folder), "testland", as_of="2026-01-02")
    assert then.id == release.id
    assert gvio.open_release(folder, "testland", release=release.id).published_at == release.published_at
    with pytest.raises(StoreError, match="nothing was published on 2026-01-01"):
        gvio.open_release(folder, "testland", dt.date(2026, 1, 1))
    with pytest.raises(ConfigError, match=r"as_of: not a day: 'May'\. Write YYYY-MM-DD"):
        gvio.open_release(folder, "testland", "May")
    with pytest.raises(ConfigError, match="both a day and a release are named"):
        gvio.open_release(folder, "testland", "2026-01-02", release=release.id)


@pytest.mark.parametrize("name", ["districts.parquet", "districts.tif"])
def test_damaged_outlines_are_told(published, name: str) -> None:
    folder = published()
    (file,) = folder.rglob(name)
    file.write_bytes(b"edited")
    release = gvio.open_release(folder, "testland")
    with pytest.raises(DamagedStore, match=f"{name}: its bytes are not the ones published"):
        release.within(INSIDE)


def test_reading_imports_nothing_of_what_makes_releases(folder: Path) -> None:
    # Dask is not part of what reading installs; where it is there, xarray loads it, and it loads SciPy.
    program = f"""
import sys
sys.modules["dask"] = None
import gvio, gvio.cli.read, gvio.store.sentences
release = gvio.open_release({str(folder)!r}, "testland")
release.estimates, release.districts, release.cube, release.grid("2021-03"), release.news, release.vintages
release.at(120.02, 30.95), release.within(release.districts.geometry.iloc[0]), release.scoreboard
print([name for name in {HEAVY!r} if name in sys.modules], gvio.__version__)
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded, _, version = answer.stdout.strip().partition("] ")
    assert loaded == "["
    assert version == gvio.__version__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gvio.nothing
