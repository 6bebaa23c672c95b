"""The scoreboard for people: which model did how well, in tables and plain sentences.

Reads the mapping of `scoreboard.json` and trusts nothing in it to be there: absent or null numbers show as "–".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gvio.types import Manifest

Scores = Mapping[str, Any]

OURS = "sa-cnn"
MODELS: Mapping[str, str] = {
    "sa-cnn": "SA-CNN (this release)",
    "no-light": "The same, had nobody seen the light",
    "last-year-shares": "Last year's shares × city total",
    "seasonal-naive": "Seasonal naive (same month last year)",
    "persistence": "Persistence (last known value)",
    "light-shares": "Light share change, weight set by hand",
    "ridge": "Ridge per district on summed light",
    "random-forest": "Random forest on zonal features",
    "plain-cnn": "Plain CNN without urban/rural statistics",
    "sa-cnn-paper": "CNN as we read the paper's abstract",
    "proportional-to-light": "Proportional to light",
    "uniform-per-factory": "Uniform per factory",
}
NAIVE = ("last-year-shares", "seasonal-naive", "persistence")

PROTOCOLS: Mapping[str, tuple[str, str]] = {
    "rolling_origin_as_used": (
        "Out of time, as used",
        "District figures end at an origin, the city's go on, as when the monthly run happens.",
    ),
    "rolling_origin_blind": (
        "Out of time, blind",
        "Each month is predicted from what was public at an earlier origin; no later official figure is used.",
    ),
    "leave_one_year_out": ("Leave one year out", "A whole year is withheld and predicted from the years around it."),
    "leave_one_district_out": (
        "Leave one district out",
        "All figures of a district are withheld, and the city's, too: what light and factories alone say of it.",
    ),
    "leave_one_district_out_city_public": (
        "Leave one district out, city public",
        "All figures of a district are withheld, the city's are there: what is left is what the others do not make.",
    ),
}

METRICS: tuple[tuple[str, str, str], ...] = (
    ("within_r2", "Within-district R²", "number"),
    ("yoy_r2", "Year-on-year R²", "number"),
    ("pooled_r2", "Pooled R²", "number"),
    ("mape", "MAPE", "percent"),
    ("mase", "MASE", "number"),
    ("coverage50", "50 % interval holds", "percent"),
    ("coverage80", "80 % interval holds", "percent"),
    ("coverage95", "95 % interval holds", "percent"),
    ("n", "Scored", "count"),
)
_LOWER_IS_BETTER = {"mape", "mase"}
_RANKED = {"within_r2", "yoy_r2", "r2", *_LOWER_IS_BETTER}  # not pooled R²: it is never read alone

SIZES: Mapping[str, str] = {"native": "native grid", "1km": "1 km", "2km": "2 km", "5km": "5 km"}

SKILLS: Mapping[str, tuple[str, str]] = {
    "proven": ("Skill proven", "Out of time, the model beats the best naive forecast beyond what chance explains."),
    "weak": ("Skill weak", "The model is no clear improvement on the best naive forecast: use changes with care."),
    "none": (
        "No skill",
        "The best naive forecast does as well or better: read the map as a way to share out known totals.",
    ),
    "unknown": ("Skill unknown", "This release does not say how its model compares with a naive forecast."),
}


def skill_of(scoreboard: Scores, manifest: Manifest | None = None) -> str:
    """`proven`, `weak`, `none`, or `unknown` when neither manifest nor scoreboard says so."""
    stated = ("" if manifest is None else manifest.skill, str(scoreboard.get("skill")))
    return next((skill for skill in stated if skill in SKILLS), "unknown")


def verdict(scoreboard: Scores) -> str:
    """The scoreboard's own sentence, or one made from its out-of-time within-district scores."""
    if scoreboard.get("verdict"):
        return str(scoreboard["verdict"])
    for protocol in ("rolling_origin_as_used", "rolling_origin_blind"):
        models = models_of(scoreboard, protocol)
        ours = number(models.get(OURS), "within_r2")
        naive = {n: number(models.get(n), "within_r2") for n in NAIVE}
        known = {n: v for n, v in naive.items() if v is not None}
        if ours is not None and known:
            best = max(known, key=lambda n: known[n])
            word = "more than" if ours > known[best] else "no more than"
            return (
                f"Out of time the SA-CNN explains {_share(ours)} of the change within districts, "
                f"{word} the best naive forecast ({MODELS[best].lower()}: {_share(known[best])})."
            )
    return "This release has no out-of-time comparison with a naive forecast, so its skill is not known."


