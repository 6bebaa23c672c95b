"""Every view drawn by Streamlit's own test runner over a release in a real folder store, and every way to have none."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import html
import json
import re
from pathlib import Path
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pandas as pd
import pytest
from release_fixture import CITY, NAMES, Invented, invent
from release_writer import publish_invented
from streamlit.testing.v1 import AppTest

from dashboards.launch import command
from gvio.config import INVENTED
from gvio.drift.coverage import Coverage
from gvio.drift.monitors import Alarm, Drift, Reading
from gvio.publish.look import Awaited, LastLook
from gvio.publish.moves import utc_text
from gvio.scoreboard.board import Scoreboard
from gvio.store.looks import write_look
from gvio.store.objects import open_store
from gvio.store.published import read_release


def page(store: str) -> None:
    from dashboards.app import main

    main(["--store", store])


def run(store: Path | str, **query: str | list[str]) -> AppTest:
    app = AppTest.from_function(page, kwargs={"store": str(store)}, default_timeout=60)
    if "view" in query:
        app.session_state["view"] = query.pop("view")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    parts = [*app.title, *app.header, *app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.subheader]
    written = "\n".join(str(part.value) for part in parts)
    return _ESCAPE.sub(r"\1", written) + "\n".join(str(h.proto.body) for h in app.get("html"))


def address(app: AppTest) -> dict[str, list[str]]:
    return {name: [of] if isinstance(of, str) else list(of) for name, of in app.query_params.items()}


_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def title(app: AppTest) -> str:
    return _ESCAPE.sub(r"\1", app.title[0].value)


def districts(app: AppTest) -> pd.DataFrame:
    """The table of districts as a reader of the page's HTML finds it: lines of a cell are told apart by |."""
    page = next(str(h.proto.body) for h in app.get("html") if "gvio-months" in str(h.proto.body))
    head, *rows = (["|".join(cell.itertext()) for cell in row] for row in ElementTree.fromstring(page).iter("tr"))
    return pd.DataFrame(rows, columns=[name.partition("|")[0] for name in head])


def _release(store: Path) -> str:
    return str(json.loads((store / "testville" / "latest.json").read_text())["release"])


@pytest.fixture(scope="module")
def world() -> Invented:
    return invent()


