"""The scoreboard for people: which model did how well, in tables and plain sentences.

What was not measured shows as "–".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import (
    AS_USED,
    AUTO_ETS,
    BLIND,
    BOOSTED,
    CHOW_LIN,
    CITY_PUBLIC,
    DENTON,
    DYNAMIC_FACTORS,
    GONG2025,
    LAST_YEAR_SHARES,
    LEFT_OUT,
    LEVELS,
    LIGHT_SHARES,
    LITTERMAN,
    NATIVE,
    NO_LIGHT,
    OURS,
    PERSISTENCE,
    PLAIN,
    PROPORTIONAL,
    RANDOM_FOREST,
    RIDGE,
    SCALES_KM,
    SEASONAL_NAIVE,
    UNIFORM,
    YEAR_OUT,
    size_name,
)
from gvio.scoreboard.scores import ModelScores
from gvio.words import listed, marked, sentences, tr

MODELS: Mapping[str, str] = {
    OURS: marked("SA-CNN (this release)"),
    NO_LIGHT: marked("The same model without light"),
    LAST_YEAR_SHARES: marked("Last year's shares × city total"),
    SEASONAL_NAIVE: marked("Seasonal naive (same month last year)"),
    PERSISTENCE: marked("Persistence (last known value)"),
    LIGHT_SHARES: marked("Light share change, weight set by hand"),
    RIDGE: marked("Ridge per district on summed light"),
    RANDOM_FOREST: marked("Random forest on zonal features"),
    PLAIN: marked("Plain CNN without urban/rural statistics"),
    GONG2025: marked("CNN as we read the paper's abstract"),
    CHOW_LIN: marked("Chow–Lin, summed light as indicator"),
    LITTERMAN: marked("Litterman, summed light as indicator"),
    DENTON: marked("Denton, summed light as indicator"),
    DYNAMIC_FACTORS: marked("Dynamic factor model"),
    AUTO_ETS: marked("Exponential smoothing, reconciled (MinTrace)"),
    BOOSTED: marked("Boosted trees with random paths"),
    PROPORTIONAL: marked("Proportional to light"),
    UNIFORM: marked("Uniform per factory"),
}
"""English titles, in the order of tables."""

PROTOCOLS: Mapping[str, tuple[str, str]] = {
    AS_USED: (
        marked("Out of time, as used"),
        marked("District figures end at an origin, the city's go on, as when the monthly run happens."),
    ),
    BLIND: (
        marked("Out of time, blind"),
        marked("Each month is predicted from what was public at an earlier origin; no later official figure is used."),
    ),
    YEAR_OUT: (
        marked("Leave one year out"),
        marked("A whole year is withheld and predicted from the years around it."),
    ),
    LEFT_OUT: (
        marked("Leave one district out"),
        marked(
            "All figures of a district are withheld, and the city's, too: what light and factories alone say of it."
        ),
    ),
    CITY_PUBLIC: (
        marked("Leave one district out, city public"),
        marked(
            "All figures of a district are withheld, the city's are there: what is left is what the others do not make."
        ),
    ),
}

METRICS: tuple[tuple[str, str, str], ...] = (
    ("within_r2", marked("Within-district R²"), "number"),
    ("yoy_r2", marked("Year-on-year R²"), "number"),
    ("crps", marked("CRPS, log output"), "percent"),
    ("interval_score80", marked("80 % interval score"), "percent"),
    ("pooled_r2", marked("Pooled R²"), "number"),
    ("mape", marked("MAPE"), "percent"),
    ("mase", marked("MASE"), "number"),
    ("coverage50", marked("50 % interval holds"), "percent"),
    ("coverage80", marked("80 % interval holds"), "percent"),
    ("coverage95", marked("95 % interval holds"), "percent"),
    ("n", marked("Scored"), "count"),
)
HELD80 = (0.77, 0.83)
"""What an honest 80 % interval holds, with room for chance."""
_LOWER_IS_BETTER = {"mape", "mase", "crps", "interval_score80"}
_RANKED = {"within_r2", "yoy_r2", "r2", *_LOWER_IS_BETTER}  # not pooled R²: it is never read alone

SIZES: Mapping[str, str] = {NATIVE: marked("native grid")} | {size_name(km): f"{km:g} km" for km in SCALES_KM}


def ordered_models(models: Iterable[str]) -> list[str]:
    """Model names for a table: ours first, comparators in the order of `MODELS`, unknown ones last by name."""
    given = set(models)
    known = [m for m in MODELS if m in given]
    return known + sorted(given - set(known))


def score_table(models: Mapping[str, ModelScores]) -> pd.DataFrame:
    """Formatted scores, a row per model, ours first; columns nobody has a number for are left out.

    Text in every cell; the best of each ranked column is set in Markdown bold.
    """
    order = ordered_models(models)
    columns: dict[str, list[str]] = {}
    for key, title, style in METRICS:
        values = [models[m].value(key) for m in order]
        if any(v is not None for v in values):
            columns[tr(title)] = emphasised(values, [show(v, style) for v in values], key)
    return pd.DataFrame(columns, index=pd.Index([tr(MODELS.get(m, m)) for m in order], name=tr("Model")))


def distribution_sentences(scoreboard: Scoreboard) -> tuple[str, ...]:
    """What the scores of distributions are, where there are any out of time; and which judges were not asked."""
    every = [scores for name in (AS_USED, BLIND) for scores in scoreboard.protocol(name).models.values()]
    told = []
    if any(scores.crps is not None for scores in every):
        told.append(
            tr(
                "CRPS and the interval score judge the whole distribution of log output, each model's own, before any "
                "calibration: near 0 is best, 1 % is about 1 % of output. A forecast without spread would have its "
                "mean absolute error as CRPS."
            )
        )
    if scoreboard.not_installed:
        titles = listed(tr(MODELS.get(name, name)) for name in scoreboard.not_installed)
        told.append(tr("Not installed, so not asked: {models}. pip install 'gvio[judges]' brings them.", models=titles))
    if scoreboard.failed:
        titles = listed(tr(MODELS.get(name, name)) for name in scoreboard.failed)
        told.append(tr("Failed on a fold of this region, so not shown: {models}.", models=titles))
    return tuple(told)


def coverage_sentence(ours: ModelScores) -> str:
    """What our intervals held, for the levels that were measured, and what to think of it; empty when none was."""
    found = ((level, ours.value(f"coverage{level}")) for level in LEVELS)
    parts = [
        tr("the {level} % interval held {share}", level=level, share=show(share, "percent"))
        for level, share in found
        if share is not None
    ]
    if not parts:
        return ""
    held = tr("Of the figures of this test, {parts}.", parts=listed(parts))
    return sentences([held, _judged(ours.value("coverage80"))])


def _judged(held80: float | None) -> str:
    if held80 is None:
        return ""
    low, high = HELD80
    wanted = {"low": f"{100 * low:.0f}", "high": f"{100 * high:.0f}"}
    if held80 < low:
        return tr(
            "That is too narrow: an 80 % interval should hold {low} to {high} %, so take it wider than drawn.", **wanted
        )
    if held80 > high:
        return tr("That is wider than needed: an 80 % interval should hold {low} to {high} %.", **wanted)
    return tr("The 80 % interval holds what it promises.")


def show(value: float | None, style: str) -> str:
    """A score as text: two decimals (`number`), a percentage of a share (`percent`), a whole `count`, a p-value
    (`chance`, to three decimals where that decides); "–" for None.
    """
    if value is None:
        return "–"
    if style == "chance":
        return "< 0.01" if value < 0.01 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
    text = {"number": f"{value:z.2f}", "percent": f"{100.0 * value:z.1f} %", "count": f"{value:z,.0f}"}[style]
    return text.replace("-", "−")


def emphasised(values: Sequence[float | None], texts: list[str], key: str) -> list[str]:
    """The texts of a column, the best one in Markdown bold where the column is ranked."""
    known = [v for v in values if v is not None]
    if key not in _RANKED or len(set(known)) < 2:
        return texts
    best = min(known) if key in _LOWER_IS_BETTER else max(known)
    return [f"**{text}**" if value == best else text for value, text in zip(values, texts, strict=True)]
