import dataclasses
import io

import geopandas as gpd
import numpy as np
import pytest
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from odc.geo.geobox import GeoBox

from gvio.config import SampleParams
from gvio.errors import InputRefused, PackError
from gvio.sample.buffers import metric_buffers
from gvio.sample.build import build_samples
from gvio.sample.samples import Samples, first_months, read_samples, samples_bytes
from gvio.types import LightStack

UTM = "EPSG:32651"


@pytest.fixture
def samples(stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame) -> Samples:
    return build_samples(stack, districts, factories, None, SampleParams(), UTM, None)


def test_shapes_and_types_are_as_stated(samples: Samples) -> None:
    f, t, d, r, y, x = 41, 6, 3, 3, 24, 30
    shapes = {
        "district": (f,), "weight": (f,), "row": (f,), "col": (f,), "active": (f, t), "light": (r, f, t),
        "seen": (r, f, t), "background": (f, t), "footprint": (f, y * x), "statistics": (d, t, 4),
        "city_statistics": (t, 4), "region_light": (t,), "radiance": (t, y, x), "observations": (t, y, x),
        "owner": (y, x), "urban": (y, x), "density": (y, x),
    }  # fmt: skip
    assert {name: getattr(samples, name).shape for name in shapes} == shapes
    types = {"light": "f8", "radiance": "f4", "observations": "u2", "owner": "i2", "urban": "f4", "density": "f4"}
    assert {name: getattr(samples, name).dtype.str[1:] for name in types} == types


def test_a_lone_factorys_light_equals_exactextracts_own_mean(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame
) -> None:
    """One factory shares with nobody, so its mean is the plain zonal mean, computed the slow way."""
    alone = factories.iloc[[40]]
    clear = dataclasses.replace(stack, observations=np.ones_like(stack.observations),
                                radiance=np.nan_to_num(stack.radiance, nan=5.0))  # fmt: skip
    samples = build_samples(clear, districts, alone, None, SampleParams(), UTM, None)
    box = clear.geobox.extent.boundingbox
    disc = gpd.GeoDataFrame(geometry=metric_buffers(alone.geometry, [1000.0], UTM, 4326)[0], crs=4326)
    for month, light in zip(clear.radiance, samples.light[1, 0], strict=True):
        source = NumPyRasterSource(month, box.left, box.bottom, box.right, box.top, srs_wkt=disc.crs.to_wkt())
        slow = exact_extract(source, disc, ["mean"])[0]["properties"]["mean"]
        assert light == pytest.approx(slow, rel=1e-5)


def test_a_missing_month_is_a_column_of_nan_and_no_other_is(samples: Samples) -> None:
    gone = np.arange(6) == 2
    statistics = np.nanmax(np.where(np.isnan(samples.statistics), -np.inf, samples.statistics), axis=(0, 2))
    for values in (np.where(np.isinf(statistics), np.nan, statistics), samples.region_light):
        np.testing.assert_array_equal(np.isnan(values), gone)
    assert np.isnan(samples.light[:, :, 2]).all()
    assert (samples.seen[:, :, 2] == 0).all()
    assert samples.regimes == (*["vnl-monthly/npp/v10/vcmslcfg"] * 2, "", *["vnl-monthly/npp/v10/vcmslcfg"] * 3)
    # At 2 km no buffer is wholly under cloud.
    assert np.isfinite(samples.light[2][:, ~gone]).all()


def test_the_background_does_not_hear_the_factories(
    stack: LightStack, districts: gpd.GeoDataFrame, geobox: GeoBox
) -> None:
    """Factories a hundred times brighter change their light, not their background."""
    rng = np.random.default_rng(2)
    lon, lat = 121 + rng.uniform(4, 26, 3) / 240, 31.5 - rng.uniform(4, 20, 3) / 240
    few = gpd.GeoDataFrame({"factory_id": list("abc")}, geometry=gpd.points_from_xy(lon, lat), crs=4326)
    before = build_samples(stack, districts, few, None, SampleParams(), UTM, None)
    small = before.density > 0
    lit = np.where(small, stack.radiance * 100, stack.radiance)
    after = build_samples(dataclasses.replace(stack, radiance=lit), districts, few, None, SampleParams(), UTM, None)
    seen = np.isfinite(before.light[0])
    np.testing.assert_allclose(after.light[0][seen], 100 * before.light[0][seen], rtol=1e-5)
    # Pixels that a small buffer only clips carry some of the hundredfold light; most of the ring does not.
    np.testing.assert_array_less(np.nanmedian(after.background), 15 * np.nanmedian(before.background))


