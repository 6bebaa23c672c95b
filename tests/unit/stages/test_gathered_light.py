"""Light from a product and its fallback, both in one folder: what is taken, what is told, what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.errors import ConfigError, InputRefused, PackError, ProductError, UpstreamUnavailable
from gvio.run.context import Context, open_context
from gvio.run.request import RunRequest
from gvio.simulate.formats.light_every_night import write_light_every_night
from gvio.simulate.formats.vnl import write_vnl
from gvio.stages.fetch import fetch
from gvio.stages.gather import Gathered, gather_light, survey_light
from gvio.stages.raw import fetch_range, verify_raw
from gvio.types import Month

PIXEL = 1 / 240
GRID = GeoBox((36, 36), Affine(PIXEL, 0, 120.0 - PIXEL / 2, 0, -PIXEL, 31.0 + PIXEL / 2), "EPSG:4326")
YAML = """
name: testland
title: Testland
bounds: [120.02, 30.87, 120.13, 30.98]
area_crs: EPSG:32651
first_month: "2020-01"
unit: million CNY
ntl: {product: [vnl-monthly, light-every-night], source: ntl}
districts: {path: districts.geojson}
city_id: CITY
factories: {path: factories.csv}
statistics: {path: statistics.csv}
"""
START = Month(2020, 1)
BREAK = 4  # months of the fallback's older processing


def light(month: Month) -> np.ndarray:
    return np.random.default_rng(month.ordinal).gamma(2, 10, GRID.shape).astype(np.float32) + 1


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VNL 2020-01..2021-08 without 2020-02 and 2021-03; Light Every Night to 2021-10, at half the level."""
    folder = tmp_path_factory.mktemp("gathered") / "pack" / "ntl"
    folder.mkdir(parents=True)
    (folder.parent / "region.yaml").write_text(YAML)
    counts = np.full(GRID.shape, 6, np.uint16)
    for i in range(22):
        month = START + i
        if i < 20 and i not in {1, 14}:
            write_vnl(folder, month, light(month), counts, GRID)
        write_light_every_night(folder, month, light(month) / 2, counts, GRID, run="rp2" if i < BREAK else "ops")
    return folder.parent


@pytest.fixture
def pack(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "pack"))


def context_of(pack: Path, month: str | None = None, as_of: str = "2021-11-15") -> Context:
    request = RunRequest(pack=str(pack), store="s", workspace=str(pack.parent / "w"), month=month, as_of=as_of)
    return open_context(request)


def gathered(pack: Path, month: str | None = None, as_of: str = "2021-11-15") -> Gathered:
    context = context_of(pack, month, as_of)
    return gather_light(context, survey_light(context))


def test_absent_months_come_from_the_fallback_and_the_run_is_of_its_newest(pack: Path) -> None:
    found = gathered(pack)
    assert found.stack.months[-1] == Month(2021, 10)
    for i in (14, 20, 21):
        assert found.stack.regimes[i] == "light-every-night/npp/v10/ecm-slcorr as vnl-monthly"
        truth = light(START + i)[4:-2, 4:-2][: found.stack.geobox.shape[0], : found.stack.geobox.shape[1]]
        assert found.stack.radiance[i].mean() == pytest.approx(truth.mean(), rel=0.1)
    (switch,) = found.switches
    assert switch.months == ("2021-03", "2021-09", "2021-10")
    assert (switch.gain, switch.offset) == (pytest.approx(2, rel=1e-3), pytest.approx(0, abs=1e-3))
    assert len(switch.common_months) == 15


def test_what_cannot_be_compared_stays_missing_and_is_told(pack: Path) -> None:
    found = gathered(pack)
    assert found.stack.missing == (Month(2020, 2),)
    (note,) = [note for note in found.notes if note.name == "light.fallback_unused"]
    assert note.message == (
        "1 month (2020-02) of vnl-monthly stay without light: light-every-night has them, but only 3 months with their "
        "processing npp/v10/ecm-slcorr_rp2 are in both, and 12 are needed to compare levels"
    )


def test_asked_for_by_name_it_is_refused(pack: Path) -> None:
    message = r"light-every-night cannot stand in for vnl-monthly in 2020-02: .* and 12 are needed to compare levels"
    with pytest.raises(ProductError, match=message):
        gathered(pack, "2020-02")


def test_a_month_of_the_past_is_seen_as_it_was(pack: Path) -> None:
    found = gathered(pack, "2021-08")
    (switch,) = found.switches
    assert switch.months == ("2021-03",)
    assert max(switch.common_months) == "2021-08"
    assert gathered(pack, as_of="2021-09-01").stack.months[-1] == Month(2021, 8)


def test_nothing_is_asked_of_a_fallback_that_is_not_needed(pack: Path) -> None:
    for path in (pack / "ntl" / "composites").rglob("*.tif"):
        path.write_bytes(b"damaged")
    found = gathered(pack, "2020-01")
    assert (found.switches, found.notes) == ((), ())


