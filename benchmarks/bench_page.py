"""What the page costs its server: CPU seconds of the first sight, of further sessions and of a click, and memory.

`python -m benchmarks.bench_page --store URL [--sessions N]`; needs Chromium. CPU seconds and not the clock: a busy
machine does not change them much. A step ends when the server has rested for a second. Clicks are measured by the
browser's clock as well, from the event until the frame with the chart, and every second one is made on the bare page
(`benchmarks.bare_page`): what the framework and this machine take alone.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_TICKS = os.sysconf("SC_CLK_TCK")
_REST_S = 1.0
_CALM_S = 0.03
_WARM_CLICKS = 2
_CLOCK = """
() => {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-gvio-area]")
    if (link) window.gvioClick = {name: link.textContent, began: performance.now()}
  }, true)
  new MutationObserver(() => {
    const click = window.gvioClick
    if (!click || click.drawn) return
    const drawn = [...document.querySelectorAll(".gtitle")].some((title) => title.textContent.startsWith(click.name))
    if (!drawn) return
    click.drawn = true
    requestAnimationFrame(() => setTimeout(() => { click.took = performance.now() - click.began }))
  }).observe(document.body, {subtree: true, childList: true, characterData: true})
}
"""


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@contextlib.contextmanager
def serving(store: str, *, bare: bool = False) -> Iterator[tuple[str, int]]:
    """Address and process of a page over a store, or of the bare page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = f"from dashboards.launch import command; print('\\n'.join(command({store!r}, {port}, True)))"
    words = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    command = words.stdout.splitlines()
    if bare:
        command = [word.replace("dashboards/app.py", "benchmarks/bare_page.py") for word in command]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(600):
                with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(f"{url}/_stcore/health"):
                    break
                time.sleep(0.1)
            yield url, process.pid
        finally:
            process.terminate()


def settled(pid: int) -> float:
    """CPU seconds once the process rests."""
    before = cpu_seconds(pid)
    while True:
        time.sleep(_REST_S)
        now = cpu_seconds(pid)
        if now - before <= _CALM_S:
            return now
        before = now


def step(name: str, pid: int, act: Callable[[], object]) -> None:
    """Do something and tell what it cost."""
    before, began = settled(pid), time.monotonic()
    act()
    seen, waited = cpu_seconds(pid) - before, time.monotonic() - began
    whole = settled(pid) - before
    print(f"{name:<34} {seen:6.2f} s until seen, {whole:6.2f} s in all ({waited:.1f} s by the clock)", flush=True)


def visit(browser: Browser, url: str) -> Page:
    """A session of its own, until its first sentence is there."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(url)
    page.get_by_text("80 % interval", exact=False).first.wait_for(timeout=120_000)
    return page


def clicked(page: Page, name: str) -> None:
    """A click on a name of the table, until the chart has its title."""
    page.get_by_role("link", name=name, exact=True).first.click()
    chart = page.get_by_test_id("stPlotlyChart").filter(visible=True).first.locator(".gtitle")
    chart.filter(has_text=name).wait_for(timeout=60_000)


def timed_click(page: Page, number: int) -> float:
    """Seconds from a click on a name until the frame with its chart, by the browser's clock."""
    links = page.locator("a[data-gvio-area]")
    links.nth(1 + number % (links.count() - 1)).click()
    page.wait_for_function("window.gvioClick && window.gvioClick.took", timeout=60_000)
    took = float(page.evaluate("window.gvioClick.took")) / 1000
    page.wait_for_timeout(1000)
    return took


def clicks(browser: Browser, url: str, number: int) -> None:
    """Clicks on our page and on the bare one in turn."""
    with serving("", bare=True) as (bare_url, _):
        pages = {"ours": visit(browser, url), "bare": visit(browser, bare_url)}
        took: dict[str, list[float]] = {name: [] for name in pages}
        for page in pages.values():
            page.get_by_test_id("stPlotlyChart").filter(visible=True).first.wait_for(timeout=60_000)
            page.wait_for_timeout(3000)
            page.evaluate(_CLOCK)
        for turn in range(_WARM_CLICKS + number):
            for name, page in pages.items():
                page.bring_to_front()
                took[name].append(timed_click(page, turn))
    for name, seconds in took.items():
        kept = sorted(seconds[_WARM_CLICKS:])
        print(f"click, {name}: median {statistics.median(kept):.2f} s, {kept[0]:.2f} to {kept[-1]:.2f}, n {number}")


def _together(browser: Browser, url: str, pid: int, number: int) -> None:
    """Sessions that begin at the same moment, until all have their first sentence."""
    if not number:
        return
    pages = [browser.new_context(viewport={"width": 1280, "height": 900}).new_page() for _ in range(number)]

    def opened() -> None:
        for page in pages:
            page.goto(url, wait_until="commit")
        for page in pages:
            page.get_by_text("80 % interval", exact=False).first.wait_for(timeout=300_000)

    step(f"{number} sessions at once", pid, opened)
    print(f"memory with {number} sessions open: {memory_mb(pid):.0f} MB")
    for page in pages:
        page.context.close()


def measure(store: str, sessions: int, together: int, clicked_times: int, chromium: str) -> None:
    """Every step in one server, then memory over further sessions."""
    with serving(store) as (url, pid), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        print(f"server started: {cpu_seconds(pid):.2f} s, {memory_mb(pid):.0f} MB")
        step("first headline", pid, lambda: visit(browser, url))
        pages: list[Page] = []
        for number in (2, 3, 4):
            step(f"session {number}", pid, lambda: pages.append(visit(browser, url)))
        page = pages[-1]
        page.get_by_test_id("stPlotlyChart").filter(visible=True).first.wait_for(timeout=60_000)
        names = page.locator("a[data-gvio-area]").all_inner_texts()
        for name in names[1:5]:
            step("click in the table", pid, lambda name=name: clicked(page, name))
        print(f"memory {memory_mb(pid):.0f} MB")
        if clicked_times:
            clicks(browser, url, clicked_times)
        _together(browser, url, pid, together)
        for number in range(sessions):
            page = visit(browser, url)
            page.context.close()
            if (number + 1) % 20 == 0:
                print(f"after {number + 1} sessions: {memory_mb(pid):.0f} MB, {cpu_seconds(pid):.1f} s", flush=True)
        browser.close()


def main() -> None:
    """Measure a store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--sessions", type=int, default=0, help="further sessions, one after the other, for memory")
    parser.add_argument("--together", type=int, default=0, help="sessions that are opened at the same moment")
    parser.add_argument(
        "--clicks", type=int, default=0, help="clicks by the browser's clock, on ours and the bare page"
    )
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="path of the browser")
    options = parser.parse_args()
    measure(options.store, options.sessions, options.together, options.clicks, options.chromium)


if __name__ == "__main__":
    main()
