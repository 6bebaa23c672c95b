"""The evaluation for reading: the page, its text, and its pictures, as files of the workspace and of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gvio.evaluate.scores import FoldScores
from gvio.kept import KeptAnswers
from gvio.map.grids import map_months
from gvio.map.industry import industry_of
from gvio.model.panel import DYNAMIC_CHANNELS, STATIC_CHANNELS
from gvio.report.charts import agreement_png, map_png
from gvio.report.evaluation import evaluation_html, evaluation_markdown
from gvio.report.saliency_picture import saliency_png
from gvio.report.score_charts import score_charts
from gvio.sample.samples import Samples
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED, BLIND, OURS
from gvio.train.fit import Fitted, look
from gvio.types import FloatArray

if TYPE_CHECKING:
    from gvio.run.context import Context


def evaluation_files(
    context: Context,
    samples: Samples,
    fitted: Fitted,
    folds: Mapping[str, Sequence[FoldScores]],
    names: Sequence[str],
    output: FloatArray,
    scoreboard: Scoreboard,
) -> dict[str, bytes]:
    """`evaluation.html`, `evaluation.md` and `evaluation/<picture>.png`; `output` (D, T) is the estimate.

    None in a replay, of which nobody looks at every month's pictures: they take a fifth of the month's time.
    """
    if context.replayed:
        return {}
    pictures = score_charts(scoreboard) | _map(context, samples, output) | _agreement(context, folds, names)
    pictures |= _saliency(context, samples, fitted)
    title = context.config.title
    text = evaluation_markdown(scoreboard, pictures, title, "evaluation")
    return {
        "evaluation.html": evaluation_html(scoreboard, pictures, title).encode(),
        "evaluation.md": text.encode(),
        **{f"evaluation/{name}": png for name, png in pictures.items()},
    }


def _map(context: Context, samples: Samples, output: FloatArray) -> dict[str, bytes]:
    """The newest month's map."""
    last, industry = len(samples.months) - 1, industry_of(samples, KeptAnswers(context.path("answers")))
    grid = next(map_months(industry, output, output, output, [last], context.params.map))
    png = map_png(
        grid[0],
        samples.geobox,
        districts=context.places.districts,
        title=f"{context.config.title}, {samples.months[-1]}",
        unit=f"{context.config.unit} per pixel and month",
        invented=context.config.invented,
    )
    return {"map.png": png}


def _agreement(context: Context, folds: Mapping[str, Sequence[FoldScores]], names: Sequence[str]) -> dict[str, bytes]:
    """Predictions against official statistics, out of time."""
    scored = [fold for name in (AS_USED, BLIND) for fold in folds[name]][: len(folds[AS_USED])]
    if not scored:
        return {}
    truth = np.concatenate([np.where(f.scored, f.truth, np.nan) for f in scored])
    ours = np.concatenate([f.predicted[OURS] for f in scored])
    good = np.isfinite(truth) & np.isfinite(ours)
    areas = np.repeat(np.tile(names, len(scored))[:, None], truth.shape[1], axis=1)
    unit, title = context.config.unit, "Out of time, as used"
    png = agreement_png(
        truth[good],
        ours[good],
        list(areas[good]),
        good[good],
        unit=unit,
        title=title,
        invented=context.config.invented,
    )
    return {"prediction-against-official.png": png}


def _saliency(context: Context, samples: Samples, fitted: Fitted) -> dict[str, bytes]:
    seen = look(fitted, samples)
    maps = dict(zip(DYNAMIC_CHANNELS, seen.dynamic.swapaxes(0, 1), strict=True))
    maps |= dict(zip(STATIC_CHANNELS, seen.static.swapaxes(0, 1), strict=True))
    picture = saliency_png(maps, context.config.invented)
    return {} if picture is None else {"saliency.png": picture}
