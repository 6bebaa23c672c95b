"""The command that people type, `gvio fetch --region PACK --from … --to …`, against curl of the same files.

    python benchmarks/fetch_command.py [--months 96] [--megabytes 30] [--repeats 3] [--folder DIR]

NASA on loopback (the tests' double: CMR, Earthdata Login, the cloud's redirect, TLS) lists and serves one tile. The
command searches, logs in, compares MD5, hashes SHA-256, fsyncs and records; curl is given the addresses and the token,
and writes. "curl, checked" does as much as the command with the data: after curl `sync -d` and `openssl` for digests.
Wall and CPU seconds are medians of whole processes. "start" is up to the first request. Needs `curl` and `openssl`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "contract"), str(Path(__file__).parent)]

from fetch_vs_curl import make_files, read_options, touch_memory  # noqa: E402
from nasa_double import Nasa, nasa  # noqa: E402
from nasa_granules import CLOUD, Granule  # noqa: E402
from official_region import CALL, OfficialRegion, make_region  # noqa: E402

from gvio.types import Month  # noqa: E402

TOKEN = "a-personal-token"
FIRST = Month(2014, 1)


def main() -> None:
    options = read_options(__doc__, megabytes=30.0)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        work = Path(name)
        files = make_files(work / "server", options.months, options.megabytes)
        granules = [Granule(path.name, file=path) for path in files]
        print(f"{len({granule.md5 for granule in granules})} checksums published")  # reckoned before the clock runs
        with nasa(work, granules, direct=True) as double:
            places = {f"GVIO_{name.upper()}_URL": url for name, url in double.endpoints.model_dump().items()}
            environment = {**double.environment, "EARTHDATA_TOKEN": TOKEN, "DO_NOT_TRACK": "true"}
            environment |= {
                name: places[name] for name in ("GVIO_CMR_URL", "GVIO_EARTHDATA_LOGIN_URL", "GVIO_LAADS_URL")
            }
            region = make_region(work / "region", environment, {"product": "vnp46a3", "source": "official"})
            _begin_in(region, FIRST)
            compare(double, region, options.repeats)


def compare(double: Nasa, region: OfficialRegion, repeats: int) -> None:
    total = sum(granule.size for granule in double.granules.values())
    print(f"{len(double.granules)} files, {total / 2**20:.0f} MB over TLS, 4 connections unless said otherwise\n")
    print(f"{'how':26} {'wall s':>7} {'/ curl':>7} {'CPU s':>7} {'start s':>8} {'bytes on the wire / bytes':>26}")
    ways = {
        "curl, one connection": lambda: curl(double, region),
        "curl --parallel": lambda: curl(double, region, "--parallel", "--parallel-max", "4"),
        "curl --parallel, checked": lambda: checked(double, region),
        "gvio fetch": lambda: fetch(double, region),
    }
    rows: dict[str, list[tuple[float, float, float, float]]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, run in ways.items():
            for folder in (region.workspace, region.root / "out"):
                shutil.rmtree(folder, ignore_errors=True)
            os.sync()
            touch_memory(region.root / "touched", total)
            double.server.seen.clear()
            rows[way].append((*run(), double.server.sent() / total))
    plain = statistics.median(row[0] for row in rows["curl, one connection"])
    for way, runs in rows.items():
        wall, cpu, start, sent = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{way:26} {wall:7.2f} {wall / plain:7.2f} {cpu:7.2f} {start:8.2f} {sent:26.4f}")


def fetch(double: Nasa, region: OfficialRegion) -> tuple[float, float, float]:
    last = FIRST + (len(double.granules) - 1)
    words = ["fetch", *region.words(), "--from", str(FIRST), "--to", str(last)]
    return timed(double, region, [sys.executable, "-c", CALL, *words])


def curl(double: Nasa, region: OfficialRegion, *flags: str) -> tuple[float, float, float]:
    lines = [f'header = "Authorization: Bearer {TOKEN}"', "location", f'cacert = "{_authority(double)}"']
    for name in double.granules:
        lines += [
            f'url = "{double.places[CLOUD]}/prod-lads/VNP46A3/{name}"',
            f'output = "{region.root / "out" / name}"',
        ]
    config = region.root / "curl.txt"
    config.write_text("\n".join(lines))
    return timed(double, region, ["curl", "-sS", "--fail", "--create-dirs", *flags, "-K", str(config)])


def checked(double: Nasa, region: OfficialRegion) -> tuple[float, float, float]:
    wall, cpu, start = curl(double, region, "--parallel", "--parallel-max", "4")
    here = [str(region.root / "out" / name) for name in double.granules]
    for command in (["sync", "-d"], ["openssl", "dgst", "-md5"], ["openssl", "dgst", "-sha256"]):
        more = timed(double, region, [*command, *here])
        wall, cpu = wall + more[0], cpu + more[1]
    return wall, cpu, start


def timed(double: Nasa, region: OfficialRegion, command: list[str]) -> tuple[float, float, float]:
    """Wall and CPU seconds of a process, and seconds until it asked for the first time."""
    before, started, first = len(double.server.seen), time.perf_counter(), [0.0]
    command = ["env", *(f"{name}={value}" for name, value in region.environment.items()), *command]
    with (region.root / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=region.root, stdout=output, stderr=output)
        watch = threading.Thread(target=_until_asked, args=(double, before, started, first, process))
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    watch.join()
    if process.returncode != 0:
        raise SystemExit((region.root / "output.txt").read_text())
    return wall, usage.ru_utime + usage.ru_stime, first[0]


def _until_asked(
    double: Nasa, before: int, started: float, first: list[float], process: subprocess.Popen[bytes]
) -> None:
    while len(double.server.seen) == before and process.returncode is None:
        time.sleep(0.002)
    first[0] = time.perf_counter() - started


def _begin_in(region: OfficialRegion, month: Month) -> None:
    """A month before the simulated ones: only the fetching is measured here."""
    file = region.pack / "region.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"first_month": str(month)}, sort_keys=False))


def _authority(double: Nasa) -> str:
    return double.environment["REQUESTS_CA_BUNDLE"]


if __name__ == "__main__":
    main()
