"""The bulletin of a run: what its product says, handed to the page that says it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gvio.publish.bulletin import NAMES, bulletin_objects, map_picture
from gvio.publish.changes import CHANGES
from gvio.publish.estimates import estimates_parquet
from gvio.publish.evidence import FIGURES, read_figures
from gvio.publish.news import NAME as NEWS
from gvio.publish.news import read_news
from gvio.publish.outlines import GEOJSON
from gvio.raster import read_cog
from gvio.report.about import describe
from gvio.report.bulletin import Facts
from gvio.report.changes import with_changes
from gvio.run.artifacts import Mapped, MappedHead, Product
from gvio.types import CheckResult, Manifest, Month

if TYPE_CHECKING:
    from gvio.run.context import Context

_log = logging.getLogger("gvio.run")


def make_bulletin(context: Context, mapped: Mapped, checks: Sequence[CheckResult]) -> dict[str, bytes]:
    """The pages of the run's release, by name; none in a replay, of which nobody reads every month's."""
    if context.replayed:
        return {}
    product = mapped.product.get()
    newest = product.grids[-1]
    bands, geobox, _ = read_cog(newest.data)
    picture = map_picture(bands[0], geobox, product.outlines.get(GEOJSON))
    made = bulletin_objects(_facts(context, mapped.head, product, checks, picture.square_km), picture)
    absent = [name for name in NAMES if name not in made]
    if absent:
        _log.warning("%s: not made, no font has its characters; install gvio[zh] or Noto Sans CJK", ", ".join(absent))
    return made


def _facts(context: Context, head: MappedHead, product: Product, checks: Sequence[CheckResult], km: float) -> Facts:
    config, month, inputs = context.config, Month.parse(head.month), head.inputs
    data = estimates_parquet(product.estimates, config.city_id, config.start, month, config.unit, config.invented)
    joint = CHANGES.read(product.revisions[CHANGES.name]) if CHANGES.name in product.revisions else None
    said = Manifest("", context.region, month, (), inputs.as_document(), {}, head.code, head.skill)
    about = describe(context.region, said, product.estimates)
    return Facts(
        region=context.region,
        title=about.title,
        month=head.month,
        unit=about.unit,
        invented=config.invented,
        city=about.city,
        names=about.names,
        estimates=with_changes(product.estimates, joint),
        figures=read_figures(product.revisions[FIGURES]) if FIGURES in product.revisions else None,
        news=read_news(product.revisions[NEWS]).rows if NEWS in product.revisions else None,
        scoreboard=product.scoreboard,
        checks=checks,
        sha256=hashlib.sha256(data).hexdigest(),
        code=head.code,
        public_until=inputs.figures_public_until,
        square_km=km,
    )
