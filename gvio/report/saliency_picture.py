"""The picture of where in a patch the network looks, from the maps of `gvio.model.saliency`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gvio.report.canvas import QUIET, blank, headline, to_png
from gvio.types import FloatArray

_TITLES: Mapping[str, str] = {
    "believed_anomaly": "the month's light",
    "validity": "how well it was seen",
    "mean_log_light": "usual light",
    "factory_share": "factories' share of the light",
}


def saliency_png(maps: Mapping[str, FloatArray], invented: bool = False) -> bytes | None:
    """Maps side by side on one colour scale; None where the network looks nowhere, as without any light.

    Args:
        maps: Per channel by its name (D, q, q), log units: what a usual change at a pixel moves; drawn is the mean over
            districts, the factory in the middle.
        invented: The data are simulated, which the picture says.
    """
    means = {name: np.asarray(values).mean(axis=0) for name, values in maps.items()}
    most = max((float(mean.max()) for mean in means.values()), default=0.0)
    if not most > 0:
        return None
    columns = 2 if len(means) == 4 else 3
    figure = blank(8.2, 0.6 + 2.7 * -(-len(means) // columns))
    drawn = None
    for i, (name, mean) in enumerate(means.items()):
        axes = figure.add_subplot(-(-len(means) // columns), columns, i + 1)
        headline(axes, _TITLES.get(name, name), f"at most {100 * mean.max():.2g} %")
        half = mean.shape[-1] / 2
        extent = (-half, half, -half, half)
        drawn = axes.imshow(100 * mean, vmin=0, vmax=100 * most, cmap="magma_r", extent=extent)
        axes.set_xticks([-int(half), 0, int(half)])
        axes.set_yticks([-int(half), 0, int(half)])
        axes.tick_params(colors=QUIET, labelsize=7.5)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=figure.axes, location="bottom", shrink=0.5, aspect=40)
        bar.set_label("% that a usual change at this pixel moves a district's reading; pixels from the factory", size=8)
        bar.ax.tick_params(labelsize=7.5)
    return to_png(figure, invented)
