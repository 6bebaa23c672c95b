from pathlib import Path

import numpy as np
import pytest

from gvio.errors import ProductError
from gvio.simulate.formats.light_every_night import write_light_every_night
from gvio.sources.folder import list_files, open_stack
from gvio.sources.light_every_night import open_month, recognise
from gvio.types import Month


def test_official_names_carry_the_regime() -> None:
    now = recognise("DNB_npp_20211201-20211231_global_ecm-slcorr_v10_ops.n_cf.tif")
    then = recognise("DNB_npp_20160201-20160229_global_vcm-slcorr_v10_rp2.avg_rade9.tif")
    assert now is not None
    assert then is not None
    assert (now.month, now.satellite, now.processing, now.layer) == (Month(2021, 12), "npp", "ecm-slcorr", "n_cf")
    assert (then.processing, then.layer, then.tile) == ("vcm-slcorr_rp2", "avg_rade9", "global")


@pytest.mark.parametrize(
    "name",
    [
        "DNB_npp_20210101-20211231_global_ecm-slcorr_v10_ops.avg_rade9.tif",
        "DNB_npp_20211301-20211331_global_ecm-slcorr_v10_ops.avg_rade9.tif",
        "DNB_npp_20211201-20211231_global_ecm-slcorr_v10_ops.avg_rade9.tif.aux.xml",
        "SVDNB_npp_20211201-20211231_75N060E_vcmslcfg_v10_c202201122300.avg_rade9h.tif",
    ],
)
def test_other_names_are_not_recognised(name: str) -> None:
    assert recognise(name) is None


def test_a_window_of_the_pair_is_read(tmp_path: Path, light) -> None:
    month = Month(2021, 12)
    radiance, counts = light.month(month)
    write_light_every_night(tmp_path, month, radiance, counts, light.grid)
    files = list_files(tmp_path, "light-every-night")
    with open_month(files) as both:
        assert both.grids == tuple((file, light.grid) for file in files)
        opened = both.read(light.moved(5, 6, (10, 12)))
    np.testing.assert_array_equal(opened.radiance, radiance[5:15, 6:18])
    np.testing.assert_array_equal(opened.observations, counts[5:15, 6:18])
    assert opened.provenance[0].regime == "light-every-night/npp/v10/ecm-slcorr"


def test_the_switch_of_processing_is_in_the_regimes(tmp_path: Path, light) -> None:
    for month, names in ((Month(2017, 3), {"config": "vcm-slcorr", "run": "rp2"}), (Month(2017, 4), {})):
        write_light_every_night(tmp_path, month, *light.month(month), light.grid, **names)
    stack, _ = open_stack(tmp_path, "light-every-night", light.bounds, Month(2017, 3), None)
    assert [regime.rsplit("/", 1)[1] for regime in stack.regimes] == ["vcm-slcorr_rp2", "ecm-slcorr"]


def test_one_month_in_two_processings_is_refused(tmp_path: Path, light) -> None:
    month = Month(2017, 4)
    for run in ("ops", "rp2"):
        write_light_every_night(tmp_path, month, *light.month(month), light.grid, run=run)
    words = "2017-04 is there more than once, as npp/ecm-slcorr and npp/ecm-slcorr_rp2"
    with pytest.raises(ProductError, match=words):
        open_stack(tmp_path, "light-every-night", light.bounds, month, None)


def test_a_missing_count_is_refused(tmp_path: Path, light) -> None:
    month = Month(2021, 12)
    write_light_every_night(tmp_path, month, *light.month(month), light.grid)[1].unlink()
    with pytest.raises(ProductError, match=r"avg_rade9\.tif: has no n_cf file"):
        open_month(list_files(tmp_path, "light-every-night"))