def test_lifecycle_weights_and_categories_come_from_the_table(samples: Samples) -> None:
    np.testing.assert_array_equal(samples.active[0], [0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(samples.active[1], [1, 1, 1, 1, 0, 0])
    assert samples.weight.mean() == pytest.approx(1.0)
    assert samples.weight[40] == pytest.approx(3 * samples.weight[0])
    assert (samples.categories[0], samples.categories[40]) == ("industry;A", "")


def test_a_table_with_ids_and_positions_alone_is_enough(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame
) -> None:
    samples = build_samples(stack, districts, factories[["factory_id", "geometry"]], None, SampleParams(), UTM, None)
    assert samples.active.all()
    assert (samples.weight == 1).all()


def test_pixels_with_too_few_observations_are_not_seen(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame
) -> None:
    samples = build_samples(stack, districts, factories, None, SampleParams(min_observations=4), UTM, None)
    np.testing.assert_array_equal(np.isnan(samples.radiance), stack.observations < 4)


def test_the_packs_urban_mask_is_used_and_its_gaps_are_rural(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame, samples: Samples
) -> None:
    mask = np.ones((24, 30), np.float32)
    mask[0] = np.nan
    given = build_samples(stack, districts, factories, mask, SampleParams(), UTM, None)
    np.testing.assert_array_equal(given.urban, np.nan_to_num(mask))
    assert (given.urban_derived, samples.urban_derived) == (False, True)


def test_one_radius_still_has_a_background(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame
) -> None:
    samples = build_samples(stack, districts, factories, None, SampleParams(radii_m=(800.0,)), UTM, None)
    assert samples.light.shape == (1, 41, 6)
    assert np.isfinite(samples.background[:, 0]).mean() > 0.9


def test_progress_runs_from_nothing_to_all(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame
) -> None:
    told: list[tuple[str, int, int]] = []
    build_samples(stack, districts, factories, None, SampleParams(), UTM, None, lambda *step: told.append(step))
    assert [step[1] for step in told] == list(range(told[0][2] + 1))


def test_a_pack_without_a_factory_is_refused(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame
) -> None:
    with pytest.raises(PackError, match=r"factories: no factory to sample. Give the pack at least one factory"):
        build_samples(stack, districts, factories.iloc[:0], None, SampleParams(), UTM, None)


def test_samples_come_back_as_they_were_saved(samples: Samples) -> None:
    back = read_samples(samples_bytes(samples))
    for field in dataclasses.fields(Samples):
        was, now = getattr(samples, field.name), getattr(back, field.name)
        if isinstance(was, np.ndarray):
            np.testing.assert_array_equal(now, was)
            assert now.dtype == was.dtype
        elif field.name == "footprint":
            np.testing.assert_array_equal(now.toarray(), was.toarray())
        else:
            assert now == was


def test_the_same_samples_give_the_same_bytes(samples: Samples) -> None:
    data = samples_bytes(samples)
    assert samples_bytes(read_samples(data)) == data


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 cut short"])
def test_bytes_that_are_not_samples_are_refused(content: bytes) -> None:
    with pytest.raises(
        InputRefused, match=r"samples.npz: samples cannot be read \(\w+\). Run `gvio sample` with the same"
    ):
        read_samples(content)


def test_samples_of_another_version_are_refused() -> None:
    sink = io.BytesIO()
    np.savez(sink, version=np.array(0))
    with pytest.raises(
        InputRefused, match=r"samples of version 0, this program reads 2. Run `gvio sample` with the same"
    ):
        read_samples(sink.getvalue())


def test_the_first_months_are_what_a_shorter_series_gives(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame
) -> None:
    """Cutting afterwards and sampling fewer months agree in every field: nothing of a later month is in an earlier."""
    mask = np.ones((24, 30), np.float32)
    short = LightStack(stack.months[:4], stack.radiance[:4], stack.observations[:4], stack.geobox,
                       stack.provenance[:4], stack.missing)  # fmt: skip
    wanted = build_samples(short, districts, factories, mask, SampleParams(), UTM, None)
    got = first_months(build_samples(stack, districts, factories, mask, SampleParams(), UTM, None), 4)
    for field in dataclasses.fields(Samples):
        one, two = getattr(got, field.name), getattr(wanted, field.name)
        if field.name == "footprint":
            one, two = one.toarray(), two.toarray()
        np.testing.assert_array_equal(one, two, err_msg=field.name)
    assert first_months(got, 4) is got
    assert first_months(got, 9) is got
