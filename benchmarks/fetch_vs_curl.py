"""96 months of one tile from a server on loopback: bytes, wall time against curl, memory, and ten kills.

    python benchmarks/fetch_vs_curl.py [--months 96] [--megabytes 6] [--repeats 3] [--folder DIR]

curl writes to the final name, checks nothing and leaves the data in the page cache; we check size, first bytes and
SHA-256, fsync every file and record it. "curl, checked" does as much: after curl `sync -d` and `openssl` for SHA-256.
The line of 20 MB/s a connection stands for a good real one. Wall times are medians, of whole processes: ours include
about a second of Python's start, which "inside" leaves out. Needs `curl` and `openssl`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "contract"))

from loopback import LoopbackServer, file_route, loopback  # noqa: E402
from loopback_faults import drip  # noqa: E402

from gvio.types import Month  # noqa: E402

PROGRAM = ROOT / "tests" / "contract" / "fetch_program.py"
LINE_MB_S = 20
KILLS = 10


def main() -> None:
    options = read_options(__doc__, megabytes=6.0)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        work = Path(name)
        files = make_files(work / "server", options.months, options.megabytes)
        with loopback({f"/{path.name}": file_route(path) for path in files}) as server:
            compare(server, files, work, options.repeats)
            killed(server, files, work)
        memory(work)


def read_options(description: str | None, megabytes: float) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=96)
    parser.add_argument("--megabytes", type=float, default=megabytes, help="mean size; files are 2/3 to 4/3 of it")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work (default: the temporary folder)")
    return parser.parse_args()


def make_files(folder: Path, months: int, megabytes: float) -> list[Path]:
    folder.mkdir()
    rng = random.Random(0)
    first = Month(2014, 1)
    paths = []
    for number in range(months):
        day = (first + number).first_day
        path = folder / f"VNP46A3.A{day:%Y%j}.h30v05.002.2025{number:09d}.h5"
        size = int(megabytes * 2**20 * rng.uniform(2 / 3, 4 / 3))
        path.write_bytes(b"\x89HDF\r\n\x1a\n" + rng.randbytes(size - 8))
        paths.append(path)
    os.sync()
    return paths


def compare(server: LoopbackServer, files: list[Path], work: Path, repeats: int) -> None:
    total = sum(path.stat().st_size for path in files)
    print(f"{len(files)} files, {total / 2**20:.0f} MB, 4 connections unless said otherwise, medians of {repeats}\n")
    print(f"{'line':14} {'how':26} {'wall s':>7} {'/ curl':>7} {'bytes on the wire / bytes':>26}")
    ways: dict[str, Callable[[], object]] = {
        "curl, one connection": lambda: curl(server, files, work / "out"),
        "curl --parallel": lambda: curl(server, files, work / "out", "--parallel", "--parallel-max", "4"),
        "curl --parallel, checked": lambda: checked(server, files, work / "out"),
        "gvio": lambda: fetch(server, files, work / "out"),
        "gvio, inside": lambda: fetch(server, files, work / "out"),
        "gvio, again": lambda: fetch(server, files, work / "out"),
    }
    for line in ("loopback", f"{LINE_MB_S} MB/s each"):
        walls: dict[str, list[float]] = defaultdict(list)
        sent: dict[str, int] = {}
        for _ in range(repeats):
            for way, run in ways.items():
                slow = drip(65536 / LINE_MB_S / 2**20, 65536)
                server.faults["*"] = [] if line == "loopback" else [slow] * len(files)
                if way != "gvio, again":
                    shutil.rmtree(work / "out", ignore_errors=True)
                os.sync()
                if way != "gvio, again":
                    touch_memory(work / "touched", total)
                server.seen.clear()
                started = time.perf_counter()
                inside = run()
                wall = time.perf_counter() - started
                walls[way].append(inside if way == "gvio, inside" and isinstance(inside, float) else wall)
                sent[way] = server.sent()
        curl_wall = statistics.median(walls["curl, one connection"])
        for way in ways:
            wall = statistics.median(walls[way])
            print(f"{line:14} {way:26} {wall:7.2f} {wall / curl_wall:7.2f} {sent[way] / total:26.4f}")


def touch_memory(path: Path, size: int) -> None:
    """Fill as much of the page cache as the download will, and free it.

    A virtual machine gives freed memory back to its host, and touching it again takes up to ten times as long as
    writing the file: whoever came first would pay for the others.
    """
    with path.open("wb") as file:
        for _ in range(0, size, 2**20):
            file.write(bytes(2**20))
    path.unlink()


def curl(server: LoopbackServer, files: list[Path], out: Path, *flags: str) -> None:
    config = "".join(f'url = "{server.url}/{path.name}"\noutput = "{out / path.name}"\n' for path in files)
    command = ["curl", "-sS", "--fail", "--create-dirs", *flags, "-K", "-"]
    subprocess.run(command, input=config.encode(), check=True, stderr=subprocess.DEVNULL)  # it draws a table


def checked(server: LoopbackServer, files: list[Path], out: Path) -> None:
    curl(server, files, out, "--parallel", "--parallel-max", "4")
    here = [str(out / path.name) for path in files]
    subprocess.run(["sync", "-d", *here], check=True)
    subprocess.run(["openssl", "dgst", "-sha256", *here], check=True, stdout=subprocess.DEVNULL)


def program(server: LoopbackServer, files: list[Path], out: Path) -> list[str]:
    sizes = [part for path in files for part in (path.name, str(path.stat().st_size))]
    return [sys.executable, str(PROGRAM), server.url, str(out), *sizes]


def fetch(server: LoopbackServer, files: list[Path], out: Path) -> float:
    """Seconds from the first request to the end; of the whole process where nothing was requested."""
    started, seen = time.perf_counter(), len(server.seen)
    process = subprocess.Popen(program(server, files, out))
    while len(server.seen) == seen and process.poll() is None:
        time.sleep(0.002)
    first = time.perf_counter() if len(server.seen) > seen else started
    if process.wait() != 0:
        raise SystemExit("the fetch failed")
    return time.perf_counter() - first


def killed(server: LoopbackServer, files: list[Path], work: Path) -> None:
    """Ten kills at random, a last run to the end, and the bytes that came twice."""
    rng = random.Random(1)
    out = work / "killed"
    server.seen.clear()
    server.faults["*"] = [drip(65536 / LINE_MB_S / 2**20, 65536)] * len(files) * KILLS
    for _ in range(KILLS):
        before = server.sent()
        process = subprocess.Popen(program(server, files, out))
        while server.sent() == before and process.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.uniform(0.05, 1.0))
        process.kill()
        process.wait()
    unfinished = sum(not (out / path.name).exists() for path in files)
    fetch(server, files, out)
    same = all((out / path.name).read_bytes() == path.read_bytes() for path in files)
    total, sent = sum(path.stat().st_size for path in files), server.sent()
    reached: dict[str, int] = defaultdict(int)
    twice = []
    for seen in server.seen:
        start = int(seen.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        twice.append(max(0, reached[seen.path] - start))
        reached[seen.path] = start + seen.sent
    resumed = sum("Range" in seen.headers for seen in server.seen)
    print(f"\nkilled {KILLS} times ({unfinished} files left after the last), then finished: all bytes right: {same}")
    print(
        f"{resumed} files continued; {sent - total} of {total} bytes came twice, at most {max(twice)} a file and kill"
    )


def memory(work: Path) -> None:
    print(f"\n{'file':>10} {'peak memory':>12}")
    for megabytes in (1, 500):
        path = work / f"VNP46A3.A2014001.h30v05.002.{megabytes:013d}.h5"
        with path.open("wb") as stream:
            stream.write(b"\x89HDF\r\n\x1a\n")
            stream.truncate(megabytes * 2**20)
        with loopback({f"/{path.name}": file_route(path)}) as server:
            process = subprocess.Popen(program(server, [path], work / f"memory{megabytes}"))
            usage = os.wait4(process.pid, 0)[2]
            process.returncode = 0
        print(f"{megabytes:7} MB {usage.ru_maxrss / 1024:9.1f} MB")


if __name__ == "__main__":
    main()