@pytest.fixture(scope="module")
def store(world: Invented, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    publish_invented(folder, world)
    return folder


def test_the_first_view_shows_the_city_and_its_districts(store: Path, world: Invented) -> None:
    app = run(store)
    assert title(app).startswith("Testville (demonstration")
    newest = world.estimates[world.estimates["month"] == "2021-12"].set_index("area_id")
    assert f"{newest.loc['CITY', 'estimate']:,.0f}" in text(app)
    table = districts(app)
    assert table["District"].tolist()[:2] == ["Testville|nowcast", "Old Town|nowcast"]
    estimates = [float(cell.partition("|")[0].replace(",", "")) for cell in table["Estimate"]]
    assert sum(estimates[1:]) == pytest.approx(estimates[0], abs=1)
    assert sum(float(share.rstrip(" %")) for share in table["Share"][1:]) == pytest.approx(100, abs=0.3)
    assert "The city's estimate and those of all districts are nowcasts" in text(app)
    assert re.search(
        r"Testville made [0-9,]+ × 100 million CNY in December 2021 .*on December 2020, (with|beyond)", text(app)
    )


def test_invented_data_is_called_invented(store: Path, world: Invented, tmp_path: Path) -> None:
    assert INVENTED in text(run(store))
    publish_invented(tmp_path, world, title="Testville", invented=False)
    assert "INVENTED" not in text(run(tmp_path))


def test_an_old_release_says_so(world: Invented, tmp_path: Path) -> None:
    created = dt.datetime.now(dt.UTC) - dt.timedelta(days=76)
    publish_invented(tmp_path, world, created=created)
    assert "This release is 76 days old" in text(run(tmp_path))


def test_several_regions_can_be_chosen(world: Invented, tmp_path: Path) -> None:
    publish_invented(tmp_path, world, name="first", title="First")
    publish_invented(tmp_path, world, name="second", title="Second")
    app = run(tmp_path)
    assert app.selectbox(key="region").options == ["first", "second"]
    assert run(tmp_path, region="second").title[0].value == "Second"
    assert "no region 'third' in this store; it holds first, second" in text(run(tmp_path, region="third"))


def test_an_older_release_stays_readable(world: Invented, tmp_path: Path) -> None:
    older = publish_invented(tmp_path, world, title="First edition")
    newer = publish_invented(tmp_path, world, title="Second edition")
    assert older != newer
    assert run(tmp_path).title[0].value == "Second edition"
    app = run(tmp_path, region="testville", release=older)
    assert app.title[0].value == "First edition"
    assert "This is not the newest release" in text(app)


def test_the_page_says_how_the_last_look_ended(world: Invented, tmp_path: Path) -> None:
    look = LastLook(
        region="testville",
        outcome="late",
        reason="",
        looked_at=utc_text(dt.datetime.now(dt.UTC)),
        next_look=None,
        asked=None,
        as_of="2022-05-01",
        release=None,
        month=None,
        newest_light="2021-12",
        newest_figures=None,
        awaited=(Awaited("light of 2022-01", "2022-04-16"),),
    )
    write_look(open_store(str(tmp_path)), look)
    sentence = "(today): late, awaiting light of 2022-01 since 2022-04-16; newest light 2021-12"
    shown = text(run(tmp_path))
    assert sentence in shown
    assert "has no release yet" in shown
    older = publish_invented(tmp_path, world, title="First edition")
    assert sentence in text(run(tmp_path))
    publish_invented(tmp_path, world, title="Second edition")
    assert "(today)" in text(run(tmp_path, release=older, view="Give me the data"))
    assert "not recorded" not in text(run(tmp_path, release=older, view="Give me the data"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("What happened?", "Testville made"),
        ("How has it developed?", "Grey strip at the bottom: nowcast"),
        ("Can I trust it?", "What light does in each district"),
        ("Can I trust it?", "This release has no out-of-time comparison with a naive forecast"),
        ("Is the data sound?", "All required checks passed"),
        ("Give me the data", "ef" * 32),
    ],
)
def test_every_view_bears_a_release_that_was_never_scored(
    world: Invented, tmp_path: Path, name: str, expected: str
) -> None:
    publish_invented(tmp_path, dataclasses.replace(world, scoreboard=Scoreboard()))
    assert expected in text(run(tmp_path, view=name))


def test_the_reasons_of_a_number_are_a_sentence_and_a_table(store: Path) -> None:
    app = run(store, view="Can I trust it?")
    assert re.search(r"In December 2021, Old Town is (at|[0-9.]+ % (above|below)) its own mean: .*\. Light ", text(app))
    assert sorted(app.dataframe[0].value["name"]) == sorted(NAMES.values())
    app.selectbox(key="why-month").select("2020-02").run()
    assert "In February 2020, Old Town is" in text(app)
    assert "holidays and working days" in text(app)


def test_a_release_without_reasons_says_so(world: Invented, tmp_path: Path) -> None:
    publish_invented(tmp_path, world, explained=False)
    assert "This release carries no explanations" in text(run(tmp_path, view="Can I trust it?"))


def test_warnings_are_shown_in_full(store: Path, world: Invented) -> None:
    warned = [check for check in world.checks if not check.passed]
    assert warned
    shown = text(run(store, view="Is the data sound?"))
    assert [check.name for check in warned if html.escape(check.message) not in shown] == []
    assert "Drift: this release was made before drift was watched." in shown


def test_drift_is_told_with_what_to_do(world: Invented, tmp_path: Path) -> None:
    alarm = Alarm("light_city", CITY, "2021-10", "2021-11", 0.095)
    readings = (Reading("counts_city", 12, 0.4, CITY),)
    drift = Drift("2021-12", (alarm,), readings, (), Coverage(0, 0, 0.0), dict.fromkeys(NAMES, 9), "v10")
    publish_invented(tmp_path, world, drift=drift)
    shown = text(run(tmp_path, view="Is the data sound?"))
    assert "Drift: 1 alarm in the 12 months until 2021-12." in shown
    assert "light of Testville away from factories is +10 % against its season and trend, since 2021-10" in shown
    assert "Ask the provider for a change of sensor" in shown
    assert "12 months judged, highest sum at 40 % of its threshold" in shown
    assert "no figure to compare with yet" in shown


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("absent-folder", "Nothing is published in absent-folder yet"),
        ("ftp://host/x", "scheme 'ftp' of 'ftp://host/x' is not served"),
    ],
)
def test_no_store_is_one_sentence(url: str, sentence: str) -> None:
    assert sentence in text(run(url))


def test_damage_is_one_sentence(world: Invented, tmp_path: Path) -> None:
    release = publish_invented(tmp_path, world)
    (tmp_path / "testville" / "releases" / release / "scoreboard.json").write_text("{}")
    assert "its bytes are not the ones published" in text(run(tmp_path))
    assert "no-such-release" in text(run(tmp_path, release="no-such-release"))


def test_an_empty_store_is_one_sentence(tmp_path: Path) -> None:
    assert "Publish a month: gvio run --store" in text(run(tmp_path))


