"""The page's table of checks holds every message in full, escaped, failures first."""

from __future__ import annotations

from gvio.report.checks_page import checks_html
from gvio.report.plain import plain
from gvio.types import CheckResult


def test_failures_come_first_and_nothing_is_cut_or_rendered() -> None:
    long = "<b>x</b> " + "word " * 100
    shown = checks_html([CheckResult("a.fine", True, True, "s", "good"), CheckResult("b.bad", False, True, "s", long)])
    assert shown.index("b.<wbr>bad") < shown.index("a.<wbr>fine")
    assert "&lt;b&gt;x&lt;/b&gt; " + "word " * 99 in shown


def test_marks_of_markdown_are_escaped() -> None:
    assert plain("a_b [x](y) :red[z]") == r"a\_b \[x\]\(y\) \:red\[z\]"
    assert plain("![x](http://example.org/x.png)").startswith(r"\!\[x\]\(http")
