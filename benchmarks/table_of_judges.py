"""The tables of `bench_judges.py` in Markdown: a row per world, a column per model, and what light is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.table_of_targets import SHORT
from gvio.scoreboard.names import JUDGES, LIGHT_SHARES, NAIVE, NO_LIGHT, OURS, PLAIN, RANDOM_FOREST, RIDGE

SETTINGS = ("as used", "before the total", "blind")
_SAME = (PLAIN, *NAIVE, LIGHT_SHARES, RIDGE, RANDOM_FOREST)
TITLES = {
    OURS: "ours",
    NO_LIGHT: "no light",
    **{name: SHORT[name] for name in _SAME},
    "chow-lin": "Chow–Lin",
    "litterman": "Litterman",
    "denton": "Denton",
    "dynamic-factors": "factors",
    "auto-ets": "ETS",
    "gp-boost": "GPBoost",
}
METRICS = {"within_r2": "within-district R²", "crps": "CRPS of log output, ×100"}
Result = dict[str, Any]


def markdown(results: Sequence[Result]) -> str:
    """Scores by setting and metric, what light is worth, and in how many worlds ours is first."""
    good = [result for result in results if "error" not in result]
    if not good:
        return "no world was measured"
    parts = [
        f"**{title}, {setting}**\n\n{_scores(good, setting, metric)}"
        for setting in SETTINGS
        for metric, title in METRICS.items()
    ]
    return "\n\n".join([*parts, f"**What light is worth: ours minus no light**\n\n{_light(good)}", _firsts(good)])


def _scores(results: Sequence[Result], setting: str, metric: str) -> str:
    models = [name for name in TITLES if any(metric in r[setting].get(name, {}) for r in results)]
    rows = []
    for result in results:
        values = {name: result[setting].get(name, {}).get(metric) for name in models}
        best = best_of(values, metric)
        rows.append([result["name"], *(_cell(values[name], metric, bold=name == best) for name in models)])
    return _table(["World", *(TITLES[name] for name in models)], rows)


def best_of(values: dict[str, float | None], metric: str) -> str | None:
    """The name of the best: the highest R², the lowest CRPS."""
    known = {name: value for name, value in values.items() if value is not None}
    if not known:
        return None
    return max(known, key=lambda name: known[name] if metric == "within_r2" else -known[name])


def _cell(value: float | None, metric: str, *, bold: bool) -> str:
    if value is None:
        return "–"
    text = f"{value:.2f}" if metric == "within_r2" else f"{100 * value:.2f}"
    return (f"**{text}**" if bold else text).replace("-", "−")


def _light(results: Sequence[Result]) -> str:
    head = ["World", *(f"{short}, {setting}" for setting in SETTINGS for short in ("R²", "CRPS ×100"))]
    rows = []
    for result in results:
        row = [result["name"]]
        for setting in SETTINGS:
            ours, dark = result[setting][OURS], result[setting][NO_LIGHT]
            row.append(f"{ours['within_r2'] - dark['within_r2']:+.2f}".replace("-", "−"))
            row.append(f"{100 * (ours['crps'] - dark['crps']):+.2f}".replace("-", "−"))
        rows.append(row)
    return _table(head, rows)


def _firsts(results: Sequence[Result]) -> str:
    """Ours against the best of all others but our own variants, which are not another method."""
    lines = []
    for setting in SETTINGS:
        told = []
        for metric, title in METRICS.items():
            rivals = [
                {name: scores.get(metric) for name, scores in result[setting].items() if name not in (NO_LIGHT, PLAIN)}
                for result in results
            ]
            first = sum(best_of(values, metric) == OURS for values in rivals)
            told.append(f"{title.partition(',')[0]} in {first} of {len(results)}")
        lines.append(f"- {setting}: ours is better than the best of all others in {' and '.join(told)} worlds")
    absent = [TITLES[name] for name in JUDGES if not any(name in r[SETTINGS[0]] for r in results)]
    return "\n".join([*lines, *([f"- not installed: {', '.join(absent)}"] if absent else [])])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
