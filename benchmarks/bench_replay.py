"""Does a replay end every month in one outcome, find every planted trouble and no other, and come out the same twice?

    python -m benchmarks.bench_replay [--worlds clean-few mild-rich hard-few] [--seed 1] [--months 96] [--again]
                                      [--params FILE] [--folder DIR] [--json FILE]

Every world is lived under a hard calendar (`gvio.simulate.hard_calendar`), 24 months of history before its first
month. Told are outcomes, false alarms, delays, sums of news, errata for planted corrections, and time.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import hashlib
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from gvio.cli.options import be_quiet

be_quiet()

from gvio.events import ReplayCalendar  # noqa: E402  the environment first
from gvio.replay.gather import report_of  # noqa: E402
from gvio.replay.live import Replay, live  # noqa: E402
from gvio.replay.log import LookLine  # noqa: E402
from gvio.replay.request import ReplayRequest  # noqa: E402
from gvio.replay.told import ReplayReport  # noqa: E402
from gvio.run.context import open_context  # noqa: E402
from gvio.simulate.hard_calendar import NAME, hard_calendar, write_calendar  # noqa: E402
from gvio.simulate.pack import simulate_pack  # noqa: E402
from gvio.simulate.presets import preset_spec  # noqa: E402
from gvio.stages.table import STAGES  # noqa: E402
from gvio.store.documents import read_manifest  # noqa: E402
from gvio.store.drift import read_drift_of  # noqa: E402
from gvio.store.objects import open_store  # noqa: E402
from gvio.store.revisions import read_news_of, read_revisions  # noqa: E402
from gvio.types import Month  # noqa: E402

FIRST, HISTORY = Month(2013, 1), 24
SIZE = {"first_month": str(FIRST), "n_districts": 6, "n_factories": 200}
OUTCOMES = {"published", "unchanged", "refused", "late"}


@dataclasses.dataclass(frozen=True)
class Found:
    """What one world came to."""

    world: str
    months: int
    looks: int
    outcomes: dict[str, int]
    silent: int
    refused_planted: int
    refused_unplanted: list[str]
    late_planted: int
    late_unplanted: list[str]
    errata_planted: int
    errata_found: int
    errata_missed: list[str]
    errata_within_band: list[str]
    errata_unplanted: list[str]
    gap: float
    delays: list[int]
    alarms: list[str]
    seconds: float
    cpu_seconds: float
    same_twice: bool | None
    errors: list[dict[str, object]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", nargs="+", default=["clean-few", "mild-rich", "hard-few"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=96, help="months lived")
    parser.add_argument("--again", action="store_true", help="live every world twice and compare all bytes")
    parser.add_argument("--params")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        found = [world(name, asked, folder / f"{name}-{asked.seed}") for name in asked.worlds]
    for one in found:
        print(json.dumps(dataclasses.asdict(one), indent=1))
    if asked.json:
        asked.json.write_text(json.dumps([dataclasses.asdict(one) for one in found], indent=1))


def world(name: str, asked: argparse.Namespace, folder: Path) -> Found:
    """One world, lived once or twice."""
    preset, _, labels = name.partition("-")
    if not (folder / "pack" / NAME).exists():
        spec = preset_spec(preset, labels=labels, months=HISTORY + asked.months, **SIZE)
        made = simulate_pack(folder / "pack", spec, asked.seed)
        calendar = hard_calendar(made.statistics, FIRST + HISTORY, FIRST + (HISTORY + asked.months - 1), asked.seed)
        write_calendar(calendar, folder / "pack" / NAME)
    began, cpu = time.monotonic(), time.process_time()
    replay, lines = lived(folder, "one", asked)
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu
    report = report_of(replay, lines)
    same = None
    if asked.again:
        again, lines_again = lived(folder, "two", asked)
        same = report_of(again, lines_again) == report and content(folder / "one/store") == content(
            folder / "two/store"
        )
    return measured(name, replay, report, lines, (seconds, cpu_seconds), same)


def lived(folder: Path, name: str, asked: argparse.Namespace) -> tuple[Replay, list[LookLine]]:
    """One replay in a store and a workspace of its own; goes on where it was stopped."""
    first = FIRST + HISTORY
    request = ReplayRequest(
        pack=str(folder / "pack"),
        store=str(folder / name / "store"),
        workspace=str(folder / name / "work"),
        first=str(first),
        last=str(first + (asked.months - 1)),
        calendar=str(folder / "pack" / NAME),
        params_file=asked.params,
    )
    at = [time.monotonic()]

    def tell(line: LookLine, n: int) -> None:
        now = time.monotonic()
        print(f"{folder.name} {line.number}/{n} {line.month} {line.outcome} {now - at[0]:.1f} s", flush=True)
        at[0] = now

    return live(request, open_context, STAGES, tell)


def content(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below."""
    found = (Path(place, name) for place, _, names in os.walk(folder) for name in names if name[0] != ".")
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def measured(
    name: str,
    replay: Replay,
    report: ReplayReport,
    lines: list[LookLine],
    took: tuple[float, float],
    same: bool | None,
) -> Found:
    """The figures of a replay against what was planted."""
    calendar = replay.calendar
    refused = [m.month for m in report.months if m.outcome == "refused"]
    late = [m.month for m in report.months if m.outcome == "late"]
    planted_late = (
        {one.light for one in calendar.late} | {*calendar.missing} | {one.light for one in calendar.withdrawn}
    )
    planted, caused = corrections(calendar, lines), {(one.cause, one.release) for one in report.errata}
    expected = {(cause, release) for cause, release, _ in planted}
    silent = [one for one in planted if one[:2] not in caused]
    by = {one: beyond(replay, lines, *one[:2]) for one in silent}
    return Found(
        world=f"{name}/{len(report.months)}",
        months=len(report.months),
        looks=len(lines),
        outcomes=dict(Counter(month.outcome for month in report.months)),
        silent=len(
            {str(look.month) for look in replay.looks} - {m.month for m in report.months if m.outcome in OUTCOMES}
        ),
        refused_planted=sum(month in calendar.unseen for month in refused),
        refused_unplanted=[month for month in refused if month not in calendar.unseen],
        late_planted=sum(month in planted_late for month in late),
        late_unplanted=[month for month in late if month not in planted_late],
        errata_planted=len(planted),
        errata_found=len(expected & caused),
        errata_missed=[f"{one[2]}: {by[one]:.2f} of the band" for one in silent if not by[one] <= 1],
        errata_within_band=[f"{one[2]}: {by[one]:.2f} of the band" for one in silent if by[one] <= 1],
        errata_unplanted=[f"{cause} {release}" for cause, release in sorted(caused - expected)],
        gap=max((change.gap for change in report.changes), default=0.0),
        delays=delays(report),
        alarms=alarms(replay, lines),
        seconds=round(took[0], 1),
        cpu_seconds=round(took[1], 1),
        same_twice=same,
        errors=[one.model_dump(mode="json") for one in report.errors],
    )


