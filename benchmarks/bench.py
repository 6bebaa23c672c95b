"""What gvio's work costs beside what a user would otherwise pick, in one process on the same data.

    make bench                                   # every row: a quarter of an hour on a quiet machine
    python -m benchmarks.bench --quick           # small sizes, a few minutes
    python -m benchmarks.bench --only cog --only trends
    python -m benchmarks.bench --accept          # the ratios become the committed reference

Prints a table, keeps the run under build/bench, and ends with 1 and one line a row when results differ, or when a ratio
is below 0.7 of the reference or of the last run. Run it with OMP_NUM_THREADS=1 on a quiet machine.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence

from benchmarks.reference import alerts, keep, read_last, read_reference, write_reference
from benchmarks.sides import Row

# Name of a row or of a few on the same data → module of benchmarks.rows, function.
ROWS = {
    "buffers": ("buffers", "city"),
    "nation": ("buffers", "nation"),
    "light": ("light", "rows"),
    "training": ("training", "rows"),
    "trends": ("trends", "rows"),
    "cog": ("cog", "tile"),
    "store": ("store", "rows"),
    "series": ("cog", "series"),
    "estimate": ("estimate", "rows"),
    "growth": ("estimate", "growth"),
}
HEAD = (
    "| Work | Beside it | gvio, s | the other, s | ratio | limit of the machine | gvio ÷ limit | differ by | |\n"
    "| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | --- |"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked; the exit code."""
    options = _options(arguments)
    kind = "quick" if options.quick else "full"
    kept = {"reference": read_reference(kind), "last run": read_last(kind)}
    print(HEAD)
    rows: list[Row] = []
    try:
        for name in options.only or ROWS:
            for row in _measure(name)(quick=options.quick):
                rows.append(row)
                print(markdown(row), flush=True)
    finally:  # a long run that is interrupted keeps what it measured
        print(f"\nkept: {keep(kind, rows)}")
    if options.accept:
        write_reference(kind, rows)
    fallen = alerts(rows, {} if options.accept else kept)
    for line in fallen:
        print(f"ALERT {line}", file=sys.stderr)
    return 1 if fallen else 0


def markdown(row: Row) -> str:
    """The row of the table; what was not measured is a dash."""
    ratio = f"{row.ratio:,.3g}×" if row.ratio is not None else row.status if row.status != "no rival" else "–"
    limit = f"{row.limit}, {_number(row.limit_s)} s" if row.limit_s is not None else "–"
    distance = f"{row.distance:,.3g}" if row.distance is not None else "–"
    apart = _number(row.difference)
    cells = (row.work, row.rival, _number(row.ours_s), _number(row.rival_s), ratio, limit, distance, apart, row.note)
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _measure(name: str) -> Callable[..., Iterator[Row]]:
    # Imported when its turn comes: a row asked for alone does not wait for the libraries of the others.
    module, function = ROWS[name]
    return getattr(importlib.import_module(f"benchmarks.rows.{module}"), function)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(ROWS), help="rows to measure; may be repeated")
    parser.add_argument("--quick", action="store_true", help="small sizes, with a reference of their own")
    parser.add_argument("--accept", action="store_true", help="write the ratios to benchmarks/reference.json")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
