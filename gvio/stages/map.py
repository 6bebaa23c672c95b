"""Map: estimate every month with the model in production, spread it over pixels, check it, keep it for `publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gvio.assimilate.explain import explain
from gvio.assimilate.posterior import Posterior
from gvio.ledger.rows import GROUP
from gvio.ledger.sums import Sums, log_misfit, official_monthly
from gvio.map.grids import estimate_series, map_months
from gvio.map.industry import Industry, industry_of
from gvio.map.intervals import flat_table, gaussian_half_width, product_half_widths, reach_official, split_sd
from gvio.map.official import Estimates, honour, with_intervals
from gvio.map.trends import TREND_BANDS, trend_bands
from gvio.publish.explanations import explanations_frame
from gvio.publish.grids import Grid, GridObject
from gvio.raster import cog_bytes
from gvio.report.model_card import model_card
from gvio.run.artifacts import (
    Decided,
    Fetched,
    Mapped,
    MappedHead,
    ModelStamp,
    Product,
    ProductStamp,
    RunInputs,
    Sampled,
)
from gvio.run.code import source_of
from gvio.run.inputs import release_digests
from gvio.run.made import Kept, Made
from gvio.sample.samples import Samples
from gvio.scoreboard.board import Scoreboard
from gvio.stages.product_files import pack_product, read_product
from gvio.stages.revisions import Estimated, release_before, revision_objects
from gvio.stages.sums import sums_of
from gvio.stages.workers import one_thread_each
from gvio.store.grids import encode_grid
from gvio.store.predecessor import Continued
from gvio.store.standing import Standing, last_manifest
from gvio.train.fit import Fitted, lit_setting
from gvio.train.looked import forget_light
from gvio.types import BoolArray, CheckResult, FloatArray, Month
from gvio.validate.gate import refuse_failed
from gvio.validate.grids import check_grids
from gvio.validate.product import check_estimates
from gvio.validate.statistics import check_districts_against_city

if TYPE_CHECKING:
    from gvio.run.context import Context

STAGE = "map"
_MIN_TREND_MONTHS = 24


def map_(context: Context, fetched: Fetched, sampled: Sampled, decided: Decided, before: Standing) -> Mapped:
    """Make the product of the run.

    Args:
        context: The run.
        fetched: Names the product files.
        sampled: The samples.
        decided: The model that maps.
        before: What is published: a release holds the grids of the months before it, consistent with its own.

    Raises:
        ModelError: The model does not fit the region.
        GateRefused: The product failed a required check.
    """
    months = _published_months(context, sampled, before)
    last = release_before(context, fetched, decided)
    made = _made(context, fetched, sampled, decided, months, last)
    head = context.workspace.find(MappedHead, STAGE, made)
    if head is not None:
        return kept_product(context, head)
    one_thread_each()
    product, checks, city = _make(context, fetched, sampled, decided, months, last)
    forget_light()  # this was the last question about it
    refuse_failed(checks)
    head = MappedHead(
        made=made,
        month=sampled.head.month,
        city=city,
        unit=context.config.unit,
        grids=tuple(map(str, months)),
        inputs=run_inputs(context, fetched, last.release),
        model=_stamp(context, decided),
        code=context.code,
        as_of=str(context.as_of),
        skill=decided.champion.package.about.skill or "none",
        checks=tuple(checks),
    )
    context.workspace.forget(STAGE)
    return Mapped(context.workspace.keep(head, pack_product(product, context.config)), Kept.here(product))


def kept_product(context: Context, head: MappedHead) -> Mapped:
    """The artifact of a head, its product read when it is asked for."""
    return Mapped(head, Kept(lambda: read_product(context.workspace, head)))


def run_inputs(context: Context, fetched: Fetched, predecessor: str | None) -> RunInputs:
    """What the manifest says of the inputs, and which release this one continues."""
    digests = release_digests(context, fetched.head.light, fetched.head.month)
    config, districts = context.config, context.places.districts
    names = {str(k): str(v) for k, v in zip(districts["area_id"], districts["name"], strict=True)}
    return RunInputs(
        **digests.model_dump(),
        input_key=digests.key,
        title=config.title,
        unit=config.unit,
        bounds=config.bounds,
        city_id=config.city_id,
        areas={**names, config.city_id: "City"},
        product=config.ntl.product,
        newest_files=tuple(ProductStamp(file=p.file, sha256=p.sha256) for p in fetched.head.provenance[-4:]),
        missing_months=fetched.head.missing,
        switches=fetched.head.switches,
        predecessor=predecessor,
        replayed=context.replayed,
    )


def _make(
    context: Context, fetched: Fetched, sampled: Sampled, decided: Decided, months: list[Month], last: Continued
) -> tuple[Product, list[CheckResult], float]:
    """The product, its checks, and the city's newest estimate."""
    samples, config = sampled.samples.get(), context.config
    champion = decided.champion
    sums, fitted = sums_of(context, sampled), champion.package.fitted
    setting = lit_setting(fitted, samples, sums)
    posterior, why = explain(setting, fitted.ensemble.hyper)
    estimates, frame = _estimates(context, samples, sums, fitted, posterior)
    industry = industry_of(samples)
    grids, series = _grids(context, samples, industry, estimates, months)
    place = np.zeros(samples.owner.size, dtype=bool)
    place[industry.pixels] = True
    checks = [
        *check_estimates(frame, samples.area_ids, config.city_id, samples.months),
        _agreement(context, samples, sums, estimates, fitted),
        *check_grids(grids, frame, samples.owner, samples.area_ids, place.reshape(samples.owner.shape)),
    ]
    about = champion.package.about
    estimated = Estimated(samples, fitted, setting, posterior.mean, frame)
    scoreboard = about.scoreboard or Scoreboard()
    product = Product(
        grids=tuple(_encoded(context, samples, month, array) for month, array in grids.items()),
        estimates=frame,
        explanations=explanations_frame(vars(why), samples.area_ids, samples.months),
        scoreboard=scoreboard,
        model_card=model_card(config, about, scoreboard, champion.decided, fetched.head.switches),
        trends=_trends(context, samples, industry, series),
        revisions=revision_objects(context, decided, estimated, last),
    )
    return product, checks, float(estimates.estimate[-1, -1])


