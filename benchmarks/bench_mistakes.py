"""What the checks of the ledger find: honest ledgers that must pass, and ledgers with one mistake that must not.

    python -m benchmarks.bench_mistakes [--honest 200] [--spoiled 100] [--seed 1000] [--only KIND ...]

Prints the table of docs/measurements/mistakes.md. A mistake is *refused* when a required check fails, *warned of* when
another fails that did not fail on the honest ledger of the same world.
"""

from __future__ import annotations

import argparse
import functools
from collections import Counter
from collections.abc import Iterable

from benchmarks.honest_ledgers import Honest, honest
from benchmarks.mistakes import MISTAKES, mistaken
from gvio.config import Params
from gvio.ledger.checks import check_ledger
from gvio.ledger.rows import Ledger
from gvio.simulate.statistics import CITY_ID
from gvio.types import CheckResult

REVISED = "ledger.vintages"  # revisions of 2 % differ by 5 % now and then, and the check is to say so


def failures(world: Honest, ledger: Ledger) -> list[CheckResult]:
    results = check_ledger(ledger, world.area_ids, CITY_ID, Params(), sizes=world.sizes)
    return [result for result in results if not result.passed]


def new_failures(world: Honest, ledger: Ledger) -> list[CheckResult]:
    """Failed checks that refuse, or that the honest ledger of the world does not fail."""
    before = _failed_honestly(world)
    return [result for result in failures(world, ledger) if result.required or result.name not in before]


@functools.lru_cache(maxsize=256)
def _failed_honestly(world: Honest) -> frozenset[str]:
    """Checks that the honest ledger fails; kept, because the worlds of a table are the same for every mistake."""
    return frozenset(result.name for result in failures(world, world.ledger))


def false_alarms(seeds: Iterable[int]) -> tuple[int, Counter[str]]:
    """Number of honest worlds, and the checks that failed on them."""
    told: Counter[str] = Counter()
    count = 0
    for seed in seeds:
        world, count = honest(seed), count + 1
        told.update(f"{r.name}{' (refused)' * r.required}" for r in failures(world, world.ledger) if r.name != REVISED)
    return count, told


def outcomes(kind: str, seeds: Iterable[int]) -> tuple[Counter[str], Counter[str]]:
    """How often a mistake was refused, warned of and missed, and by which checks."""
    found: Counter[str] = Counter()
    by: Counter[str] = Counter()
    for seed in seeds:
        spoiled = mistaken(kind, seed)
        if spoiled is not None:
            failed = new_failures(*spoiled)
            found["refused" if any(r.required for r in failed) else "warned" if failed else "missed"] += 1
            by.update(result.name.removeprefix("ledger.") for result in failed)
    return found, by


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--honest", type=int, default=200)
    parser.add_argument("--spoiled", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--only", nargs="*", choices=list(MISTAKES), default=list(MISTAKES))
    args = parser.parse_args()
    count, told = false_alarms(range(args.seed, args.seed + args.honest))
    print(f"{count} honest ledgers: {sum(told.values())} false alarms {dict(told) or ''}\n")
    print("| Mistake | Tried | Refused | Warned of | Missed | Mostly by |\n| --- | --- | --- | --- | --- | --- |")
    first = args.seed + args.honest
    for kind in args.only:
        found, by = outcomes(kind, range(first, first + args.spoiled))
        names = ", ".join(f"`{name}`" for name, _ in by.most_common(2))
        numbers = " | ".join(str(found[name]) for name in ("refused", "warned", "missed"))
        print(f"| {kind.replace('_', ' ')} | {found.total()} | {numbers} | {names} |", flush=True)


if __name__ == "__main__":
    main()
