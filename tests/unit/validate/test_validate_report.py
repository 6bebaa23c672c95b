import re
from html.parser import HTMLParser

import pytest

from gvio.types import CheckResult
from gvio.validate.report import checks_html

PASSED = CheckResult("light.unit", True, True, "light", "level 3")
WARNED = CheckResult("light.missing_months", False, False, "light", "expected light in every month; found 2020-04")
REFUSED = CheckResult("light.coverage", False, True, "2021-12", "expected 50%; found <script>alert(1)</script> & 12%")


class _Cells(HTMLParser):
    """Words of the table's rows, and every address the page refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [v for k, v in attrs if k in {"href", "src", "srcset", "action"}]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self._in_cell = False

    def handle_data(self, data):
        if self._in_cell:
            self.rows[-1][-1] += data


def _page(*results: CheckResult) -> str:
    return checks_html(results, "Shanghai & 2021-12", "22 November 2026")


def test_failed_checks_come_first_and_text_is_escaped():
    cells = _Cells(_page(PASSED, WARNED, REFUSED))
    assert [row[:3] for row in cells.rows[1:]] == [
        ["refused", "light.coverage", "2021-12"],
        ["warning", "light.missing_months", "light"],
        ["passed", "light.unit", "light"],
    ]
    assert cells.rows[1][3] == "Expected 50%; found <script>alert(1)</script> & 12%"
    assert "script" not in cells.tags


def test_the_page_refers_to_nothing_outside_itself():
    page = _page(PASSED, REFUSED)
    assert _Cells(page).addresses == []
    assert re.search(r"url\(|@import|https?://", page) is None


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ((PASSED, WARNED, REFUSED), "Refused: nothing was published</strong><p>1 required check failed."),
        ((PASSED, WARNED), "Passed, with warnings</strong><p>No required check failed; 1 warning below"),
        (
            (PASSED,),
            "<strong>Passed</strong><p>Every check passed. 1 of 1 check of the inputs passed; a release",
        ),
        ((), "No check was run"),
    ],
)
def test_the_verdict_stands_at_the_top(results, words):
    assert words in _page(*results)
