"""The real dashboard in real Chromium over a really published store: what a person sees is what was published."""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import matplotlib.image
import pytest
from release_fixture import UNIT, Invented, invent
from release_writer import publish_invented

from dashboards.launch import launch
from gvio.errors import ConfigError
from gvio.report.numbers import level_and_bounds
from gvio.store.objects import open_store
from gvio.store.published import PublishedRelease, read_release

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PAGES = ("What happened?", "How has it developed?", "Can I trust it?", "Is the data sound?", "Give me the data")
DESK, PHONE = (1440, 900), (390, 844)

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}; set CHROMIUM to its path"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_served(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the dashboard ended before it answered"
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
            return
        time.sleep(0.2)
    pytest.fail("the dashboard did not answer within 60 s")


@pytest.fixture(scope="module")
def world() -> Invented:
    return invent()


@pytest.fixture(scope="module")
def published(world: Invented, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PublishedRelease]:
    folder = tmp_path_factory.mktemp("store")
    publish_invented(folder, world, mapped=True)
    return folder, read_release(open_store(str(folder)), "testville")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    port = free_port()
    program = f"import sys; from dashboards.launch import launch; sys.exit(launch({str(folder)!r}, {port}))"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_served(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
    assert process.returncode == 0
    with socket.socket() as probe:  # stopping the launcher stops the page
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="module")
def served(published: tuple[Path, PublishedRelease]) -> Iterator[str]:
    with serving(published[0]) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


class Visit:
    """One page, with everything it asked for outside the machine and every error it logged."""

    def __init__(self, browser: playwright.Browser, url: str, size: tuple[int, int]) -> None:
        self.remote: list[str] = []
        self.errors: list[str] = []
        agent = "Mozilla/5.0 (Linux; Android 15) Mobile" if size == PHONE else None
        screen = {"width": size[0], "height": size[1]}
        self.page = browser.new_page(
            viewport=screen, user_agent=agent, has_touch=size == PHONE, is_mobile=size == PHONE
        )
        self.page.on("request", lambda r: self._note(r.url))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.goto(url)
        self.page.get_by_role("tab", name=PAGES[0]).wait_for(timeout=60_000)

    def _note(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")):
            self.remote.append(url)

    def open(self, view: str) -> None:
        self.page.get_by_role("tab", name=view, exact=True).click()

    def sees(self, text: str) -> None:
        playwright.expect(self.page.get_by_text(text, exact=False).first).to_be_visible(timeout=30_000)

    def map_colours(self) -> int:
        """Number of different colours on the map's canvas, counted from a screenshot."""
        canvas = self.page.get_by_test_id("stDeckGlJsonChart").locator("canvas").first
        canvas.wait_for(timeout=30_000)
        colours, deadline = 0, time.monotonic() + 20
        while colours <= 20 and time.monotonic() < deadline:  # the first frames of a software renderer are empty
            with contextlib.suppress(playwright.Error):  # another month has a canvas of its own
                pixels = matplotlib.image.imread(io.BytesIO(canvas.screenshot(timeout=5_000)))[..., :3]
                colours = len({tuple(c) for c in (pixels.reshape(-1, 3) * 15).astype(int).tolist()})
        return colours


@pytest.fixture
def desk(browser: playwright.Browser, served: str) -> Iterator[Visit]:
    visit = Visit(browser, served, DESK)
    yield visit
    visit.page.close()


def test_the_page_shows_what_was_published(
    desk: Visit, published: tuple[Path, PublishedRelease], tmp_path: Path
) -> None:
    release = published[1]
    city = release.estimates.set_index(["area_id", "month"]).loc[("CITY", release.month)]
    level, low, high = level_and_bounds(city["estimate"], city["lower80"], city["upper80"])
    desk.sees("Testville (demonstration")
    desk.sees(f"Testville made {level} × {UNIT} in December 2021 (80 % interval {low} to {high})")
    assert desk.map_colours() > 20
    desk.page.screenshot(path=tmp_path / "map.png")
    desk.open("Can I trust it?")
    within = release.scoreboard.scores("rolling_origin_as_used").within_r2
    row = desk.page.get_by_role("row").filter(has_text="SA-CNN (this release)").first
    playwright.expect(row).to_contain_text(f"{within:.2f}")
    desk.open("Is the data sound?")
    desk.sees("All required checks passed, with 1 warning")
    desk.open("Give me the data")
    desk.sees(release.release)
    desk.sees("ef" * 32)
    assert (tmp_path / "map.png").stat().st_size > 20_000
    assert desk.errors == []


def test_nothing_is_asked_from_outside(desk: Visit) -> None:
    desk.map_colours()
    for view in PAGES:
        desk.open(view)
        desk.page.wait_for_timeout(1000)
    assert desk.remote == []


def chart_of(visit: Visit) -> playwright.Locator:
    return visit.page.get_by_test_id("stPlotlyChart").filter(visible=True).first.locator(".gtitle")


def test_a_click_in_the_table_or_on_the_map_opens_a_chart(desk: Visit) -> None:
    playwright.expect(chart_of(desk)).to_contain_text("Testville", timeout=30_000)
    desk.page.get_by_role("link", name="Marsh", exact=True).click()
    playwright.expect(chart_of(desk)).to_contain_text("Marsh", timeout=30_000)
    desk.page.get_by_role("link", name="Airport", exact=True).click(modifiers=["Control"])
    playwright.expect(chart_of(desk)).to_contain_text("Marsh, Airport", timeout=30_000)
    desk.page.wait_for_url("**area=D6&area=D5**", timeout=30_000)
    canvas = desk.page.get_by_test_id("stDeckGlJsonChart").locator("canvas").first
    desk.map_colours()
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] * 0.5 - 130, "y": box["height"] * 0.5 - 100})
    playwright.expect(chart_of(desk)).to_contain_text("Harbour", timeout=30_000)
    assert desk.errors == []