def test_the_stage_records_the_switch_and_its_hash_depends_on_it(pack: Path) -> None:
    first = fetch(context_of(pack)).head
    (switch,) = first.switches
    assert switch.product == "light-every-night"
    common = Month.parse("2021-01")
    (path,) = pack.rglob(f"DNB_npp_{common.first_day:%Y%m%d}*avg_rade9.tif")
    path.unlink()
    path.with_name(path.name.replace("avg_rade9", "n_cf")).unlink()
    assert fetch(context_of(pack)).head.light != first.light, "other common months, another level: another light"


def test_no_month_at_all_can_be_tried_later(pack: Path) -> None:
    text = (pack / "region.yaml").read_text().replace("2020-01", "2023-01")
    (pack / "region.yaml").write_text(text)
    with pytest.raises(UpstreamUnavailable, match=r"testland: no product from 2023-01 to 2023-04\. Wait for the provi"):
        gathered(pack, as_of="2023-05-10")
    with pytest.raises(UpstreamUnavailable, match=r"ntl: no product from 2023-01 to 2023-02\. Wait for the provider"):
        gathered(pack, "2023-02")
    with pytest.raises(UpstreamUnavailable, match=r"testland: no month was complete on 2023-01-31\. Choose a later"):
        gathered(pack, as_of="2023-01-31")


def test_a_month_under_another_name_is_not_waited_for(pack: Path) -> None:
    assert "light.names" not in {note.name for note in gathered(pack, "2021-10").notes}
    for path in [*pack.rglob("*_20211001-*"), *pack.rglob("SVDNB_npp_20210401-*")]:
        path.rename(path.with_name(f"{path.name}.gz"))
    notes = [note for note in gathered(pack, "2021-09").notes if note.name == "light.names"]
    assert [(note.subject, note.required) for note in notes] == [("vnl-monthly", False), ("light-every-night", False)]
    with pytest.raises(PackError, match=r"no product for 2021-10, and 2 file\(s\) look like .* Unpack \.gz"):
        gathered(pack, "2021-10")


def test_a_range_names_what_is_absent_of_all_products(pack: Path) -> None:
    (path,) = pack.rglob("DNB_npp_20210301*avg_rade9.tif")
    path.unlink()
    path.with_name(path.name.replace("avg_rade9", "n_cf")).unlink()
    report = fetch_range(context_of(pack), Month(2021, 1), Month(2021, 9))
    assert report.absent == ("2021-03",)
    assert report.months == 8
    assert not (pack.parent / "w").exists(), "a folder is read in place"


def test_the_last_month_of_a_range_can_still_come_until_it_cannot(pack: Path) -> None:
    with pytest.raises(
        UpstreamUnavailable, match=r"no vnl-monthly or light-every-night for 2021-11 yet; 2 of 3 months"
    ):
        fetch_range(context_of(pack, as_of="2021-12-03"), Month(2021, 9), Month(2021, 11))
    late = fetch_range(context_of(pack, as_of="2023-01-01"), Month(2021, 9), Month(2021, 11))
    assert late.absent == ("2021-11",)
    with pytest.raises(
        UpstreamUnavailable, match=r"for 2022-02 yet; 0 of 2 months are there\. Try again later, or end"
    ):
        fetch_range(context_of(pack, as_of="2023-01-01"), Month(2022, 1), Month(2022, 2))


def test_an_empty_range_and_a_source_without_manifest_are_a_matter_of_usage(pack: Path) -> None:
    with pytest.raises(ConfigError, match=r"--from/--to: the range 2021-02\.\.2021-01 is empty\. Swap the two months"):
        fetch_range(context_of(pack), Month(2021, 2), Month(2021, 1))
    with pytest.raises(
        ConfigError, match=r"--verify: ntl\.source 'ntl' keeps no manifest of fetched files\. It is for"
    ):
        verify_raw(context_of(pack))


def test_light_that_nobody_touched_is_not_opened_again(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fetch(context_of(pack))
    monkeypatch.setattr("gvio.stages.fetch.gather_light", None)  # nobody may call it
    again = fetch(context_of(pack))
    assert again.head.model_dump(mode="json") == first.head.model_dump(mode="json")
    np.testing.assert_array_equal(again.stack.get().radiance, first.stack.get().radiance)


def test_a_file_written_anew_is_read_anew_and_equal_bytes_are_equal_light(pack: Path) -> None:
    first = fetch(context_of(pack)).head
    (path,) = pack.rglob("SVDNB_*20200101*avg_rade9h.tif")
    path.write_bytes(path.read_bytes())
    again = fetch(context_of(pack)).head
    assert again.key != first.key
    assert again.light == first.light


def test_a_stage_by_itself_takes_the_light_that_is_there_or_refuses_it(pack: Path) -> None:
    fetch(context_of(pack, "2021-08"))
    later = context_of(pack)
    later.workspace.only({"validate"})
    assert str(fetch(later).month) == "2021-08"
    other = context_of(pack, "2021-07")
    other.workspace.only({"validate"})
    with pytest.raises(
        InputRefused, match=r"the light there is of another month, of other settings .* Run `gvio fetch`"
    ):
        fetch(other)
    fetch(context_of(pack, "2021-07"))  # the cure
    assert str(fetch(other).month) == "2021-07"
