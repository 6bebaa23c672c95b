"""Ratios of `make bench` that are kept, and which of a run fell below them.

The committed reference holds ratios of a full and of a quick run: they depend on the machine far less than seconds do.
Every run is kept under `build/bench`, and the last one of the same kind is a second reference.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.sides import Row

REFERENCE = Path(__file__).with_suffix(".json")
RUNS = Path("build/bench")
LEAST = 0.7  # of the reference's ratio: less is an alert

Ratios = Mapping[str, float]


def ratios(rows: Sequence[Row]) -> dict[str, float]:
    """Key → how many times as long the other way takes, three digits, of the rows that have a ratio."""
    return {row.key: float(f"{row.ratio:.3g}") for row in rows if row.ratio is not None}


def alerts(rows: Sequence[Row], kept: Mapping[str, Ratios]) -> list[str]:
    """One line for every row that disagrees with the other way, or whose ratio fell.

    Args:
        rows: Of this run.
        kept: Name of a reference → its ratios; rows that it lacks are new and cannot have fallen.
    """
    found = [
        f"{row.key}: the results differ by {row.difference:.2g}, more than {row.tolerance:.2g}"
        for row in rows
        if row.status == "differs"
    ]
    for name, before in kept.items():
        for key, ratio in ratios(rows).items():
            if key in before and not ratio >= LEAST * before[key]:
                found.append(f"{key}: ratio {ratio:.3g}, below {LEAST} of {before[key]:.3g} ({name})")
    return found


def read_reference(kind: str) -> Ratios:
    """The committed ratios of a "full" or a "quick" run; none where there is no such file yet."""
    return json.loads(REFERENCE.read_text())[kind] if REFERENCE.exists() else {}


def write_reference(kind: str, rows: Sequence[Row]) -> None:
    """Replace the ratios of these rows; those of rows that were not run stay."""
    known = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {"full": {}, "quick": {}}
    known[kind] = known[kind] | ratios(rows)
    REFERENCE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def read_last(kind: str, folder: Path = RUNS) -> Ratios:
    """Of every row the ratio of the newest run of this kind that has it; none before the first."""
    found: dict[str, float] = {}
    for path in sorted(folder.glob(f"{kind}-*.json")):
        found |= json.loads(path.read_text())["ratios"]
    return found


def keep(kind: str, rows: Sequence[Row], folder: Path = RUNS) -> Path:
    """Write this run beside the others."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}.json"
    run = {"ratios": ratios(rows), "rows": [dataclasses.asdict(row) | {"distance": row.distance} for row in rows]}
    path.write_text(json.dumps(run, indent=1) + "\n")
    return path
