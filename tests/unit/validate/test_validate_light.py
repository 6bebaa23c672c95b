import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.config import ValidateParams
from gvio.errors import GateRefused
from gvio.types import LightStack, Month, Provenance
from gvio.validate.arrays import check_light
from gvio.validate.gate import failed_required, refuse_failed
from gvio.validate.series import hash_pixels
from gvio.validate.summary import summarise_light

SHAPE = (6, 8)
AREAS = ("A", "B")
FIRST = Month(2020, 1)
GEOBOX = GeoBox(SHAPE, Affine(1 / 240, 0, 120, 0, -1 / 240, 31), "EPSG:4326")


def _provenance(month: Month, satellite: str = "npp") -> tuple[Provenance, ...]:
    return (Provenance(f"{month}.tif", "0" * 64, "vnl-monthly", satellite, "v10", "vcmslcfg", "c1"),)


def _stack(n_months: int = 12, seed: int = 0) -> LightStack:
    rng = np.random.default_rng(seed)
    light = rng.lognormal(1.0, 0.5, (n_months, *SHAPE)).astype(np.float32)
    months = tuple(FIRST + t for t in range(n_months))
    counts = np.full(light.shape, 5, dtype=np.uint16)
    return LightStack(months, light, counts, GEOBOX, tuple(_provenance(m) for m in months), ())


def _owner() -> np.ndarray:
    owner = np.full(SHAPE, -1)
    owner[:, :3], owner[:, 3:6] = 0, 1
    return owner


def _footprint() -> np.ndarray:
    footprint = np.zeros(SHAPE, dtype=bool)
    footprint[1:4, 1], footprint[1:4, 4] = True, True
    return footprint


def _check(stack: LightStack, target: Month | None = None, params: ValidateParams | None = None):
    results = check_light(stack, target or stack.months[-1], _owner(), _footprint(), AREAS, params or ValidateParams())
    return {r.name: r for r in results}


def _failures(results) -> set[str]:
    return {name for name, r in results.items() if not r.passed}


def _hide(stack: LightStack, month: int, where=np.s_[:]) -> None:
    stack.radiance[month][where] = np.nan
    stack.observations[month][where] = 0


def test_sound_light_passes_every_check_and_each_check_reports_once():
    results = check_light(_stack(), FIRST + 11, _owner(), _footprint(), AREAS, ValidateParams())
    assert [r.name for r in results if not r.passed] == []
    assert len({r.name for r in results}) == len(results) == 14


def test_target_month_without_any_observation_is_refused():
    stack = _stack()
    _hide(stack, -1)
    results = _check(stack)
    assert results["light.target_seen"].message.startswith("expected pixels with an observation in the target month")
    assert "found 0 of 48" in results["light.target_seen"].message
    assert {"light.target_seen", "light.coverage", "light.district_coverage"} <= _failures(results)
    with pytest.raises(GateRefused, match=r"2020-12.*\[light.target_seen\].*found 0 of 48"):
        refuse_failed(list(results.values()))


def test_target_month_outside_the_series_is_refused():
    assert "light.target_seen" in _failures(_check(_stack(), target=Month(2022, 1)))


def test_low_coverage_over_the_factories_is_refused_though_the_rest_is_seen():
    stack = _stack()
    _hide(stack, -1, np.s_[1:3, :])
    results = _check(stack)
    assert _failures(results) == {"light.coverage"}
    assert "found 33.3% of 6" in results["light.coverage"].message
    assert results["light.coverage"].required
    assert _failures(_check(stack, params=ValidateParams(min_coverage=0.3))) == set()


def test_no_factory_pixel_at_all_counts_as_no_coverage():
    stack = _stack()
    none = np.zeros(SHAPE, dtype=bool)
    results = check_light(stack, stack.months[-1], _owner(), none, AREAS, ValidateParams())
    assert [r.name for r in failed_required(results)] == ["light.coverage"]


