"""Knowledge is totally ordered: month, then newest statistic, then as-of day; the unknown sorts lowest."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import pytest

from gvio.publish.knowledge import Knowledge
from gvio.publish.latest import latest_json, parse_latest
from gvio.publish.manifest import names_its_content, parse_manifest, release_id
from gvio.types import Month

FEBRUARY, MARCH = Month(2021, 2), Month(2021, 3)
ASCENDING = [
    Knowledge(FEBRUARY, "2021-12-31", "2021-12-31"),
    Knowledge(MARCH, None, ""),
    Knowledge(MARCH, None, "2021-05-01"),
    Knowledge(MARCH, "2021-04-18", ""),
    Knowledge(MARCH, "2021-04-18", "2021-04-20"),
    Knowledge(MARCH, "2021-04-18", "2021-04-21"),
    Knowledge(MARCH, "2021-04-19", "2021-04-20"),
]


@pytest.mark.parametrize(("lower", "higher"), list(itertools.combinations(ASCENDING, 2)))
def test_the_order_is_total(lower: Knowledge, higher: Knowledge) -> None:
    assert lower < higher
    assert higher > lower
    assert lower != higher
    assert lower <= lower
    assert not lower < lower


@pytest.mark.parametrize("day", ["20210420", "2021-4-20", "yesterday", "2021-04-31"])
def test_a_day_has_one_spelling(day: str) -> None:
    with pytest.raises(ValueError, match=r"not a day|[Ii]nvalid isoformat|day is out of range"):
        Knowledge(MARCH, None, day)


@pytest.mark.parametrize("known", ASCENDING)
def test_the_pointer_carries_it(known: Knowledge) -> None:
    data = latest_json("testland", "2021-03-0123456789ab", known, dt.datetime(2021, 5, 1, tzinfo=dt.UTC))
    assert parse_latest(json.loads(data)).knowledge == known


def test_the_pointer_carries_both_or_neither() -> None:
    document = json.loads(latest_json("t", "r", ASCENDING[-1], dt.datetime(2021, 5, 1, tzinfo=dt.UTC)))
    for name in ("public_until", "as_of"):
        with pytest.raises(KeyError):
            parse_latest({k: v for k, v in document.items() if k != name})


@pytest.mark.parametrize(
    "change",
    [
        {"release": "../r"},
        {"month": "2021-3"},
        {"month": " 2021-03"},
        {"published_at": "soon"},
        {"published_at": "2021-05-01T00:00:00"},
        {"as_of": "20210501"},
    ],
)
def test_a_pointer_with_an_impossible_field_is_not_understood(change) -> None:
    document = json.loads(latest_json("t", "r", ASCENDING[-1], dt.datetime(2021, 5, 1, tzinfo=dt.UTC)))
    with pytest.raises(ValueError, match=r"."):
        parse_latest(document | change)


def test_the_as_of_day_is_no_part_of_the_release_and_the_newest_statistic_is(make_release) -> None:
    first = make_release(knowledge=Knowledge(MARCH, "2021-04-18", "2021-04-20"))
    assert make_release(knowledge=Knowledge(MARCH, "2021-04-18", "2021-04-21")).id == first.id
    assert make_release(knowledge=Knowledge(MARCH, "2021-04-19", "2021-04-20")).id != first.id
    assert json.loads(first.manifest)["public_until"] == "2021-04-18"


def test_knowledge_of_another_month_makes_no_release(make_release) -> None:
    with pytest.raises(ValueError, match="knowledge of 2021-02 for a release of 2021-03"):
        make_release(knowledge=ASCENDING[0])


def test_a_manifest_names_its_content_and_reads_back(make_release) -> None:
    release = make_release()
    assert names_its_content(release.manifest, release.id)
    assert not names_its_content(release.manifest, "2021-03-0123456789ab")
    assert not names_its_content(b"", release.id)
    manifest = parse_manifest(json.loads(release.manifest))
    assert (manifest.objects, manifest.month, manifest.skill) == (release.objects, MARCH, "weak")
    assert list(manifest.grids) == ["2021-01", "2021-02", "2021-03"]


def test_a_manifest_of_before_says_in_its_inputs_what_was_public() -> None:
    old = {"schema_version": 1, "release": "r", "region": "t", "month": "2021-03", "objects": []}
    assert parse_manifest(old).public_until is None
    assert parse_manifest(old | {"inputs": {"figures_public_until": "2021-04-18"}}).public_until == "2021-04-18"


def test_a_manifest_of_a_release_of_before_names_its_content(make_release) -> None:
    document = json.loads(make_release().manifest)
    facts = {k: document[k] for k in ("inputs", "model", "code", "skill", "region", "month")}
    old = release_id("2021-03", facts, parse_manifest(document).objects)
    text = make_release().manifest.decode().replace(document["release"], old)
    later = ("public_until", "invented")
    text = "".join(line for line in text.splitlines(keepends=True) if not any(field in line for field in later))
    assert names_its_content(text.encode(), old)
