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
from gvio.report.picture import figure
from gvio.store.objects import open_store
from gvio.store.published import PublishedRelease, read_release

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
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
    publish_invented(folder, world)
    return folder, read_release(open_store(str(folder)), "testville")


@pytest.fixture(scope="module")
def served(published: tuple[Path, PublishedRelease]) -> Iterator[str]:
    port = free_port()
    program = f"import sys; from dashboards.launch import launch; sys.exit(launch({str(published[0])!r}, {port}))"
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
        self.page = browser.new_page(viewport={"width": size[0], "height": size[1]}, user_agent=agent)
        self.page.on("request", lambda r: self._note(r.url))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.goto(url)
        self.page.get_by_role("tab", name="Map").wait_for(timeout=60_000)

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
            pixels = matplotlib.image.imread(io.BytesIO(canvas.screenshot()))[..., :3]
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
    desk.sees("Testville (demonstration")
    desk.sees(figure(city["estimate"]))
    desk.sees(f"{figure(city['lower80'])} – {figure(city['upper80'])}")
    assert desk.map_colours() > 20
    desk.page.screenshot(path=tmp_path / "map.png")
    desk.open("Scoreboard")
    within = release.scoreboard.scores("rolling_origin_as_used").within_r2
    row = desk.page.get_by_role("row").filter(has_text="SA-CNN (this release)").first
    playwright.expect(row).to_contain_text(f"{within:.2f}")
    desk.open("Checks")
    desk.sees("All required checks passed, with 1 warning")
    desk.open("About this release")
    desk.sees(release.release)
    desk.sees("ef" * 32)
    assert (tmp_path / "map.png").stat().st_size > 20_000
    assert desk.errors == []


def test_nothing_is_asked_from_outside(desk: Visit) -> None:
    desk.map_colours()
    for view in ("Trends", "Why this number", "Scoreboard", "Checks", "About this release"):
        desk.open(view)
        desk.page.wait_for_timeout(1000)
    assert desk.remote == []


def test_trends_draw_the_city_and_any_district(desk: Visit) -> None:
    desk.open("Trends")
    charts = desk.page.get_by_test_id("stPlotlyChart")
    playwright.expect(charts).to_have_count(2, timeout=30_000)
    desk.page.get_by_role("combobox").click()
    desk.page.get_by_role("option", name="Marsh").click()
    playwright.expect(charts).to_have_count(3, timeout=30_000)
    desk.sees("Grey strip at the bottom: nowcast")


def test_layers_and_months_of_the_map(desk: Visit, published: tuple[Path, PublishedRelease]) -> None:
    desk.page.get_by_role("radio", name="Uncertainty").click()
    desk.sees("Uncertainty: % of the estimate")
    desk.page.get_by_role("radio", name="Raw map").click()
    desk.sees(f"Raw map: {UNIT} per square of 1 km and month")
    desk.page.get_by_role("radio", name="Pixels").click()
    desk.sees(f"Raw map: {UNIT} per pixel and month")
    desk.page.get_by_role("combobox").click()
    desk.page.get_by_role("option", name="October 2021").click()
    estimates = published[1].estimates.set_index(["area_id", "month"])
    desk.sees("Testville, October 2021")
    desk.sees(figure(estimates.loc[("CITY", "2021-10"), "estimate"]))
    assert desk.map_colours() > 20


def test_downloads_are_the_published_bytes(
    desk: Visit, published: tuple[Path, PublishedRelease], tmp_path: Path
) -> None:
    folder, release = published
    for label, key in (
        (re.compile("GeoTIFF"), release.grids["2021-12"]),
        (re.compile("Parquet"), f"releases/{release.release}/estimates.parquet"),
    ):
        with desk.page.expect_download(timeout=30_000) as waiting:
            desk.page.get_by_role("button", name=label).click()
        waiting.value.save_as(tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == (folder / "testville" / key).read_bytes()


def test_a_phone_needs_no_sideways_scrolling(browser: playwright.Browser, served: str) -> None:
    visit = Visit(browser, served, PHONE)
    assert visit.map_colours() > 20
    for view in ("Map", "Trends", "Why this number", "Scoreboard", "Checks", "About this release"):
        visit.open(view)
        playwright.expect(visit.page.get_by_role("tabpanel").filter(visible=True)).to_be_visible()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    visit.page.close()


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is already in use. Choose another with --port"):
            launch("store", port)