DRAWN = """(font) => ["据", "灯"].map((glyph) => {
  const canvas = document.createElement("canvas")
  const pen = canvas.getContext("2d")
  pen.font = `40px ${font}`
  pen.fillText(glyph, 10, 60)
  return canvas.toDataURL()
})"""


def test_a_chinese_reader_reads_chinese_and_may_switch(browser: playwright.Browser, served: str) -> None:
    page = browser.new_page(locale="zh-CN")
    page.goto(f"{served}/?month=2021-11")
    document, heading, expect = page.locator("html"), page.locator("h2").first, playwright.expect
    expect(heading).to_contain_text("2021年11月，Testville工业产值", timeout=60_000)
    expect(document).to_have_attribute("lang", "zh-CN")
    chart = page.get_by_test_id("stPlotlyChart").locator(".gtitle")
    chart.scroll_into_view_if_needed(timeout=30_000)
    expect(chart).to_have_css("font-family", re.compile('"Noto Sans SC", "Noto Sans CJK SC"'))
    expect(page.locator(".modebar-btn").first).to_have_attribute("data-title", "下载图表（PNG）")
    one, other = page.evaluate(DRAWN, chart.evaluate("(title) => getComputedStyle(title).fontFamily"))
    assert one != other, "this machine has no font with Chinese glyphs (Debian: fonts-noto-cjk)"
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("radio", name="English").click()
    expect(heading).to_contain_text("Testville made", timeout=30_000)
    expect(document).to_have_attribute("lang", "en")
    expect(page.get_by_role("combobox", name="Month").first).to_have_value("November 2021")
    page.wait_for_url("**month=2021-11**lang=en**", timeout=30_000)
    page.close()


def test_a_pasted_link_shows_the_same(desk: Visit, browser: playwright.Browser) -> None:
    desk.open("How has it developed?")
    desk.page.get_by_role("radio", name="Year on year").click()
    desk.page.get_by_role("combobox", name="In the chart").filter(visible=True).click()
    desk.page.get_by_role("option", name="Marsh").click()
    playwright.expect(chart_of(desk)).to_contain_text("Testville, Marsh: year on year", timeout=30_000)
    desk.page.wait_for_url("**area=D6**", timeout=30_000)
    again = Visit(browser, desk.page.url, DESK)
    playwright.expect(chart_of(again)).to_contain_text("Testville, Marsh: year on year", timeout=30_000)
    assert again.page.url == desk.page.url
    again.page.close()


PLACE_ON_SCREEN = """([x, y]) => {
  const plan = [...document.querySelectorAll(".js-plotly-plot")].filter(e => e.offsetParent).at(-1)
  const box = plan.getBoundingClientRect(), laid = plan._fullLayout
  return [box.x + laid.xaxis._offset + laid.xaxis.d2p(x), box.y + laid.yaxis._offset + laid.yaxis.d2p(y)]
}"""