def test_district_unseen_in_the_target_month_is_refused_and_named():
    stack = _stack()
    _hide(stack, -1, np.s_[:, 3:6])
    results = _check(stack)
    assert results["light.district_coverage"].required
    assert "nothing seen over B" in results["light.district_coverage"].message
    assert _failures(results) == {"light.district_coverage", "light.district_factories"}


def test_district_seen_but_not_over_its_factories_is_a_warning():
    stack = _stack()
    _hide(stack, -1, np.s_[1:4, 4])
    results = _check(stack)
    assert _failures(results) == {"light.district_factories"}
    assert not results["light.district_factories"].required
    assert "none seen in B" in results["light.district_factories"].message


def test_district_unseen_in_the_history_is_a_warning_that_names_the_month():
    stack = _stack()
    _hide(stack, 3, np.s_[:, :3])
    results = _check(stack)
    assert _failures(results) == {"light.district_history"}
    assert not results["light.district_history"].required
    assert "2020-04 (A)" in results["light.district_history"].message


def test_missing_months_are_a_warning_until_there_are_too_many():
    stack = _stack()
    for t in (2, 5):
        _hide(stack, t)
    few = _check(stack)
    assert _failures(few) == {"light.missing_months"}
    assert not few["light.missing_months"].required
    assert "2 of 11 months of the history without light (18%): 2020-03, 2020-06" in few["light.missing_months"].message
    _hide(stack, 7)
    many = _check(stack)["light.missing_months"]
    assert many.required
    assert not many.passed


def test_the_same_pixels_in_two_months_are_refused():
    stack = _stack()
    stack.radiance[7] = stack.radiance[4]
    results = _check(stack)
    assert _failures(results) == {"light.duplicate_months"}
    assert results["light.duplicate_months"].required
    assert "identical pixels in 2020-05 = 2020-08" in results["light.duplicate_months"].message


def test_two_empty_months_are_not_duplicates():
    stack = _stack()
    _hide(stack, 1)
    _hide(stack, 2)
    assert "light.duplicate_months" not in _failures(_check(stack))


def test_pixels_hash_alike_whatever_the_bits_of_nan():
    light = np.array([[1.0, np.nan]], dtype=np.float32)
    other = light.copy()
    other.view(np.uint32)[0, 1] ^= 0x1
    assert np.isnan(other[0, 1])
    assert hash_pixels(light) == hash_pixels(other)
    assert hash_pixels(light) != hash_pixels(light[:, ::-1])


def test_change_of_regime_is_a_warning_that_names_month_and_both_regimes():
    stack = _stack()
    provenance = tuple(_provenance(m, "npp" if m < FIRST + 6 else "j01") for m in stack.months)
    changed = LightStack(stack.months, stack.radiance, stack.observations, GEOBOX, provenance, ())
    result = _check(changed)["light.regimes"]
    assert not result.passed
    assert not result.required
    assert "2020-07: vnl-monthly/npp/v10/vcmslcfg → vnl-monthly/j01/v10/vcmslcfg" in result.message


@pytest.mark.parametrize("month", [2, -1])
@pytest.mark.parametrize("factor", [1e3, 1e9, 1e-3, 1e-9])
def test_a_month_in_another_unit_is_refused_in_target_and_history(month, factor):
    stack = _stack()
    stack.radiance[month] *= np.float32(factor)
    result = _check(stack)["light.unit"]
    assert result.required
    assert not result.passed
    assert str(stack.months[month]) in result.message


@pytest.mark.parametrize("factor", [1e-9, 1e6])
def test_a_whole_series_in_another_unit_is_refused(factor):
    stack = _stack()
    np.multiply(stack.radiance, np.float32(factor), out=stack.radiance)
    assert "light.unit" in _failures(_check(stack))


def test_a_bright_season_is_not_another_unit():
    stack = _stack()
    stack.radiance[5] *= 8
    assert _failures(_check(stack)) == set()


@pytest.mark.parametrize(("value", "text"), [(6e4, "60000"), (-999.9, "-999.9")])
def test_radiance_out_of_range_is_refused(value, text):
    stack = _stack()
    stack.radiance[4, 0, 7] = value
    results = _check(stack)
    assert _failures(results) == {"light.range"}
    assert text in results["light.range"].message
    assert "2020-05" in results["light.range"].message


