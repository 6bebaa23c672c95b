"""The model card: what made the numbers, how well, and what they are not good for."""

from __future__ import annotations

from collections.abc import Sequence

from gvio.config import INVENTED, RegionConfig
from gvio.report.scores import MODELS, ordered_models, show
from gvio.report.verdict import SKILLS, skill_of
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED, BLIND, CITY_PUBLIC, LEFT_OUT, YEAR_OUT
from gvio.train.about import About
from gvio.types import Switch

_PROTOCOLS = {
    AS_USED: "Out of time, as used (city figures go on, district figures do not)",
    BLIND: "Out of time, blind (no later figure at all)",
    YEAR_OUT: "Leave one year out",
    LEFT_OUT: "Leave districts out, city not public",
    CITY_PUBLIC: "Leave districts out, city public",
}
_COLUMNS = (
    ("within_r2", "number"),
    ("yoy_r2", "number"),
    ("mape", "percent"),
    ("pooled_r2", "number"),
    ("coverage80", "percent"),
    ("crps", "percent"),
)
_LIMITS = """## What these numbers are not good for
- They are not a faster city total: official totals usually come out before the night-light product.
- Light is an imperfect measurement: output can fall while the light stays, as in a shutdown whose lamps stay on.
- Inside a district, the map shares the district's estimate out over known factories by their light; a factory that no
  list knows gets nothing.
- A pooled R² near 1 says that large districts are large. Read the within-district and year-on-year scores.
"""


def model_card(
    config: RegionConfig,
    about: About,
    scoreboard: Scoreboard,
    decision: str,
    switches: Sequence[Switch] = (),
) -> str:
    """Markdown, with nothing in it that differs between two runs on the same inputs.

    Args:
        config: The region.
        about: What the registry keeps of the model.
        scoreboard: The evaluation.
        decision: Why this model maps.
        switches: Months of another product that stand in, with how they were brought to its level.
    """
    title, text = SKILLS[skill_of(scoreboard)]
    inputs, (first, last) = about.inputs, scoreboard.months or ("?", "?")
    lines = [
        f"# SA-CNN for {config.title}",
        "",
        *([f"**{INVENTED}**", ""] if config.invented else []),
        f"**{title}.** {text}",
        "",
        scoreboard.verdict or "Nothing is known about its skill.",
        "",
        "## How it was made",
        f"- Training: {about.reason}",
        f"- Decision: {decision}",
        f"- Months: {first} to {last}; figures public until {inputs.figures_public_until}; unit {config.unit}",
        f"- Light: {config.ntl.product}, files {inputs.light_sha256}; ledger {inputs.ledger_sha256}; "
        f"pack {inputs.pack_digest}",
        *(_stood_in(switch) for switch in switches),
        f"- Parameters {inputs.params_digest}; {about.code}",
        "- Method: spatial-analysis CNN after Gong et al. (2025), JAG 143:104781, which learned to see from factories "
        "planted into the region's own light and from no figure; a measurement in a linear-Gaussian assimilation of "
        "official sums, which teach what its light is worth",
        "",
        "## How well it does",
        "With figures, by district and by horizon: `evaluation.html`, beside the scoreboard of the run that trained it "
        "and among the pictures of this version in the registry.",
        "",
        *(_table(scoreboard, name, heading) for name, heading in _PROTOCOLS.items()),
        _LIMITS,
    ]
    return "\n".join(lines)


def _stood_in(switch: Switch) -> str:
    months = switch.months
    named = months[0] if len(months) == 1 else f"{len(months)} months from {months[0]} to {months[-1]}"
    return (
        f"- **Another product's light**: {switch.product} ({switch.processing}) stands in for {switch.main} in "
        f"{named}, as {switch.offset:.3g} + {switch.gain:.3g} × radiance, learned on "
        f"{len(switch.common_months)} months both have; it leaves {switch.pixel_error:.0%} at a pixel and "
        f"{switch.month_error:.1%} over a month"
    )


def _table(scoreboard: Scoreboard, protocol: str, heading: str) -> str:
    models = scoreboard.protocol(protocol).models
    if not models:
        return f"### {heading}\nThe series is too short for this test.\n"
    rows = []
    for name in ordered_models(models):
        cells = [show(models[name].value(key), style) for key, style in _COLUMNS]
        rows.append(f"| {MODELS.get(name, name)} | {' | '.join(cells)} |")
    head = (
        "| Model | Within-district R² | Year-on-year R² | MAPE | Pooled R² | 80 % interval holds | CRPS, log output |"
    )
    return "\n".join([f"### {heading}", head, f"|{' --- |' * (len(_COLUMNS) + 1)}", *rows, ""])
