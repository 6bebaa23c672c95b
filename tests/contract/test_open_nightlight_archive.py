"""Light Every Night from a bucket that boto3 lists and GDAL reads, without credentials, a window at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from loopback import Answer
from loopback_faults import drop_after, refuse
from open_s3_double import BOUNDS, GRID, SMALL, OpenS3Double, month_light, open_s3, write_month

from gvio import raster
from gvio.archives.archive import Archive
from gvio.archives.manifest import RawFile, read_manifest
from gvio.archives.open_nightlight import light_every_night_archive
from gvio.archives.retry import RetryPolicy
from gvio.errors import ConfigError, ProductError, StoreError, UpstreamUnavailable
from gvio.sources.folder import open_stack
from gvio.types import Month

pytestmark = pytest.mark.enable_socket
QUICK = RetryPolicy(attempts=2, first_wait=0.01, longest_wait=0.02)
MONTH = Month(2021, 12)


@pytest.fixture(autouse=True)
def no_aws_configuration(s3_credentials: None) -> None:
    """Keys of somebody else lie in the environment: none of them may be sent."""


@pytest.fixture
def double(tmp_path: Path) -> Iterator[OpenS3Double]:
    bucket = tmp_path / "bucket"
    write_month(bucket, MONTH)
    with open_s3(bucket) as double:
        yield double


def archive(double: OpenS3Double, bounds: tuple[float, float, float, float] = BOUNDS) -> Archive:
    return light_every_night_archive(bounds, double.endpoints, QUICK)


def fetch(double: OpenS3Double, into: Path, first: Month = MONTH, last: Month = MONTH) -> list[RawFile]:
    source = archive(double)
    return source.fetch(source.list_(first, last), into, None)


def keys(double: OpenS3Double, first: Month, last: Month) -> list[str]:
    return [file.url.partition("/composites/")[2] for file in archive(double).list_(first, last)]


def tifs(double: OpenS3Double) -> list[str]:
    return [double.key_path(path) for path in sorted(double.folder.rglob("*.tif"))]


def left_over(into: Path) -> list[str]:
    return sorted(p.name for p in into.rglob("*") if p.is_file() and p.name not in {".fetch.lock", ".manifest.lock"})


def test_months_are_listed_over_pages_and_gaps_are_gaps(double: OpenS3Double) -> None:
    for month in (Month(2022, 5), Month(2022, 7), Month(2022, 9)):
        write_month(double.folder, month)
    (double.folder / "composites/readme.txt").write_text("not a product")
    assert [key.partition("/")[0] for key in keys(double, MONTH + 1, Month(2022, 9))] == [
        f"npp_2022{month}_ops" for month in ("05", "05", "07", "07", "09", "09")
    ]
    assert keys(double, Month(2030, 1), Month(2030, 2)) == keys(double, MONTH, MONTH + -1) == []
    assert not any(seen.headers.get("Authorization") for seen in double.server.seen)


def test_of_several_processings_the_operational_one_counts(double: OpenS3Double) -> None:
    for config, run in (("vcm-slcorr", "rp2"), ("ecm-slexcl", "ops"), ("vcm-slcorr", "ops")):
        write_month(double.folder, MONTH, config=config, run=run)
    write_month(double.folder, MONTH + -1, config="vcm-slcorr", run="rp2")
    write_month(double.folder, MONTH + -1, config="ecm-slexcl", run="ops")
    write_month(double.folder, MONTH + -2, config="ecm-slexcl", run="ops")
    write_month(double.folder, MONTH + -3)[1].unlink()
    assert keys(double, MONTH + -3, MONTH) == [
        "npp_202111_rp2/DNB_npp_20211101-20211130_global_vcm-slcorr_v10_rp2.avg_rade9.tif",
        "npp_202111_rp2/DNB_npp_20211101-20211130_global_vcm-slcorr_v10_rp2.n_cf.tif",
        "npp_202112_ops/DNB_npp_20211201-20211231_global_ecm-slcorr_v10_ops.avg_rade9.tif",
        "npp_202112_ops/DNB_npp_20211201-20211231_global_ecm-slcorr_v10_ops.n_cf.tif",
    ]


def test_the_renamed_month_belongs_to_its_regime_and_the_reprocessed_one_does_not(
    double: OpenS3Double, tmp_path: Path
) -> None:
    months = [Month(2024, 9), Month(2024, 10), Month(2024, 11)]
    write_month(double.folder, months[0], config="vcm-slcorr", run="rp2")
    write_month(double.folder, months[1], config="ecmslcfg")
    write_month(double.folder, months[1], config="ecmcfg")
    write_month(double.folder, months[2])
    found = fetch(double, tmp_path / "raw", months[0], months[2])
    assert [file.version for file in found] == ["v10/rp2"] * 2 + ["v10/ops"] * 4
    assert "ecmslcfg" in found[2].name
    stack, _ = open_stack(tmp_path / "raw", "light-every-night", BOUNDS, months[0], None)
    assert stack.regimes[1] == stack.regimes[2] == "light-every-night/npp/v10/ecm-slcorr"
    assert stack.regimes[0] == "light-every-night/npp/v10/vcm-slcorr_rp2"


def test_a_window_costs_a_small_part_of_the_file(tmp_path: Path) -> None:
    paths = write_month(tmp_path / "bucket", MONTH, GRID)
    with open_s3(tmp_path / "bucket") as double:
        found = fetch(double, tmp_path / "raw")
        sizes = {double.key_path(path): path.stat().st_size for path in paths}
        sent = {key: double.server.sent(key) for key in sizes}
    assert min(sizes.values()) > 2e6
    for key, size in sizes.items():
        assert 0 < sent[key] < 0.06 * size
    radiance, counts = month_light(MONTH, tuple(GRID.shape))
    for file, truth in zip(found, (radiance, counts), strict=True):
        array, _, _ = raster.read_window(tmp_path / "raw" / file.path)
        np.testing.assert_array_equal(array, truth[936:961, 1440:1489])


def test_a_fetched_pair_reads_as_a_month_and_is_not_fetched_again(double: OpenS3Double, tmp_path: Path) -> None:
    found = fetch(double, tmp_path / "raw")
    stack, notes = open_stack(tmp_path / "raw", "light-every-night", BOUNDS, MONTH, None)
    radiance, _ = month_light(MONTH, tuple(SMALL.shape))
    np.testing.assert_array_equal(stack.radiance[0], radiance[48:73, 48:97])
    assert (stack.missing, notes, len(left_over(tmp_path / "raw"))) == ((), (), 3)
    before = len([seen for seen in double.server.seen if seen.path.endswith(".tif")])
    assert fetch(double, tmp_path / "raw") == found
    assert len([seen for seen in double.server.seen if seen.path.endswith(".tif")]) == before
    assert found[0].listed_size == (double.folder / found[0].url.partition("/globalnightlight/")[2]).stat().st_size


def test_a_replaced_object_is_a_new_vintage_that_is_read_anew_in_the_same_process(
    double: OpenS3Double, tmp_path: Path
) -> None:
    first = fetch(double, tmp_path / "raw")
    shifted = month_light(MONTH + 1, tuple(SMALL.shape))
    from gvio.simulate.formats.light_every_night import write_light_every_night

    write_light_every_night(double.folder, MONTH, *shifted, SMALL)
    second = fetch(double, tmp_path / "raw")
    assert [file.name for file in first] == [file.name for file in second]
    assert all(file.path.startswith("vintages/") for file in second)
    array, _, _ = raster.read_window(tmp_path / "raw" / second[0].path)
    np.testing.assert_array_equal(array, shifted[0][48:73, 48:97])
    old = [file for file in read_manifest(tmp_path / "raw").values() if file.superseded]
    assert sorted(file.path for file in old) == sorted(file.path for file in first)


def test_other_bounds_are_fetched_and_not_found_missing(double: OpenS3Double, tmp_path: Path) -> None:
    fetch(double, tmp_path / "raw")
    wider = archive(double, (121.0, 31.0, 121.25, 31.1))
    found = wider.fetch(wider.list_(MONTH, MONTH), tmp_path / "raw", None)
    assert [raster.geobox_of(tmp_path / "raw" / file.path).shape[1] for file in found] == [61, 61]


@pytest.mark.parametrize("fault", [refuse(503), refuse(500), drop_after(100)])
def test_faults_in_passing_are_survived(double: OpenS3Double, tmp_path: Path, fault) -> None:
    for key in tifs(double):
        double.server.faults[key] = [fault, fault]
    found = fetch(double, tmp_path / "raw")
    radiance, _ = month_light(MONTH, tuple(SMALL.shape))
    array, _, _ = raster.read_window(tmp_path / "raw" / found[0].path)
    np.testing.assert_array_equal(array, radiance[48:73, 48:97])


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (refuse(403), ConfigError, r"Light Every Night refused the request \(HTTP 403\). Check the address"),
        (refuse(404), ProductError, r"Light Every Night no longer has it \(HTTP 404\). It was withdrawn"),
        (refuse(503), UpstreamUnavailable, r"its window could not be read \(HTTP 503\). Try again later"),
        (drop_after(0), UpstreamUnavailable, r"its window could not be read \(.*\). Try again later"),
        (lambda request, route: Answer(200, b"II*\0" * 5000), UpstreamUnavailable, "its window could not be read"),
    ],
)
def test_faults_that_stay_are_told_each_in_its_own_words(
    double: OpenS3Double, tmp_path: Path, fault, kind: type[Exception], message: str
) -> None:
    for key in tifs(double):
        double.server.routes[key] = lambda request: fault(request, double.bucket)
    with pytest.raises(kind, match=message):
        fetch(double, tmp_path / "raw")
    assert left_over(tmp_path / "raw") == []
    for key in tifs(double):
        del double.server.routes[key]
    assert len(fetch(double, tmp_path / "raw")) == 2  # nothing that failed is remembered


def test_an_object_that_changes_while_its_window_is_read_is_never_a_mixture(
    double: OpenS3Double, tmp_path: Path
) -> None:
    source = archive(double)
    listed = source.list_(MONTH, MONTH)
    write_month(double.folder, MONTH + 1)[0].replace(double.folder / listed[0].url.partition("/globalnightlight/")[2])
    with pytest.raises(UpstreamUnavailable, match="the object changed at the archive while its window was read"):
        source.fetch(listed, tmp_path / "raw", None)
    assert [name.rpartition("_ops")[2] for name in left_over(tmp_path / "raw")] == [".n_cf.tif", "manifest.json"]


def test_a_file_that_does_not_hold_the_region_is_refused(double: OpenS3Double, tmp_path: Path) -> None:
    elsewhere = archive(double, (10.0, 50.0, 10.2, 50.1))
    with pytest.raises(ProductError, match=r"nothing of the region"):
        elsewhere.fetch(elsewhere.list_(MONTH, MONTH), tmp_path / "raw", None)
    assert left_over(tmp_path / "raw") == []


def test_a_bucket_that_is_no_longer_open_is_told_without_asking_for_keys(double: OpenS3Double) -> None:
    double.denied = True
    with pytest.raises(StoreError, match=r"access is denied \(AccessDenied\). It is read without credentials"):
        archive(double).list_(MONTH, MONTH)


def test_a_bucket_that_does_not_answer_may_answer_later(double: OpenS3Double) -> None:
    double.server.faults["/globalnightlight"] = [refuse(503)] * 9  # boto3's own five attempts take some seconds
    with pytest.raises(UpstreamUnavailable, match=r"the S3 server failed"):
        archive(double).list_(MONTH, MONTH)


def test_a_closed_port_is_told_without_naming_the_address_of_ones_own_store(double: OpenS3Double) -> None:
    closed = double.endpoints.model_copy(update={"light_every_night": "http://127.0.0.1:9"})
    with pytest.raises(UpstreamUnavailable, match=r"does not answer \(EndpointConnectionError\). Check the network"):
        light_every_night_archive(BOUNDS, closed).list_(MONTH, MONTH)


def test_an_endpoint_that_is_no_url_is_told(double: OpenS3Double) -> None:
    wrong = double.endpoints.model_copy(update={"light_every_night": "no url"})
    with pytest.raises(StoreError, match=r"the S3 endpoint is not a URL"):
        light_every_night_archive(BOUNDS, wrong).list_(MONTH, MONTH)


def test_a_folder_that_cannot_be_written_is_told(double: OpenS3Double, tmp_path: Path) -> None:
    source = archive(double)
    listed = source.list_(MONTH, MONTH)
    for file in listed:
        (tmp_path / "raw" / file.name / "in the way").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"raw: cannot be written \(.*\). Free space"):
        source.fetch(listed, tmp_path / "raw", None)


def test_a_name_that_was_not_listed_is_not_fetched(double: OpenS3Double, tmp_path: Path) -> None:
    import dataclasses

    source = archive(double)
    stray = dataclasses.replace(source.list_(MONTH, MONTH)[0], name="stray.tif")
    with pytest.raises(ProductError, match=r"stray.tif: has no official name. Fetch what the archive lists"):
        source.fetch([stray], tmp_path / "raw", None)


def test_an_unknown_certificate_is_refused(tmp_path: Path) -> None:
    write_month(tmp_path / "bucket", MONTH)
    with open_s3(tmp_path / "bucket", tls=True) as double, open_s3(tmp_path / "bucket") as plain:
        listed = archive(plain).list_(MONTH, MONTH)
        import dataclasses

        secret = [dataclasses.replace(f, url=f.url.replace(plain.server.url, double.server.url)) for f in listed]
        with pytest.raises(UpstreamUnavailable, match="could not be read"):
            archive(double).fetch(secret, tmp_path / "raw", None)
        assert double.server.seen == []