def test_a_box_drawn_on_the_map_and_a_click_put_places_into_the_chart(browser: playwright.Browser, served: str) -> None:
    visit = Visit(browser, f"{served}/?page=developed&ground=trend&cells=districts", (1280, 2200))
    page = visit.page
    plan = page.get_by_test_id("stPlotlyChart").filter(visible=True).nth(1)
    plan.locator(".drag").first.wait_for(timeout=30_000)
    page.wait_for_timeout(1000)

    def at(lon: float, lat: float) -> tuple[float, float]:
        x, y = page.evaluate(PLACE_ON_SCREEN, [lon, lat])
        return x, y

    page.mouse.click(*at(121.1, 31.4))
    page.wait_for_url("**area=CITY&area=D1**", timeout=30_000)
    plan.hover()
    plan.locator('[data-title="Box Select"]').click()
    page.mouse.move(*at(121.1, 31.2))
    page.mouse.down()
    page.mouse.move(*at(121.3, 31.3), steps=4)
    page.mouse.up()
    page.wait_for_url("**polygon=121.**", timeout=30_000)
    playwright.expect(chart_of(visit)).to_contain_text("Testville, Harbour,", timeout=30_000)
    assert visit.errors == []
    page.close()


def test_layers_and_months_of_the_map(desk: Visit, published: tuple[Path, PublishedRelease]) -> None:
    desk.page.get_by_role("radio", name="Uncertainty").click()
    desk.sees("Uncertainty: % of the estimate")
    desk.page.get_by_role("radio", name="1 km").click()
    desk.page.get_by_role("radio", name="Raw map").click()
    desk.sees(f"Raw map: {UNIT} per square of 1 km and month")
    desk.page.get_by_role("radio", name="Pixels").click()
    desk.sees(f"Raw map: {UNIT} per pixel and month")
    desk.page.get_by_role("radio", name="Change on the year").click()
    desk.sees("Change on the year before, %")
    desk.page.get_by_role("combobox").first.click()
    desk.page.get_by_role("option", name="October 2021").click()
    estimates = published[1].estimates.set_index(["area_id", "month"])
    desk.sees("in October 2021")
    desk.sees(level_and_bounds(estimates.loc[("CITY", "2021-10"), "estimate"])[0])
    assert desk.map_colours() > 5


def test_downloads_are_the_published_bytes_or_name_the_release(
    desk: Visit, published: tuple[Path, PublishedRelease], tmp_path: Path
) -> None:
    folder, release = published

    def downloaded(label: re.Pattern[str]) -> bytes:
        with desk.page.expect_download(timeout=60_000) as waiting:
            desk.page.get_by_role("button", name=label).click()
        waiting.value.save_as(tmp_path / "file")
        return (tmp_path / "file").read_bytes()

    assert downloaded(re.compile("GeoTIFF")) == (folder / "testville" / release.grids["2021-12"]).read_bytes()
    table = downloaded(re.compile("Table of .*CSV")).decode("utf-8-sig")
    assert f"release {release.release}. Invented data." in table.splitlines()[1]
    assert downloaded(re.compile("This map \\(PNG")).startswith(b"\x89PNG")
    assert downloaded(re.compile("Bulletin")) == b"%PDF-1.7 of a test"
    desk.open("Give me the data")
    key = f"releases/{release.release}/estimates.parquet"
    assert downloaded(re.compile("Parquet")) == (folder / "testville" / key).read_bytes()


def test_a_phone_needs_no_sideways_scrolling(browser: playwright.Browser, served: str) -> None:
    visit = Visit(browser, served, PHONE)
    assert visit.map_colours() > 20
    canvas = visit.page.get_by_test_id("stDeckGlJsonChart").locator("canvas").first
    assert canvas.evaluate("canvas => getComputedStyle(canvas).touchAction") == "pan-y", "a swipe scrolls the page"
    for view in PAGES:
        visit.open(view)
        playwright.expect(visit.page.get_by_role("tabpanel").filter(visible=True)).to_be_visible()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    visit.page.close()


IMAGE = "![x](http://tracker.example/x.png)"


def test_text_of_a_pack_is_text_and_asks_for_nothing(
    browser: playwright.Browser, world: Invented, tmp_path: Path
) -> None:
    publish_invented(tmp_path, world, title=f"Here {IMAGE} <img src=http://tracker.example/y.png>", unit=f"CNY {IMAGE}")
    with serving(tmp_path) as url:
        visit = Visit(browser, url, DESK)
        for view in PAGES:
            visit.open(view)
            visit.page.wait_for_timeout(1500)
            assert visit.page.locator("img[src*='tracker']").count() == 0
        visit.sees("![x](http://tracker.example/x.png)")
        assert visit.remote == []
        visit.page.close()


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is already in use. Choose another with --port"):
            launch("store", port)