def models_of(scoreboard: Scores, protocol: str) -> dict[str, Any]:
    """Scores per model of one protocol; empty when it was not run."""
    block = (scoreboard.get("protocols") or {}).get(protocol) or {}
    models = block.get("models") or {}
    return dict(models)


def ordered_models(models: Scores) -> list[str]:
    """Model keys for a table: ours first, comparators in the order of `MODELS`, unknown ones last by name."""
    known = [m for m in MODELS if m in models]
    return known + sorted(set(models) - set(known))


def score_table(models: Scores) -> pd.DataFrame:
    """Formatted scores, a row per model, ours first; columns nobody has a number for are left out.

    Text in every cell; the best of each ranked column is set in Markdown bold.
    """
    order = ordered_models(models)
    columns: dict[str, list[str]] = {}
    for key, title, style in METRICS:
        values = [number(models[m], key) for m in order]
        if any(v is not None for v in values):
            columns[title] = _emphasise(values, [show(v, style) for v in values], key)
    return pd.DataFrame(columns, index=pd.Index([MODELS.get(m, m) for m in order], name="Model"))


def coverage_sentence(models: Scores) -> str:
    """What our intervals held, for the levels that were measured; empty when none was."""
    found = ((level, number(models.get(OURS), f"coverage{level}")) for level in (50, 80, 95))
    parts = [f"the {level} % interval held {show(share, 'percent')}" for level, share in found if share is not None]
    return f"Of the figures of this test, {', '.join(parts)}." if parts else ""


def held_out_map_table(scoreboard: Scores) -> pd.DataFrame:
    """R² of the grid summed to held-out districts, a row per way of mapping; empty when not measured."""
    maps = _maps(scoreboard).get("held_out_districts") or {}
    order = ordered_models(maps)
    values = [number(maps[m], "r2") for m in order]
    titles = pd.Index([MODELS.get(m, m) for m in order], name="Map")
    return pd.DataFrame(
        {"R², held-out districts": _emphasise(values, [show(v, "number") for v in values], "r2")}, titles
    )


def truth_map_table(scoreboard: Scores) -> pd.DataFrame:
    """Pixel R² against planted truth, a row per way of mapping and a column per resolution; empty without truth."""
    truth = _maps(scoreboard).get("truth") or {}
    blocks = {str(size): block if isinstance(block, Mapping) else {OURS: block} for size, block in truth.items()}
    blocks = {size: {OURS: block} if "r2" in block else block for size, block in blocks.items()}
    order = ordered_models({m: None for block in blocks.values() for m in block})
    columns = {
        f"R², {SIZES.get(size, size)}": _emphasise(values, [show(v, "number") for v in values], "r2")
        for size, block in blocks.items()
        for values in [[number(block.get(m), "r2") for m in order]]
    }
    return pd.DataFrame(columns, index=pd.Index([MODELS.get(m, m) for m in order], name="Map"))


def number(scores: Any, key: str) -> float | None:
    """A finite score: `scores[key]`, or `scores` itself when it is a plain number; None otherwise."""
    value = scores.get(key) if isinstance(scores, Mapping) else scores
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def show(value: float | None, style: str) -> str:
    """A score as text: two decimals (`number`), a percentage of a share (`percent`), a whole `count`; "–" for None."""
    if value is None:
        return "–"
    text = {"number": f"{value:.2f}", "percent": f"{100.0 * value:.1f} %", "count": f"{value:,.0f}"}[style]
    return text.replace("-", "−")


def _emphasise(values: Sequence[float | None], texts: list[str], key: str) -> list[str]:
    known = [v for v in values if v is not None]
    if key not in _RANKED or len(set(known)) < 2:
        return texts
    best = min(known) if key in _LOWER_IS_BETTER else max(known)
    return [f"**{text}**" if value == best else text for value, text in zip(values, texts, strict=True)]


def _maps(scoreboard: Scores) -> dict[str, Any]:
    """The block of map scores, beside the protocols or among them."""
    return dict(scoreboard.get("maps") or (scoreboard.get("protocols") or {}).get("maps") or {})


def _share(r2: float) -> str:
    return f"{100.0 * max(r2, 0.0):.0f} %"