def test_small_negative_radiance_is_light():
    stack = _stack()
    stack.radiance[4, 0, 7] = -1.5
    assert _failures(_check(stack)) == set()


def test_infinite_radiance_is_refused():
    stack = _stack()
    stack.radiance[4, 0, 7] = np.inf
    results = _check(stack)
    assert _failures(results) == {"light.finite"}
    assert "2020-05" in results["light.finite"].message


def test_radiance_without_observation_is_refused():
    stack = _stack()
    stack.observations[4, 0, 7] = 0
    assert _failures(_check(stack)) == {"light.unseen_is_missing"}


def test_an_image_of_one_value_is_refused():
    stack = _stack()
    stack.radiance[4] = 3.0
    results = _check(stack)
    assert _failures(results) == {"light.constant"}
    assert "2020-05" in results["light.constant"].message


def test_an_image_of_zeros_is_refused():
    stack = _stack()
    stack.radiance[4] = 0.0
    stack.radiance[4, 2, 1] = 3.0
    assert "light.dark" not in _failures(_check(stack))
    big = LightStack(
        stack.months,
        np.tile(stack.radiance, (1, 5, 5)),
        np.tile(stack.observations, (1, 5, 5)),
        GEOBOX,
        stack.provenance,
        (),
    )
    big.radiance[4] = 0.0
    big.radiance[4, 2, 1] = 3.0
    tiled = np.tile(_owner(), (5, 5)), np.tile(_footprint(), (5, 5))
    results = check_light(big, stack.months[-1], *tiled, AREAS, ValidateParams())
    assert "light.dark" in {r.name for r in failed_required(results)}


def test_a_series_without_any_light_fails_without_a_number_to_compare():
    stack = _stack()
    _hide(stack, np.s_[:])
    assert {"light.target_seen", "light.coverage", "light.unit", "light.missing_months"} <= _failures(_check(stack))


def test_a_single_month_has_no_history_to_miss():
    assert _failures(_check(_stack(1))) == set()


def test_summary_has_one_row_per_month_and_district_with_its_own_statistics():
    stack = _stack(3)
    _hide(stack, 1)
    _hide(stack, 2, np.s_[1:4, 4])
    table = summarise_light(stack, _owner(), _footprint(), AREAS)
    assert list(table["month"]) == ["2020-01", "2020-01", "2020-02", "2020-02", "2020-03", "2020-03"]
    assert list(table["area_id"]) == ["A", "B"] * 3
    assert list(table["pixels"]) == [18] * 6
    np.testing.assert_allclose(table["seen_share"], [1, 1, 0, 0, 1, 15 / 18])
    np.testing.assert_allclose(table["factory_seen_share"], [1, 1, 0, 0, 1, 0])
    pixels = stack.radiance[0][:, 3:6].astype(np.float64)
    row = table.iloc[1]
    assert row["mean_radiance"] == pytest.approx(pixels.mean())
    assert row["median_radiance"] == pytest.approx(np.median(pixels))
    assert row["p99_radiance"] == pytest.approx(np.quantile(pixels, 0.99))
    assert (row["min_radiance"], row["max_radiance"]) == (pixels.min(), pixels.max())
    assert table.iloc[2:4].filter(like="_radiance").isna().all(axis=None)
    np.testing.assert_allclose(table["mean_observations"], [5, 5, 0, 0, 5, 5 * 15 / 18])


def test_summary_of_a_district_without_pixels_or_factories():
    owner = np.where(_owner() == 1, -1, _owner())
    table = summarise_light(_stack(1), owner, np.zeros(SHAPE, dtype=bool), AREAS)
    assert list(table["pixels"]) == [18, 0]
    assert list(table["seen_share"]) == [1, 0]
    assert list(table["mean_observations"]) == [5, 0]
    assert table["factory_seen_share"].isna().all()
