"""Twenty questions an analyst asks a month, and how many clicks the page needs to answer each, in real Chromium.

    python -m benchmarks.bench_questions --store STORE [--chromium PATH]

Every question begins on the page as it opens. A click is a click, a choice in an open list, or a file that is saved; a
list that is opened first counts. An answer counts when its text is on the screen, or when the file has arrived. Prints
the table of docs/measurements/page.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Callable

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from benchmarks.bench_page import FLAGS, serving

_MS = 30_000
FILE, OTHER = "a file", "another sentence"
Click = Callable[[Page], None]


@dataclasses.dataclass(frozen=True)
class Question:
    """What is asked, the clicks that answer it, and a pattern of the answer, in which {2} is the third name of the
    table; `FILE` where a click saves it, `OTHER` where the first sentence becomes another.
    """

    asked: str
    clicks: tuple[Click, ...]
    answer: str


def tab(name: str) -> Click:
    """A page of the five."""
    return lambda page: page.get_by_role("tab", name=name, exact=True).click()


def radio(name: str) -> Click:
    """One choice of a row."""
    return lambda page: page.get_by_role("radio", name=name, exact=True).filter(visible=True).first.click()


def district(number: int, *, more: bool = False) -> Click:
    """A name of the table; with Ctrl it stands beside those shown."""

    def click(page: Page) -> None:
        link = page.locator("a[data-gvio-area]").nth(number)
        link.click(modifiers=["Control"] if more else [])

    return click


def opened(name: str) -> Click:
    """A list that is opened."""
    return lambda page: page.get_by_role("combobox", name=name).filter(visible=True).first.click()


def option(number: int) -> Click:
    """One of an open list."""
    return lambda page: page.get_by_role("option").nth(number).click()


def saved(name: str) -> Click:
    """A file."""

    def click(page: Page) -> None:
        with page.expect_download(timeout=_MS):
            page.get_by_role("button", name=re.compile(name)).filter(visible=True).first.click()

    return click


DEVELOPED, TRUSTED = tab("How has it developed?"), tab("Can I trust it?")
SOUND, GIVEN = tab("Is the data sound?"), tab("Give me the data")
QUESTIONS = (
    Question("How much was made this month, how sure is that?", (), r"made .+80 % interval"),
    Question("More or less than a year ago and a month ago, beyond noise?", (), r"(beyond|within) noise \("),
    Question("Is that official or a nowcast?", (), r"nowcast|official|public figure"),
    Question("Which districts rose or fell beyond noise?", (), r"(Beyond noise against|No district's change)"),
    Question("How much did each district make?", (), r"On the year|on the year"),
    Question("How has one district developed?", (district(2),), r"{2}: level, "),
    Question("One district against another?", (district(2), district(3, more=True)), r"{2}, {3}: level"),
    Question("What was it in another month?", (opened("Month"), option(2)), OTHER),
    Question("Where did output grow?", (radio("Change on the year"),), r"Change on the year before, %"),
    Question("Why is a number another than last month?", (), r"What changed since the release before"),
    Question("How fast does it grow, year on year?", (DEVELOPED, radio("Year on year")), r"year on year, %"),
    Question("And without the season?", (DEVELOPED, radio("Seasonally adjusted")), r"seasonally adjusted, "),
    Question("All districts at a glance?", (DEVELOPED, radio("All districts")), r"All districts: level"),
    Question("Is output more and more in few districts?", (DEVELOPED, radio("Balance")), r"Balance between districts"),
    Question("Where is the trend up or down?", (DEVELOPED,), r"Trend of districts"),
    Question("What did earlier releases say of this month?", (DEVELOPED,), r"What earlier releases said of"),
    Question("How good is the model against a naive forecast?", (TRUSTED,), r"naive forecast"),
    Question("What is a district's number made of?", (district(2), TRUSTED), r"{2} is .*its own mean"),
    Question("Was it cloudy, was something wrong with the input?", (SOUND,), r"How often was each district seen"),
    Question("Table, map, bulletin as a file?", (saved(r"Table of .*CSV"),), FILE),
)
"""Asked of the first page of the newest release."""


def answered(browser: Browser, url: str, question: Question) -> bool:
    """Whether the clicks lead to the answer, in a session of its own."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True).new_page()
    try:
        page.goto(url)
        page.get_by_test_id("stPlotlyChart").filter(visible=True).first.wait_for(timeout=2 * _MS)
        sentence = page.get_by_role("heading", level=2).first
        before, names = sentence.inner_text(), page.locator("a[data-gvio-area]").all_inner_texts()
        for click in question.clicks:
            click(page)
            page.wait_for_timeout(500)
        if question.answer == OTHER:
            expect(sentence).not_to_have_text(before, timeout=_MS)
        elif question.answer != FILE:
            pattern = question.answer.format(*map(re.escape, names))
            expect(page.get_by_text(re.compile(pattern)).filter(visible=True).first).to_be_visible(timeout=_MS)
        return True
    except (AssertionError, Error) as error:
        print(f"{question.asked}: {str(error).splitlines()[0]}", flush=True)
        return False
    finally:
        page.context.close()


def main() -> None:
    """Ask a store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", required=True)
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="path of the browser")
    options = parser.parse_args()
    with serving(options.store) as (url, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=options.chromium, args=FLAGS)
        found = [answered(browser, url, question) for question in QUESTIONS]
        browser.close()
    print("| Question | Clicks |\n| --- | --- |")
    for question, right in zip(QUESTIONS, found, strict=True):
        print(f"| {question.asked} | {len(question.clicks) if right else 'not answered'} |")


if __name__ == "__main__":
    main()