def corrections(calendar: ReplayCalendar, lines: list[LookLine]) -> list[tuple[str, str, str]]:
    """Planted corrections: cause, the release that should carry the erratum, and what it is."""
    found = []
    for light in calendar.republished:
        if light.light not in calendar.unseen:
            what = f"light of {light.light} x {light.factor} on {light.day}"
            found.append(("reprocessed_light", release_after(lines, light.day), what))
    for gone in calendar.withdrawn:  # light that comes back is new light, which is no correction
        found.append(("reprocessed_light", release_after(lines, gone.day), f"light of {gone.light} gone on {gone.day}"))
    for figure in calendar.revised:
        what = f"{figure.area} {figure.start}..{figure.end} x {figure.factor} on {figure.day}"
        found.append(("revised_figures", release_after(lines, figure.day), what))
    return found


def beyond(replay: Replay, lines: list[LookLine], cause: str, release: str) -> float:
    """The largest share of its predicted revision by which a cause moved an estimate in a release: an erratum is due
    beyond one. NaN where that cannot be told, which counts as a miss."""
    store = open_store(replay.request.store)
    names = list(dict.fromkeys(line.release for line in lines if line.release is not None))
    if release not in names[1:]:
        return float("nan")
    before = read_revisions(store, read_manifest(store, replay.region, names[names.index(release) - 1])).vintages
    news = read_news_of(store, read_manifest(store, replay.region, release))
    if before is None or news is None:
        return float("nan")
    cell = ["area_id", "month"]
    band = before[before["kind"] == "estimate"].groupby(cell)["revision80"].last()
    parts = news.rows.set_index(cell)[cause].abs()
    return float((parts / band.reindex(parts.index)).max())


def release_after(lines: list[LookLine], day: dt.date) -> str:
    """The first release that was published on the day or later."""
    days = (line for line in lines if line.outcome == "published" and line.day >= str(day))
    line = next(days, None)
    return "" if line is None or line.release is None else line.release


def alarms(replay: Replay, lines: list[LookLine]) -> list[str]:
    """Every alarm of drift that a release told, with the day and the size that it had when it was told first."""
    store, told = open_store(replay.request.store), dict[str, str]()
    for line in lines:
        if line.outcome == "published" and line.release is not None:
            drift = read_drift_of(store, read_manifest(store, replay.region, line.release))
            for one in () if drift is None else drift.alarms:
                told.setdefault(f"{one.monitor} {one.area_id} by {one.month}", f"{line.day}, size {one.size:+.2f}")
    return [f"{alarm} on {day}" for alarm, day in told.items()]


def delays(report: ReplayReport) -> list[int]:
    """Days from the light of a month to the first release that holds it, where the look in between was not cut out."""
    told = [(m.light_came, m.told_on) for m in report.months if m.light_came is not None and m.told_on is not None]
    return [(dt.date.fromisoformat(b) - dt.date.fromisoformat(a)).days for a, b in told]


if __name__ == "__main__":
    main()
