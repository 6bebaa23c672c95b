"""Places, trends, every district, balance and observations, drawn by Streamlit's own test runner."""

from __future__ import annotations

from pathlib import Path

import pytest
from release_fixture import Invented, invent
from release_writer import publish_invented
from test_dashboard_views import address, run, text

from gvio.report.changes import JOINT
from gvio.report.numbers import interval_percent

POINT, FIELD = "121.1,31.4", "121.1,31.3,121.3,31.3,121.3,31.4,121.1,31.4"


@pytest.fixture(scope="module")
def world() -> Invented:
    return invent()


@pytest.fixture(scope="module")
def store(world: Invented, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    publish_invented(folder, world, mapped=True)
    return folder


def test_a_link_holds_a_point_and_an_area_and_shows_them_again(store: Path) -> None:
    app = run(store, page="developed", at=POINT, polygon=FIELD, form="index")
    places = app.multiselect(key="places")
    assert [key.partition("=")[0] for key in places.value] == ["at", "polygon"]
    assert "211 km² at 121.200, 31.350 (Harbour, Old Town)" in places.options
    kept = address(app)
    assert (kept["at"], kept["polygon"]) == ([POINT], [FIELD])
    assert address(run(store, **kept)) == kept
    places.set_value([f"polygon={FIELD}"]).run()
    assert "at" not in address(app)


def test_what_is_typed_is_in_the_chart_or_told(store: Path) -> None:
    app = run(store, page="developed")
    app.text_input(key="places-typed").set_value("121.2, 31.35").run()
    assert address(app)["at"] == ["121.2,31.35"]
    app.text_input(key="places-typed").set_value("31.35, 121.2").run()
    assert "'31.35, 121.2' is no place" in text(app)
    app.text_input(key="places-typed").set_value("10, 10").run()
    assert "(10, 10) lies outside the grid" in text(app)
    assert not app.exception


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"look": "districts", "form": "density"}, "each on a scale of its own"),
        ({"look": "balance"}, "Groups of the pack: north, south."),
        ({"form": "adjusted", "area": "D3"}, "STL of the logarithm"),
        ({"cells": "pixels"}, "Pale and hatched"),
        ({"ground": "output", "cells": "2km"}, "Output of each square in December 2021"),
    ],
)
def test_every_look_and_form_is_drawn(store: Path, query: dict[str, str], expected: str) -> None:
    app = run(store, page="developed", **query)
    assert expected in text(app)
    assert query.items() <= {name: of[0] for name, of in address(app).items()}.items()


def test_a_release_of_before_says_what_it_lacks(world: Invented, tmp_path: Path) -> None:
    publish_invented(tmp_path, world)
    shown = text(run(tmp_path, page="developed", polygon=FIELD, form="density"))
    assert "the release says not which pixels are a district's" in shown
    assert "This form needs the districts' outlines in the release" in shown
    assert "The pack names no groups" in text(run(tmp_path, page="developed", look="balance"))
    assert "before counts of observations were published" in text(run(tmp_path, page="sound"))


def test_changes_have_the_intervals_of_the_release(store: Path, world: Invented) -> None:
    app = run(store)
    assert JOINT in text(app)
    table = world.estimates.set_index(["area_id", "month"])["estimate"]
    percent = 100 * (table["CITY", "2021-12"] / table["CITY", "2020-12"] - 1)
    assert interval_percent(percent - 1, percent + 1) in text(app)


def test_observations_and_a_change_of_processing_are_told(store: Path) -> None:
    app = run(store, page="sound")
    assert "The processing of light changed in January 2020 (npp → j01)" in text(app)
    assert "changed: npp → j01" in app.dataframe[0].value["Processing"].tolist()
