"""Map: estimate every month with the model in production, spread it over pixels, check it, keep it for `publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gvio.assimilate.explain import explain
from gvio.drift.checks import check_drift
from gvio.kept import KeptAnswers
from gvio.ledger.sums import Sums
from gvio.map.grids import estimate_series, map_months
from gvio.map.industry import Industry, industry_of
from gvio.map.intervals import gaussian_half_width
from gvio.map.official import Estimates
from gvio.map.trends import TREND_BANDS, trend_bands
from gvio.publish.drift import NAME as DRIFT
from gvio.publish.drift import drift_json
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
from gvio.stages.drift import drift_of
from gvio.stages.estimated import published_estimates, published_noise
from gvio.stages.product_files import pack_product, read_product
from gvio.stages.revisions import Estimated, release_before, revision_objects
from gvio.stages.sums import sums_of
from gvio.stages.workers import one_thread_each
from gvio.store.grids import encode_grid
from gvio.store.predecessor import Continued
from gvio.store.standing import Standing, last_manifest
from gvio.train.fit import Fitted, lit_setting
from gvio.train.looked import forget_light
from gvio.types import CheckResult, FloatArray, Month
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
    config = context.config
    return RunInputs(
        **digests.model_dump(),
        input_key=digests.key,
        title=config.title,
        unit=config.unit,
        bounds=config.bounds,
        city_id=config.city_id,
        areas=area_names(context),
        product=config.ntl.product,
        newest_files=tuple(ProductStamp(file=p.file, sha256=p.sha256) for p in fetched.head.provenance[-4:]),
        missing_months=fetched.head.missing,
        switches=fetched.head.switches,
        predecessor=predecessor,
        replayed=context.replayed,
    )


def area_names(context: Context) -> dict[str, str]:
    """Names of districts and city, by id."""
    districts = context.places.districts
    names = {str(k): str(v) for k, v in zip(districts["area_id"], districts["name"], strict=True)}
    return {**names, context.config.city_id: "City"}


def _make(
    context: Context, fetched: Fetched, sampled: Sampled, decided: Decided, months: list[Month], last: Continued
) -> tuple[Product, list[CheckResult], float]:
    """The product, its checks, and the city's newest estimate."""
    samples, config = sampled.samples.get(), context.config
    champion = decided.champion
    sums, fitted = sums_of(context, sampled), champion.package.fitted
    setting = lit_setting(fitted, samples, sums)
    posterior, why = explain(setting, fitted.ensemble.hyper)
    estimates, frame = published_estimates(context, context.ledger, samples, sums, fitted, posterior)
    industry = industry_of(samples, KeptAnswers(context.path("answers")))
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
    drift = drift_of(context, estimated, last)
    checks += check_drift(drift, area_names(context))
    product = Product(
        grids=tuple(_encoded(context, samples, month, array) for month, array in grids.items()),
        estimates=frame,
        explanations=explanations_frame(vars(why), samples.area_ids, samples.months),
        scoreboard=scoreboard,
        model_card=model_card(config, about, scoreboard, champion.decided, fetched.head.switches),
        trends=_trends(context, samples, industry, series),
        revisions=revision_objects(context, decided, estimated, last) | {DRIFT: drift_json(drift)},
    )
    return product, checks, float(estimates.estimate[-1, -1])


def _agreement(context: Context, samples: Samples, sums: Sums, estimates: Estimates, fitted: Fitted) -> CheckResult:
    """Whether every official figure, of any period, equals the published estimates it covers within its noise."""
    areas, tolerance = (*samples.area_ids, context.config.city_id), gaussian_half_width(95) * published_noise(fitted)
    return check_districts_against_city(sums, estimates.estimate[:-1], areas, samples.months, tolerance)


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
        config_sha256=champion.version.config_sha256,
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
