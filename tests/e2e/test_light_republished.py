"""A provider writes a published month's light again: the same run makes a release that says what was wrong where."""

from __future__ import annotations

import json

import numpy as np
from badland import BEFORE, TARGET, Region, call

from gvio import raster
from gvio.store.objects import open_store
from gvio.store.published import list_releases, read_release
from gvio.store.revisions import read_errata_of, read_news_of


def test_light_written_again_is_an_erratum_of_the_releases_that_hold_it(region: Region) -> None:
    before = list_releases(open_store(str(region.store)), "badland")
    _brighten(region, district=0, factor=8.0)
    report = region.run("run", "--json", month=TARGET, as_of="2021-01-25").document
    assert report["outcome"] == "published"
    store = open_store(str(region.store))
    manifest = read_release(store, "badland").manifest
    (found,) = read_errata_of(store, manifest)
    assert (found.cause, found.replaced_by) == ("reprocessed_light", manifest.release)
    assert set(found.releases) == set(before), "both hold estimates of that month"
    assert {one.area_id for one in found.estimates} & {"D00"}
    news = read_news_of(store, manifest)
    assert news is not None
    parts = news.rows.drop(columns=["area_id", "month", "change"])
    assert np.allclose(parts.sum(axis=1), news.rows["change"], atol=1e-9)
    assert news.rows["reprocessed_light"].abs().max() > 0.01
    assert news.rows["new_light"].abs().max() < 1e-9, "no month is new"
    (entry,) = call("status", "--store", region.store, "--json").document
    assert manifest.release in json.dumps(entry["errata"])
    assert call("verify", "--store", region.store).code == 0
    after = region.published()
    assert region.run("run", "--json", month=TARGET, as_of="2021-01-25").document["outcome"] == "unchanged"
    assert region.published() == after, "an erratum is written once"


def _brighten(region: Region, *, district: int, factor: float) -> None:
    """One month's light of a district's factories, written again under the same names."""
    path = region.light(BEFORE)[0]
    values, geobox, _ = raster.read_window(path)
    values[region.owner() == district] *= factor
    raster.write_geotiff(path, values, geobox, nodata=float("nan"))
