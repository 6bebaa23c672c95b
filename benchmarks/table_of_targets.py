"""The table of targets in Markdown: every quantity, its target, ours and each comparator, mean ± spread over worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Result = dict[str, Any]
Read = Callable[[Result], dict[str, float | None]]

OURS = "sa-cnn"
FAMILIES = {
    "mild": "mild",
    "clean": "synthetic",
    "hard": "synthetic",
    "spike": "spike-in",
    "none": "no information",
    "mumbai": "dev",
}
SHORT = {
    "sa-cnn": "SA-CNN",
    "no-light": "without light",
    "last-year-shares": "shares × city",
    "seasonal-naive": "seasonal",
    "persistence": "persistence",
    "light-shares": "light shares",
    "ridge": "ridge",
    "random-forest": "forest",
    "plain-cnn": "plain CNN",
    "sa-cnn-paper": "paper",
    "proportional-to-light": "∝ light",
    "uniform-per-factory": "per factory",
}
_SCORES = {
    "within_r2": "within-district R²",
    "within_r2_joined": "the same, January with February",
    "yoy_r2": "year-on-year R²",
    "mape": "MAPE",
}
_SYNTHETIC = {
    ("as used, within-district R²", "synthetic rich"): "≥ 0.93",
    ("as used, within-district R²", "synthetic few"): "≥ 0.96",
    ("blind, within-district R²", "synthetic rich"): "≥ 0.85",
    ("blind, within-district R²", "synthetic few"): "≥ 0.80",
    ("as used, year-on-year R²", "synthetic rich"): "≥ 0.75",
    ("as used, year-on-year R²", "synthetic few"): "≥ 0.75",
    ("pixel R², 2km", "synthetic rich"): "≥ 0.90",
    ("pixel R², 2km", "synthetic few"): "≥ 0.90",
}
TARGETS = {
    **_SYNTHETIC,
    **{(quantity, worlds.replace("synthetic", "mild")): target for (quantity, worlds), target in _SYNTHETIC.items()},
    ("as used, within-district R²", "spike-in rich"): "≥ 0.55",
    ("as used, within-district R²", "spike-in few"): "> floor",
}


def markdown(results: Sequence[Result]) -> str:
    """Two tables: models over time and space, and the coverage of intervals."""
    good = [r for r in results if "error" not in r]
    groups: dict[str, list[Result]] = {}
    for result in good:
        groups.setdefault(group_of(result["name"]), []).append(result)
    models = [m for m in SHORT if any(m in _values(read, r) for _, read in _quantities() for r in good)]
    head = ["Quantity", "Worlds", "n", "Target", *(SHORT[m] for m in models)]
    rows = [
        [name, group, str(len(some)), TARGETS.get((name, group), ""), *_cells(read, some, models)]
        for name, read in _quantities()
        for group, some in groups.items()
        if any(_values(read, r) for r in some)
    ]
    return "\n\n".join(part for part in (_table(head, rows), _coverage(groups), _beats(groups)) if part)


def group_of(name: str) -> str:
    """ "hard-few/3" → "synthetic few"; a folder is its own group."""
    kind = name.partition("/")[0]
    family, _, labels = kind.partition("-")
    return f"{FAMILIES[family]} {labels}" if family in FAMILIES else name


def _quantities() -> Iterator[tuple[str, Read]]:
    for setting, title in (("as_used", "as used"), ("blind", "blind")):
        for key, words in _SCORES.items():
            yield f"{title}, {words}", _reader("time", setting, key)
    for scale in ("native", "1km", "2km", "5km"):
        yield f"pixel R², {scale}", lambda r, s=scale: r.get("pixels", {}).get(s, {})  # type: ignore[misc]
    for key, words in (("log_r2", "R² of log level"), ("total_error", "error of the total")):
        yield f"district left out, {words}", _reader("districts", None, key)
    yield "fit, seconds", lambda r: {OURS: r["fit_seconds"]}


def _reader(part: str, setting: str | None, key: str) -> Read:
    def read(result: Result) -> dict[str, float | None]:
        block = result.get(part, {})
        block = block.get(setting, {}) if setting else block
        return {model: scores.get(key) for model, scores in block.items()}

    return read


def _values(read: Read, result: Result) -> dict[str, float]:
    return {model: value for model, value in read(result).items() if value is not None}


def _cells(read: Read, results: Sequence[Result], models: Sequence[str]) -> list[str]:
    found = [_values(read, r) for r in results]
    return [spread([f[m] for f in found if m in f]) for m in models]


def spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation over worlds; the mean alone of one world."""
    if not values:
        return ""
    text = f"{np.mean(values):.2f}"
    return (f"{text} ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else text).replace("-", "−")


def _coverage(groups: dict[str, list[Result]]) -> str:
    rows = []
    for group, results in groups.items():
        names = sorted({n for r in results for n in r.get("coverage", {}) if "/" in n}, key=_by_horizon)
        for name in names:
            parts = [r["coverage"][name] for r in results if name in r.get("coverage", {})]
            shares = [p["held"] for p in parts]
            setting, area, horizon = name.split("/")
            pooled = sum(p["held"] * p["n"] for p in parts) / sum(p["n"] for p in parts)
            width = float(np.mean([p["half_width"] for p in parts]))
            total = str(sum(p["n"] for p in parts))
            label = [setting.replace("_", " "), area, horizon, group]
            rows.append([*label, "77–83 %", f"{100 * pooled:.0f} %", spread(shares), f"± {100 * width:.0f} %", total])
    head = [
        "Setting",
        "Areas",
        "Months ahead",
        "Worlds",
        "Target",
        "80 % interval holds",
        "by world",
        "width",
        "points",
    ]
    return _table(head, rows) if rows else ""


def _by_horizon(name: str) -> tuple[str, str, int]:
    setting, area, horizon = name.split("/")
    return setting, area, int(horizon)


def _beats(groups: dict[str, list[Result]]) -> str:
    """How far each world lies above last year's shares × city, the floor that no world may fall below by 0.01."""
    rows = []
    for results in groups.values():
        for result in results:
            scores = result.get("time", {}).get("as_used", {})
            if OURS in scores:
                ours, floor = scores[OURS]["within_r2"], scores["last-year-shares"]["within_r2"]
                row = [result["name"], f"{ours:.3f}", f"{floor:.3f}", f"{ours - floor:+.3f}"]
                rows.append([*row, f"{result['fit_seconds']:.1f}", f"{result['seconds']:.0f}"])
    head = ["World", "as used, SA-CNN", "shares × city", "difference", "fit, s", "all, s"]
    return _table(head, [[cell.replace("-", "−") if i else cell for i, cell in enumerate(r)] for r in rows])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
