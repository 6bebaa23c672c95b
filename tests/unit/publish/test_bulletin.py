"""The bulletin: what it says in both languages, that it asks nobody for anything, and that it repeats to the byte."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.publish import bulletin
from gvio.publish.bulletin import bulletin_objects, map_picture
from gvio.publish.manifest import MEDIA_TYPES
from gvio.report import bulletin_pdf, fonts
from gvio.report.bulletin import Facts, curve_note, english
from gvio.report.bulletin_chinese import chinese
from gvio.report.bulletin_pdf import cut, wrapped
from gvio.report.bulletin_trend import nice_levels, trend
from gvio.report.fonts import Font, latin_font
from gvio.revisions.news import PARTS
from gvio.scoreboard.board import Scoreboard
from gvio.types import CheckResult, Month, month_range

NAMES = {"A": "Harbour <b>", "B": "Marsh", "CITY": "Testville"}
OUTLINES = b"""{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry":
{"type": "Polygon", "coordinates": [[[120.0, 30.9], [120.1, 30.9], [120.1, 31.0], [120.0, 31.0], [120.0, 30.9]]]}}]}"""


def estimates() -> pd.DataFrame:
    months = list(month_range(Month(2019, 1), Month(2021, 12)))
    rows = []
    for number, month in enumerate(months):
        for area, level in (("A", 60.0), ("B", 40.0), ("CITY", 100.0)):
            value = level * (1 + 0.01 * number)
            public = month < Month(2021, 10) and month.month > 2
            rows.append(
                {"area_id": area, "month": str(month), "estimate": value}
                | {"lower80": 0.98 * value, "upper80": 1.02 * value, "lower95": 0.97 * value, "upper95": 1.03 * value}
                | {"official": value if public else np.nan, "kind": "fitted" if public else "nowcast"}
            )
    return pd.DataFrame(rows)


def figures() -> pd.DataFrame:
    """A public sum of the January and February of one year."""
    row = {"area_id": "CITY", "start": "2020-01", "end": "2020-02", "value": 230.0, "published": "2020-03-20"}
    return pd.DataFrame([row])


@pytest.fixture(scope="module")
def facts() -> Facts:
    parts = dict.fromkeys(PARTS, 0.0) | {"new_light": 0.02}
    news = pd.DataFrame([{"area_id": "A", "month": "2021-11", "change": 0.02, **parts}])
    checks = [CheckResult("light.coverage", True, True, "2021-12", "seen", {})]
    return Facts(
        region="testland",
        title="Testland (invented)",
        month="2021-12",
        unit="100 million CNY",
        invented=True,
        city="CITY",
        names=NAMES,
        estimates=estimates(),
        figures=figures(),
        news=news,
        scoreboard=Scoreboard(schema_version=1, verdict="Better than last year.", skill="proven"),
        checks=checks,
        sha256="ab" * 32,
        code="1.2.3",
        public_until="2022-01-17",
        square_km=1.3,
    )


@pytest.fixture(scope="module")
def picture() -> bulletin.MapPicture:
    estimate = np.zeros((24, 24), np.float32)
    estimate[3, 4], estimate[10, 10], estimate[:, 20:] = 5.0, 200.0, np.nan
    return map_picture(estimate, GeoBox((24, 24), Affine(1 / 240, 0, 120.0, 0, -1 / 240, 31.0), "EPSG:4326"), OUTLINES)


@pytest.fixture(scope="module")
def objects(facts: Facts, picture: bulletin.MapPicture) -> dict[str, bytes]:
    return bulletin_objects(facts, picture)


def test_the_same_release_gives_the_same_bytes_and_every_page_has_a_media_type(facts, picture, objects) -> None:
    assert bulletin_objects(facts, picture) == objects
    assert {"bulletin.html", "bulletin.pdf", "bulletin.zh.html"} <= set(objects) <= set(bulletin.NAMES)
    assert {MEDIA_TYPES[name] for name in bulletin.NAMES} == {"text/html; charset=utf-8", "application/pdf"}


@pytest.mark.parametrize("name", ["bulletin.html", "bulletin.zh.html"])
def test_a_page_asks_nobody_and_shows_names_as_they_are_written(objects, name) -> None:
    text = objects[name].decode()
    assert "Harbour &lt;b&gt;" in text
    fetched = re.findall(r"(?:src|href)=\"([^\"]*)\"", text) + re.findall(r"url\(([^)]*)\)", text)
    assert fetched
    assert not [address for address in fetched if "//" in address and not address.startswith("data:")]
    assert "<script" not in text
    assert "@import" not in text


def test_both_languages_say_the_same_figures(facts) -> None:
    ours, theirs = english(facts), chinese(facts)
    assert ours.headline.startswith("Testville made 135.0 × 100 million CNY in December 2021")
    assert theirs.headline.startswith(
        "2021年12月，Testville工业产值 135.0 亿元（80 % 区间 132.3 至 137.7）：同比 +9.8 %"
    )
    assert (ours.title, theirs.title) == ("Testland, December 2021", "Testland 2021年12月")
    assert ours.mark.startswith("INVENTED DATA")
    assert theirs.mark.startswith("数据为虚构")
    assert [row[1] for row in ours.rows] == [row[1] for row in theirs.rows]
    assert len(ours.news) == len(theirs.news) == 1
    assert "+2.0 %" in theirs.news[0]
    assert theirs.verdict[0].startswith("技能已证实")
    assert "abababababab" in ours.citation
    assert "abababababab" in theirs.citation
    assert english(dataclasses.replace(facts, invented=False, news=None, public_until=None)).mark == ""


def test_without_a_change_one_sentence_says_so(facts) -> None:
    still = dataclasses.replace(facts, news=facts.news.assign(change=0.0, new_light=0.0))
    assert english(still).news == ("No district's newest estimate changed.",)
    assert chinese(still).news == ("各区最新估计均无变化。",)


def test_districts_that_do_not_add_up_are_told_in_chinese(facts) -> None:
    assert chinese(facts).warning == ""
    off = facts.estimates.copy()
    off.loc[off["area_id"] == "B", "estimate"] *= 1.5
    assert (
        chinese(dataclasses.replace(facts, estimates=off)).warning == "全市与各区不一致：各区估计之和比全市多 20.0 %。"
    )


def test_districts_that_move_against_the_city_are_told_in_both_languages(facts) -> None:
    rows = facts.estimates.copy()
    fallen = (rows["area_id"] == "B") & (rows["month"] == "2021-12")
    rows.loc[fallen, ["estimate", "lower80", "upper80", "lower95", "upper95"]] = [20.0, 19.9, 20.1, 19.8, 20.2]
    moved = dataclasses.replace(facts, estimates=rows)
    assert "but beyond noise fell Marsh" in english(moved).warning
    assert "全市同比上升，但下降超出噪声的有：Marsh −" in chinese(moved).warning


def test_light_that_is_set_aside_is_told_in_chinese(facts) -> None:
    board = facts.scoreboard.model_copy(update={"light_evidence": 1.0})
    assert any("本月夜光不予采用" in said for said in chinese(dataclasses.replace(facts, scoreboard=board)).verdict)
    assert not any("本月夜光" in said for said in chinese(facts).verdict)


def test_a_pdf_is_one_page_whose_glyphs_are_inside(objects) -> None:
    data = objects["bulletin.pdf"]
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") == 1
    assert set(re.findall(rb"/Subtype /(Type\w+|TrueType|CIDFont\w+)", data)) == {b"Type3"}
    assert b"CreationDate" not in data


def test_without_a_font_for_its_characters_a_page_is_html_alone(facts, picture, monkeypatch) -> None:
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    made = bulletin_objects(facts, picture)
    assert set(made) == {"bulletin.html", "bulletin.pdf", "bulletin.zh.html"}
    assert "无 PDF" in made["bulletin.zh.html"].decode()


def test_a_damaged_font_of_the_system_is_passed_over(tmp_path, monkeypatch) -> None:
    (tmp_path / "NotoSansSC-broken.otf").write_bytes(b"no font")
    monkeypatch.setattr(fonts.manager, "findSystemFonts", lambda: [str(tmp_path / "NotoSansSC-broken.otf")])
    monkeypatch.setattr(fonts, "_PACKAGED", ("gvio", "no-font"))
    assert fonts.chinese_font.__wrapped__() is None


def test_a_region_of_many_districts_stays_on_one_page(facts, picture) -> None:
    page = english(facts)
    many = dataclasses.replace(page, rows=(page.rows[0], *[page.rows[1]] * 200))
    data = bulletin_pdf.bulletin_pdf(many, picture, None)
    assert data is not None
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") == 1


class Even(Font):
    def __init__(self) -> None: ...

    def width(self, text: str) -> float:
        return float(len(text))


def test_lines_break_at_spaces_and_between_chinese_characters_but_not_before_marks() -> None:
    assert wrapped("one two three", Even(), 7) == ["one two", "three"]
    assert wrapped("同比变化，超出噪声。", Even(), 4) == ["同比变", "化，超出", "噪声。"]
    assert wrapped("", Even(), 4) == [""]
    assert wrapped("up 0.4 %", Even(), 6) == ["up", "0.4\u00a0%"]
    assert cut("Harbour", Even(), 7) == "Harbour"
    assert cut("Harbour of the North", Even(), 9) == "Harbour…"
    assert latin_font().width("ii") < latin_font().width("mm")


def test_scales_are_round_and_enclose_the_curve(facts) -> None:
    assert list(nice_levels(1480, 3050)) == [0, 1000, 2000, 3000, 4000]
    assert list(nice_levels(2400, 3050)) == [2400, 2600, 2800, 3000, 3200]
    assert len(nice_levels(5, 5)) >= 2
    shown = trend(facts.estimates, "CITY", "2021-12")
    assert shown is not None
    assert all(0 <= y <= 1 for _, y in (*shown.line, *shown.band, *shown.official))
    assert shown.line[-1][0] == 1.0
    assert [text for _, text in shown.years] == ["2020", "2021"]
    assert len(shown.nowcast) == 4, "three new years and the last months"
    words = english(facts).labels
    assert curve_note(words, shown).endswith("Grey: nowcast.")
    assert "Grey" not in curve_note(words, dataclasses.replace(shown, nowcast=()))
    known = trend(facts.estimates, "CITY", "2021-12", facts.figures)
    assert known is not None
    assert len(known.official) == len(shown.official) + 1
    of_autumn = facts.estimates[facts.estimates["month"].between("2021-09", "2021-11")]
    short = trend(of_autumn, "CITY", "2021-11")
    assert short is not None
    assert (len(short.line), short.years) == (3, ())  # no year begins in it
    assert trend(facts.estimates[facts.estimates["month"] == "2021-12"], "CITY", "2021-12") is None


def test_a_picture_has_outlines_in_its_own_squares_and_a_scale_of_round_values(picture) -> None:
    (ring,) = picture.outlines
    assert max(x for x, _ in ring) == pytest.approx(24.0)
    assert [text for _, text in picture.levels] == ["1", "10", "100"]
    assert (
        map_picture(
            np.zeros((300, 10), np.float32), GeoBox((300, 10), Affine(1, 0, 0, 0, -1, 0), "EPSG:32651"), None
        ).outlines
        == ()
    )