def _estimates(
    context: Context, samples: Samples, sums: Sums, fitted: Fitted, posterior: Posterior
) -> tuple[Estimates, pd.DataFrame]:
    city_id = context.config.city_id
    official, published = official_monthly(
        context.ledger, samples.area_ids, city_id, samples.months, context.places.groups
    )
    own = np.isfinite(official)
    table = fitted.interval_table or flat_table(fitted.interval_scale)
    split = split_sd(sums, samples.months, posterior.city_mean)
    half = product_half_widths(table, sums, posterior.sd, posterior.city_sd, split, own, published_noise(fitted))
    estimate = honour(posterior.mean, official)
    estimates = with_intervals(estimate, reach_official(half, sums, log_misfit(sums, estimate)))
    areas, months = [*samples.area_ids, city_id], [str(m) for m in samples.months]
    frame = pd.DataFrame(
        {
            "area_id": np.repeat(areas, len(months)),
            "month": np.tile(months, len(areas)),
            "estimate": estimates.estimate.ravel(),
            "lower80": estimates.lower[80].ravel(),
            "upper80": estimates.upper[80].ravel(),
            "lower95": estimates.lower[95].ravel(),
            "upper95": estimates.upper[95].ravel(),
            "official": official.ravel(),
            "official_published": published.ravel(),
            "kind": np.where(_covered(sums), "fitted", "nowcast").ravel(),
        }
    )
    return estimates, frame