def test_a_damaged_map_leaves_the_figures(world: Invented, tmp_path: Path) -> None:
    release = publish_invented(tmp_path, world)
    grids = read_release(open_store(str(tmp_path)), "testville", release).grids
    (tmp_path / "testville" / grids["2021-12"]).write_bytes(b"no picture")
    app = run(tmp_path)
    assert "The map of this month could not be shown" in text(app)
    assert len(districts(app)) == len(NAMES) + 1


def test_marks_of_markdown_in_names_are_text(world: Invented, tmp_path: Path) -> None:
    publish_invented(tmp_path, world, title="Test ![x](http://example.org/x.png) *ville*")
    written = run(tmp_path).title[0].value
    assert r"\!\[x\]\(http" in written
    assert r"\*ville\*" in written


def test_january_and_february_are_summed_until_asked(store: Path) -> None:
    app = run(store, page="developed")
    assert app.segmented_control(key="newyear").value == "joined"
    app.segmented_control(key="newyear").set_value("apart").run()
    assert not app.exception
    assert address(app)["newyear"] == ["apart"]


VIEW = {"page": "developed", "form": "index", "month": "2020-06", "area": ["D3", "D5"], "newyear": "apart"}


def test_the_address_holds_the_whole_view_and_opens_it_again(store: Path) -> None:
    asked = {name: [value] if isinstance(value, str) else value for name, value in VIEW.items()}
    app = run(store, **VIEW)
    kept = address(app)
    assert asked.items() <= kept.items()
    assert kept["release"] == [_release(store)]
    assert app.multiselect(key="areas-developed").value == ["D3", "D5"]
    again = run(store, **kept)
    assert address(again) == kept


def test_an_address_that_asks_for_what_is_not_there_shows_the_first_view(store: Path) -> None:
    asked = {"page": "nowhere", "month": "1999-01", "area": ["D99"], "layer": "x", "squares": "3 miles"}
    app = run(store, **asked)
    assert address(app)["page"] == ["happened"]
    assert address(app)["area"] == ["CITY"]
    assert address(app)["month"] == ["2021-12"]


def test_a_click_on_a_name_opens_its_chart(store: Path) -> None:
    app = run(store)
    html = next(str(h.proto.body) for h in app.get("html") if "gvio-months" in str(h.proto.body))
    link = ElementTree.fromstring(html).find(".//a[@data-gvio-area='D6']").attrib["href"]
    opened = run(store, **dict(parse_qs(link[1:])))
    assert opened.multiselect(key="areas-happened").value == ["D6"]


def test_a_view_is_kept_from_page_to_page(store: Path) -> None:
    app = run(store, area=["D2"], form="year")
    app.session_state["view"] = "How has it developed?"
    app.run()
    assert app.multiselect(key="areas-developed").value == ["D2"]
    assert app.segmented_control(key="form").value == "year"


def test_the_newest_release_is_offered_and_never_mixed(world: Invented, tmp_path: Path) -> None:
    publish_invented(tmp_path, world, title="First edition")
    app = run(tmp_path)
    newer = publish_invented(tmp_path, world, title="Second edition")
    app.run()
    assert app.title[0].value == "First edition"
    assert f"release={newer}" in "".join(str(info.value) for info in app.info)


def test_the_slider_turns_the_month(store: Path) -> None:
    app = run(store)
    app.select_slider(key="month-slider").set_value("2021-11").run()
    assert not app.exception
    assert address(app)["month"] == ["2021-11"]
    assert "in November 2021" in text(app)


def test_a_month_without_a_map_keeps_its_figures(store: Path) -> None:
    app = run(store, month="2020-03")
    assert "This release has no map of March 2020" in text(app)
    assert len(districts(app)) == len(NAMES) + 1


def test_a_malformed_release_is_one_sentence(world: Invented, tmp_path: Path) -> None:
    release = publish_invented(tmp_path, world)
    manifest = tmp_path / "testville" / "releases" / release / "manifest.json"
    document = json.loads(manifest.read_text())
    (listed,) = (entry for entry in document["objects"] if entry["key"].endswith("checks.json"))
    (manifest.parent / "checks.json").write_bytes(b"{}")
    listed["sha256"] = hashlib.sha256(b"{}").hexdigest()
    manifest.write_text(json.dumps(document))
    assert "is what was published, and cannot be understood" in text(run(tmp_path))


def test_no_address_of_a_server_stands_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:password@127.0.0.1:1")
    words = command("s3://bucket/prefix", None, True)
    assert [word for word in words if "password" in word or "user" in word] == []
    assert words[-2:] == ["--store", "s3://bucket/prefix"]
