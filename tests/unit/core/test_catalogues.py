"""Every text of the page is in every catalogue, whole; nothing is shown to people round the translator."""

import ast
import io
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from gvio.report.basis import STATUS
from gvio.report.bulletin_chinese import _PARTS, _SKILLS, _STATUS, unit_in_chinese
from gvio.report.news import WORDS
from gvio.report.verdict import SKILLS
from gvio.words import (
    CATALOGUES,
    MANNERS,
    aside,
    first_of,
    language,
    language_named,
    speak,
    speaking,
    texts,
    tr,
    tr_count,
)
from infra.catalogues import KEYWORDS, ROOT, asked_for, catalogue, in_line, texts_of, write

OTHERS = [known for known in MANNERS if known != "en"]
HAN = re.compile("[\u4e00-\u9fff]")
SAME = {"MAPE", "MASE", "{what}（CSV）", "{what}（PNG）"}
READS_AS_TEXT = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}|^[A-Z][a-z]+|[a-z]{3,}[.!?:]( |$)")
# Strings of pages that nobody reads, by module: for browsers, libraries, shells, and for who starts the page.
NOT_SHOWN = {
    "app.py": ("streamlit run", "folder, file://", "address of an S3", "gvio run --store ", " --region PACK"),
    "clicks.py": ("\nexport default",),
    "launch.py": ("Source Sans", "The page needs", "the library", " is already in use", "Choose another"),
    "placed.py": ("within: ",),
    "screen.py": ("Mobi", "User-Agent"),
    "style.py": ("<style>", "<br>", "<dl "),
    "deck.py": ("BitmapLayer", "PolygonLayer", "PathLayer", "TextLayer"),
    "given.py": ("import ", "with rasterio", ") as grid:", "gvio verify", "areas: "),
    "month_map.py": ("Districts",),
    "seen.py": ("Cividis_r",),
}


@cache
def asked() -> dict[str, dict[str | tuple[str, str], None]]:
    return asked_for()


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_scan_sees_the_code_and_the_templates():
    texts_asked = {text for found in asked().values() for text in found}
    assert {"What happened?", "On the year", "{these} and {n} more"} <= texts_asked
    assert ("The {n} check that passed", "The {n} checks that passed") in texts_asked


@pytest.mark.parametrize("spoken", OTHERS)
def test_catalogues_are_as_the_code_asks(spoken: str):
    """Nothing is missing, nothing is stale, nothing is in another order: after a change, `make words`."""
    paths = {package: CATALOGUES / spoken / f"{package}.po" for package in asked()}
    before = [catalogue(path) for path in paths.values()]
    for package, path in paths.items():
        made = io.BytesIO()
        write(in_line(before, asked()[package], spoken), made)
        assert path.read_bytes() == made.getvalue(), f"{path}: run make words"


@pytest.mark.parametrize("spoken", OTHERS)
def test_every_text_is_translated_with_every_value_in_it(spoken: str):
    for found in asked().values():
        for text in found:
            one, *many = (text,) if isinstance(text, str) else text
            said = texts(spoken).get(one, ())
            assert said, one
            for translated in said:
                assert names_in(translated) == names_in((many or [one])[-1]), one
                assert translated.count("**") == one.count("**"), one


def test_chinese_is_chinese():
    plain = [said[0] for said in texts("zh").values() if not HAN.search(said[0])]
    assert {said for said in plain if re.search("[A-Za-z]{2}", re.sub(r"\{\w+\}", "", said))} <= SAME
    for said in texts("zh").values():  # marks of a Chinese sentence are wide
        assert not re.search(r"[\u4e00-\u9fff][,;:?!(]|[,;:?!)][\u4e00-\u9fff]", said[0].replace("](", "")), said
        bold = re.findall(r"\*\*(.+?)\*\*", said[0])
        assert not [one for one in bold if re.search(r"^[（“]|[。，：；）”]$", one)], f"Markdown sees no bold: {said}"


def test_the_bulletin_says_it_with_the_same_words():
    with speaking("zh"):
        assert {name: tr(word) for name, word in STATUS.items()} == _STATUS
        assert {name: tr(word) for name, word in WORDS.items()} == _PARTS
        assert tr("100 million CNY") == unit_in_chinese("100 million CNY") == "亿元"
        for skill, (title, meaning) in SKILLS.items():
            assert _SKILLS[skill] == f"{tr(title)}：{tr(meaning)}"


@pytest.mark.parametrize("path", sorted((ROOT / "dashboards").rglob("*.py")), ids=lambda path: path.name)
def test_no_page_shows_a_text_round_the_translator(path: Path):
    allowed = NOT_SHOWN.get(path.name, ())
    assert [text for text in literals(path.read_text()) if not text.startswith(allowed or "\0")] == []


def test_the_translator_is_asked_where_the_scan_sees_it():
    """Babel does not look into f-strings, and takes a text only as it is written."""
    hidden = []
    for path in sorted([*(ROOT / "dashboards").rglob("*.py"), *(ROOT / "gvio").rglob("*.py")]):
        if "gvio.words" in (source := path.read_text()):
            formatted = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr)]
            asked_inside = [call for node in formatted for call in ast.walk(node) if is_asking(call)]
            hidden += [f"{path.relative_to(ROOT)}:{call.lineno}" for call in asked_inside]
    assert hidden == []


def is_asking(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS


def test_the_scan_for_texts_finds_them():
    assert literals('st.info("Choose a month.")\nst.caption(f"{n} areas are shown")') == [
        "Choose a month.",
        " areas are shown",
    ]
    assert literals('"""Of a module."""\nst.info(tr("Choose a month."))\nkey = "month-slider"') == []


def literals(source: str) -> list[str]:
    """What reads as a text, is no docstring, and is not handed to the translator."""
    tree = ast.parse(source)
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if is_asking(node):
            passed |= {id(inner) for argument in node.args for inner in ast.walk(argument)}  # type: ignore[attr-defined]
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in passed)
    return [node.value for node in found if isinstance(node.value, str) and READS_AS_TEXT.search(node.value)]


def test_english_is_spoken_where_nobody_chose():
    assert language() == "en"
    assert tr("{n} of {of}", n=1, of=2) == "1 of 2"
    assert (tr_count("{n} day", "{n} days", 1), tr_count("{n} day", "{n} days", 2)) == ("1 day", "2 days")
    assert (aside("Names stay."), texts("en")) == ("", {})


def test_a_language_is_spoken_for_a_while_and_in_one_thread():
    with speaking("zh"):
        assert first_of(["甲", "乙", "丙"], 2) == "甲、乙，另有 1 个"
        assert tr_count("The {n} check that passed", "The {n} checks that passed", 3) == "已通过的 3 项检查"
        assert tr("nobody translated {what}", what="this") == "nobody translated this"
        with ThreadPoolExecutor(1) as other:
            assert other.submit(language).result() == "en"
            other.submit(speak, "zh").result()
            assert other.submit(language).result() == "zh"
    assert language() == "en"


def test_languages_are_named_as_browsers_name_them():
    named = {tag: language_named(tag) for tag in ("zh-CN", "zh", "ZH_tw", "en-GB", "de", "", None)}
    assert named == {"zh-CN": "zh", "zh": "zh", "ZH_tw": "zh", "en-GB": "en", "de": None, "": None, None: None}


def test_a_template_is_scanned(tmp_path: Path):
    page = tmp_path / "page.html"
    page.write_text("<p>{{ tr('On the year') }}</p>{{ other('x') }}")
    assert list(texts_of(page)) == ["On the year"]
