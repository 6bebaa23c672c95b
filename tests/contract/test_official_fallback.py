"""Black Marble that comes late, with Light Every Night in its place: from two archives to one release that says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gvio.pipeline.light_file import load_light
from loopback_faults import drop_after, refuse
from nasa_double import Nasa, nasa
from nasa_granules import Granule
from official_region import FIRST, LAST, OfficialRegion, make_region, write_open_bucket
from open_s3_double import OpenS3Double, open_s3

from gvio.types import Month

pytestmark = pytest.mark.enable_socket

GAIN, OFFSET = 1.25, -0.4
LACKING = (Month(2019, 9), LAST)
NTL = {"product": ["vnp46a3", "light-every-night"], "source": "official"}


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OfficialRegion, Nasa, OpenS3Double]]:
    """The archives, each with a fault, and a region that has fetched nothing yet."""
    root = tmp_path_factory.mktemp("fallback")
    region = make_region(root, {}, NTL)
    files = sorted((root / "light").glob("*.h5"))
    late = tuple(f".A{month.first_day:%Y%j}." for month in LACKING)
    granules = [Granule(path.name, path.read_bytes()) for path in files if not any(day in path.name for day in late)]
    bucket = tmp_path_factory.mktemp("bucket")
    write_open_bucket(bucket, region.world, GAIN, OFFSET)
    with nasa(tmp_path_factory.mktemp("nasa"), granules) as black_marble, open_s3(bucket) as open_data:
        address = {"GVIO_LIGHT_EVERY_NIGHT_URL": open_data.endpoints.light_every_night}
        access = {"EARTHDATA_TOKEN": "a-personal-token", "AWS_EC2_METADATA_DISABLED": "true"}
        yield (
            OfficialRegion(root, region.world, {**black_marble.environment, **address, **access}),
            black_marble,
            open_data,
        )


@pytest.fixture(scope="module")
def run(setting: tuple[OfficialRegion, Nasa, OpenS3Double]) -> dict[str, Any]:
    """What a run says when Black Marble's newest month is not there."""
    region, black_marble, open_data = setting
    first = f"/s3/{sorted(black_marble.granules)[0]}"
    black_marble.server.faults[first] = [drop_after(500)]
    open_data.server.faults["/globalnightlight"] = [refuse(503)]
    outcome = region.gvio("run", "--json")
    assert outcome.code == 0, outcome.err
    assert not any(black_marble.server.faults.values())
    assert not any(open_data.server.faults.values())
    return dict(outcome.document)


def test_the_run_is_of_the_month_that_only_the_fallback_has(run: dict[str, Any]) -> None:
    assert (run["outcome"], run["month"]) == ("published", str(LAST))


@pytest.mark.usefixtures("run")
def test_the_light_is_at_the_products_level_and_its_regime_breaks(
    setting: tuple[OfficialRegion, Nasa, OpenS3Double],
) -> None:
    region, _, _ = setting
    stack = load_light(region.workspace / "officialland" / "light.npz")
    assert (stack.months[0], stack.months[-1], stack.missing) == (FIRST, LAST, ())
    broken = [
        m for m, regime in zip(stack.months, stack.regimes, strict=True) if regime.startswith("light-every-night/")
    ]
    assert tuple(broken) == LACKING
    for month in LACKING:
        at = stack.months.index(month)
        ours, truth = stack.radiance[at][2:-2, 2:-2], region.world.radiance[at][2:-2, 2:-2]
        both = np.isfinite(ours) & np.isfinite(truth) & (truth > 1)
        deviation = np.log1p(np.maximum(ours[both], 0)) - np.log1p(truth[both])
        assert abs(float(np.median(deviation))) < 0.05
        assert float(np.median(np.abs(deviation))) < 0.25, "two grids half a pixel apart blur what is sharp"


@pytest.mark.usefixtures("run")
def test_the_release_says_which_months_and_with_what_error(setting: tuple[OfficialRegion, Nasa, OpenS3Double]) -> None:
    region, _, _ = setting
    store = region.root / "store" / "officialland"
    release = store / "releases" / json.loads((store / "latest.json").read_text())["release"]
    (switch,) = json.loads((release / "manifest.json").read_text())["inputs"]["switches"]
    assert (switch["product"], switch["for"], switch["months"]) == (
        "light-every-night",
        "vnp46a3",
        ["2019-09", "2020-12"],
    )
    assert switch["gain"] == pytest.approx(GAIN, rel=0.15)
    assert switch["offset"] == pytest.approx(OFFSET, abs=0.4)
    assert len(switch["common_months"]) == 24
    assert 0 < switch["month_error"] < switch["pixel_error"] < 0.5
    checks = {check["name"]: check for check in json.loads((release / "checks.json").read_text())["checks"]}
    assert checks["light.fallback"]["message"].startswith(
        "2 months (2019-09, 2020-12) of light-every-night stand in for vnp46a3 (npp/v10/ecm-slcorr): radiance = "
    )
    assert not checks["light.regimes"]["passed"]
    assert "**Another product's light**: light-every-night" in (release / "model-card.md").read_text()


@pytest.mark.usefixtures("run")
def test_only_windows_of_the_fallback_are_kept(setting: tuple[OfficialRegion, Nasa, OpenS3Double]) -> None:
    region, _, _ = setting
    raw = region.workspace / "officialland" / "raw"
    assert len(list((raw / "vnp46a3").glob("VNP46A3.*.h5"))) == 25
    assert len(list((raw / "light-every-night").rglob("DNB_npp_*.tif"))) == 2 * 26
    assert b"a-personal-token" not in (raw / "vnp46a3" / "manifest.json").read_bytes()


@pytest.mark.usefixtures("run")
def test_the_product_takes_its_place_when_it_comes(setting: tuple[OfficialRegion, Nasa, OpenS3Double]) -> None:
    region, black_marble, _ = setting
    for path in (region.root / "light").glob("*.h5"):
        black_marble.granules[path.name] = Granule(path.name, path.read_bytes())
    assert region.gvio("fetch").code == 0
    assert "switches" not in region.read("fetch.json")
    stack = load_light(region.workspace / "officialland" / "light.npz")
    assert set(stack.regimes) == {"vnp46a3/npp/002/AllAngle_Composite_Snow_Free"}
    looked = Path(region.workspace / "officialland" / "raw" / "vnp46a3")
    assert len(list(looked.glob("*.h5"))) == 27
