"""The page in Chinese over a release of Chinese names: whatever Latin word is left is a name, a file's or the run's."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import release_writer
import streamlit as st
from google.protobuf.json_format import MessageToDict
from release_fixture import CITY, invent
from release_writer import publish_invented
from streamlit.testing.v1 import AppTest
from test_dashboard_views import address, page, text

from gvio.drift.coverage import Coverage
from gvio.drift.monitors import Alarm, Drift, Reading
from gvio.publish.look import Awaited, LastLook
from gvio.publish.moves import utc_text
from gvio.store.looks import write_look
from gvio.store.objects import open_store

VIEWS = ("happened", "developed", "trusted", "sound", "given")
NAMES = {"D1": "港区", "D2": "老城", "D3": "北厂", "D4": "河滨", "D5": "空港", "D6": "湿地"}
READ = {"body", "label", "help", "placeholder", "options", "content", "alt", "columns"}
OF_CHARTS = {"name", "text", "hovertemplate", "customdata", "told"}
# What is no text, and what the run wrote: rows of checks, what made the release.
HIDDEN = re.compile(
    r"<style>.*?</style>|<script>.*?</script>|<div [^>]*所有检查.*?</table>|<dl (?!.*<dt>发布时间).*?</dl>|"
    r"<[^>]*>|\]\([^)]*\)|%\{.*?\}|:[a-z]+-badge",
    re.DOTALL,
)
# Formats, methods, commands and names of files, which are the same in every language.
SAME = re.compile(
    r"STORE/\S+|CSV|PDF|PNG|GeoTIFF|GeoJSON|RFC|Parquet|Python|QGIS|R|SA-CNN|CNN|MAPE|MASE|STL|SHA-256|UTC|Ctrl|English|Testville|CITY|km|"
    r"Theil–Sen|Mann–Kendall|Cleveland|gvio [a-z]+ (--\w+ \S+ ?)*|docs/\S+\.md|testville|vnl|npp → \w+|npp/\S+|"
    r"20\d\d-\d\d-[0-9a-f]{12}"
)
ENGLISH = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release_writer, "NAMES", NAMES)
        alarm = Alarm("light_districts", "D1", "2021-07", "2021-09", 0.2)
        readings = (Reading("light_city", 30, 0.4, CITY), Reading("coverage", 10, 0.8, CITY))
        drift = Drift("2021-12", (alarm,), readings, (), Coverage(10, 8, 0.8), dict.fromkeys(NAMES, 9), "vnl")
        publish_invented(folder, invent(), title="测试城", drift=drift, mapped=True)
    return folder


def run(store: Path, locale: str | None, **query: Any) -> AppTest:
    app = AppTest.from_function(page, kwargs={"store": str(store)}, default_timeout=60)
    app.context = {"locale": locale}
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def strings(value: Any, keys: set[str]) -> Iterator[str]:
    """Every text, or list of texts, at one of the keys, however deep."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, str) and key in keys:
            yield from strings(json.loads(inner), {"label", "help"}) if key == "columns" else [inner]
        elif isinstance(inner, list) and key in keys and all(isinstance(one, str) for one in inner):
            yield from inner
        elif isinstance(inner, dict | list):
            yield from strings(inner, keys)


def protos(node: Any) -> Iterator[dict[str, Any]]:
    if (proto := getattr(node, "proto", None)) is not None:
        yield MessageToDict(proto)
    for child in getattr(node, "children", {}).values():
        yield from protos(child)


def shown(app: AppTest) -> list[str]:
    """What people read: labels, texts, options, and what stands in charts and maps."""
    found: list[str] = []
    for proto in protos(app._tree):
        found += strings(proto, READ)
        for document in (proto.get("spec"), proto.get("json")):
            found += strings(json.loads(document), OF_CHARTS) if document else []
    return [HIDDEN.sub(" ", html.unescape(said)).replace("\\", "") for said in found]


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_is_left_in_english(store: Path, view: str) -> None:
    run(store, "en-GB", page=view)  # what is kept for an English reader is not shown to a Chinese one
    app = run(store, "zh-CN", page=view)
    assert [said for said in shown(app) if ENGLISH.search(SAME.sub("", said))] == []
    assert len(shown(app)) > 30
    titled = {"name", "moved", "believed"}  # the table has titles of its own for them
    columns = {str(column) for table in app.dataframe for column in table.value.columns} - titled
    assert [column for column in columns if ENGLISH.search(SAME.sub("", column))] == []


def files(store: Path, locale: str, view: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the buttons of a view give, by name; pictures are drawn in the reader's language."""
    found: dict[str, Callable[[], bytes]] = {}
    with monkeypatch.context() as patch:
        patch.setattr(st, "download_button", lambda _, data, **how: found.update({how["file_name"]: data}))
        run(store, locale, page=view, at="121.2,31.2")
    return {name: made() for name, made in found.items() if not name.endswith(".png")}


@pytest.mark.parametrize("view", VIEWS)
def test_files_are_the_same_in_every_language(store: Path, view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    english, chinese = (files(store, locale, view, monkeypatch) for locale in ("en-GB", "zh-CN"))
    assert len(english) >= 2
    assert chinese == english


def test_the_language_is_the_switch_s_else_the_address_s_else_the_browser_s(store: Path) -> None:
    app = run(store, "zh-CN", month="2021-11")
    assert "工业产值" in app.header[0].value
    assert "lang" not in address(app), "a link opens in its reader's language"
    app.sidebar.button_group[0].set_value("en").run()
    assert "Testville made" in app.header[0].value
    assert "November 2021" in app.header[0].value
    assert "Names of regions" not in text(app)
    assert (address(app)["lang"], address(app)["month"]) == (["en"], ["2021-11"])
    app.sidebar.button_group[0].set_value("zh").run()
    assert "2021年11月" in app.header[0].value
    assert address(app)["lang"] == ["zh"]
    assert "Testville made" in run(store, "zh-CN", lang="en").header[0].value
    assert "工业产值" in run(store, "en-GB", lang="zh-CN").header[0].value
    for nobody_s in (None, "de-DE"):
        assert "Testville made" in run(store, nobody_s, lang="tlh").header[0].value


def test_a_place_that_is_none_is_told_in_the_reader_s_language(store: Path) -> None:
    app = run(store, "zh-CN", page="developed")
    app.text_input[0].set_value("somewhere").run()
    assert "不是地点" in text(app)
    assert "请输入一个点的经度、纬度" in text(app)
    said = text(run(store, "zh-CN", page="developed", at="10,10"))
    assert "本次发布没有关于此地点的内容" in said
    assert "(10, 10) lies outside the grid" in said


def test_the_last_look_is_told_in_the_reader_s_language(store: Path, tmp_path: Path) -> None:
    now = utc_text(dt.datetime.now(dt.UTC))
    awaited = (Awaited("light of 2022-01", "2022-04-16"),)
    look = LastLook("testville", "late", "", now, None, None, "2022-05-01", None, None, "2021-12", None, awaited)
    write_look(open_store(str(tmp_path)), look)
    app = run(tmp_path, "zh-CN")
    said = text(app)
    assert "（今天）：逾期，等待2022-01 的夜光（自 2022-04-16 起）；最新夜光 2021-12（距今 " in said
    assert "区域 'testville' 尚无发布。发布一个月份：gvio run" in said