def published_noise(fitted: Fitted) -> float:
    """Relative standard error of a published figure against the truth.

    A month's own shock and the noise of its figure cannot be told apart from monthly figures alone: together they bound
    how far a published figure may lie from the truth.
    """
    return float(np.hypot(fitted.ensemble.hyper.noise, fitted.ensemble.hyper.shock))


def _agreement(context: Context, samples: Samples, sums: Sums, estimates: Estimates, fitted: Fitted) -> CheckResult:
    """Whether every official figure, of any period, equals the published estimates it covers within its noise."""
    areas, tolerance = (*samples.area_ids, context.config.city_id), gaussian_half_width(95) * published_noise(fitted)
    return check_districts_against_city(sums, estimates.estimate[:-1], areas, samples.months, tolerance)


def _covered(sums: Sums) -> BoolArray:
    """(D + 1, T) whether a public figure of the area's own covers the month, the city last."""
    covered = np.zeros((sums.n_areas + 1, sums.n_months), dtype=bool)
    for area, start, end in zip(sums.area, sums.start, sums.end, strict=True):
        if area == GROUP:
            continue  # of a group's sum, no district's part is public
        covered[area, start : end + 1] = True  # area −1, the city, is the last row
    return covered


def _published_months(context: Context, sampled: Sampled, before: Standing) -> list[Month]:
    month = Month.parse(sampled.head.month)
    # a damaged pointer or manifest must not shorten the next release: the newest sound manifest tells as well
    last = before.manifest or last_manifest(context.store, context.region)
    published = [] if last is None else list(last.grids)
    wanted = {month, *map(Month.parse, [*published, *context.request.also])}
    return sorted(m for m in wanted if context.config.start <= m <= month)


def _grids(
    context: Context, samples: Samples, industry: Industry, estimates: Estimates, months: list[Month]
) -> tuple[dict[Month, FloatArray], FloatArray | None]:
    """Bands (5, y, x) of the months to publish, and (P, T) estimates of all months for trends, when long enough."""
    districts = (estimates.estimate[:-1], estimates.lower[80][:-1], estimates.upper[80][:-1])
    wanted, params = [m - samples.months[0] for m in months], context.params.map
    grids = dict(zip(months, map_months(industry, *districts, wanted, params, context.progress), strict=True))
    if len(samples.months) < _MIN_TREND_MONTHS:
        return grids, None
    return grids, estimate_series(industry, districts[0], params)


def _encoded(context: Context, samples: Samples, month: Month, array: FloatArray) -> GridObject:
    return encode_grid(Grid(month, array, samples.geobox), context.region, context.config.unit, context.config.invented)


def _trends(context: Context, samples: Samples, industry: Industry, series: FloatArray | None) -> bytes | None:
    if series is None:
        return None
    bands = trend_bands(industry, series)
    tags = {"invented": "true"} if context.config.invented else None
    return cog_bytes(bands, samples.geobox, nodata=float("nan"), descriptions=TREND_BANDS, tags=tags)


def _stamp(context: Context, decided: Decided) -> ModelStamp:
    champion = decided.champion
    return ModelStamp(
        name=f"gvio-{context.region}",
        version=champion.version.version,
        weights_sha256=champion.version.weights_sha256,
        reason=champion.package.about.reason,
        trained=str(champion.package.fitted.trained),
        decision=champion.decided,
    )


def _made(
    context: Context, fetched: Fetched, sampled: Sampled, decided: Decided, months: list[Month], last: Continued
) -> Made:
    version = decided.champion.version
    inputs = {
        "samples": sampled.head.key,
        "all": release_digests(context, fetched.head.light, fetched.head.month).key,
        "model": f"{version.version} {version.weights_sha256} {decided.champion.decided}",
        "months": " ".join(map(str, months)),
        "predecessor": last.release or "",
        **({"replayed": "yes"} if context.replayed else {}),
    }
    return Made(stage=STAGE, inputs=inputs, source=source_of(STAGE))
