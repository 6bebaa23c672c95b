"""Map: estimate every month with the model in production, spread it over pixels, check it, keep it for `publish`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
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
from gvio.map.trends import trend_bands
from gvio.publish.changes import CHANGES
from gvio.publish.counts import COUNTS
from gvio.publish.cube import CUBE_BANDS, CubeSource, cube_objects
from gvio.publish.drift import NAME as DRIFT
from gvio.publish.drift import drift_json
from gvio.publish.explanations import explanations_frame
from gvio.publish.grids import Grid, GridObject
from gvio.publish.outlines import outline_objects
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
from gvio.sample.counts import observation_counts
from gvio.sample.samples import Samples
from gvio.scoreboard.board import Scoreboard
from gvio.stages.drift import drift_of
from gvio.stages.estimated import published_estimates, published_noise
from gvio.stages.product_files import pack_product, read_product
from gvio.stages.revisions import Estimated, release_before, revision_objects
from gvio.stages.sums import sums_of
from gvio.stages.workers import one_ahead, one_thread_each
from gvio.store.grids import encode_grid, encode_trends
from gvio.store.predecessor import Continued
from gvio.train.fit import Fitted, lit_setting
from gvio.train.looked import forget_light
from gvio.types import CheckResult, Month, month_range
from gvio.validate.gate import refuse_failed
from gvio.validate.grids import GridSeen, check_grids, figures_of, look_at_grid
from gvio.validate.product import check_estimates
from gvio.validate.statistics import check_districts_against_city

if TYPE_CHECKING:
    import pandas as pd

    from gvio.run.context import Context

STAGE = "map"
_MIN_TREND_MONTHS = 24


def map_(context: Context, fetched: Fetched, sampled: Sampled, decided: Decided) -> Mapped:
    """Make the product of the run: a grid of every month from the region's first one on, consistent with one another.

    Args:
        context: The run.
        fetched: Names the product files.
        sampled: The samples.
        decided: The model that maps.

    Raises:
        ModelError: The model does not fit the region.
        GateRefused: The product failed a required check.
    """
    months = list(month_range(context.config.start, Month.parse(sampled.head.month)))
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
    estimates, frame, changes = published_estimates(context, context.ledger, samples, sums, fitted, posterior)
    industry = industry_of(samples, KeptAnswers(context.path("answers")))
    grids, seen, cube = _grids(context, samples, industry, estimates, months, frame)
    checks = [
        *check_estimates(frame, samples.area_ids, config.city_id, samples.months),
        _agreement(context, samples, sums, estimates, fitted),
        *check_grids(seen, samples.area_ids),
    ]
    about = champion.package.about
    estimated = Estimated(samples, fitted, setting, posterior.mean, frame)
    scoreboard = about.scoreboard or Scoreboard()
    drift = drift_of(context, estimated, last)
    checks += check_drift(drift, area_names(context))
    product = Product(
        grids=grids,
        estimates=frame,
        explanations=explanations_frame(vars(why), samples.area_ids, samples.months),
        scoreboard=scoreboard,
        model_card=model_card(config, about, scoreboard, champion.decided, fetched.head.switches),
        trends=_trends(context, samples, industry, estimates),
        revisions={
            **revision_objects(context, decided, estimated, last),
            DRIFT: drift_json(drift),
            CHANGES.name: CHANGES.encoded(changes, config.invented),
            COUNTS.name: COUNTS.encoded(observation_counts(samples, config.city_id), config.invented),
        },
        outlines=_outlines(context, samples),
        cube=cube_objects(cube, config.unit, {"region": config.name, "invented": str(config.invented).lower()}),
    )
    return product, checks, float(estimates.estimate[-1, -1])


def _outlines(context: Context, samples: Samples) -> dict[str, bytes]:
    config, districts = context.config, context.places.districts
    return outline_objects(districts, samples.owner, samples.geobox, context.region, config.invented)


def _agreement(context: Context, samples: Samples, sums: Sums, estimates: Estimates, fitted: Fitted) -> CheckResult:
    """Whether every official figure, of any period, equals the published estimates it covers within its noise."""
    areas, tolerance = (*samples.area_ids, context.config.city_id), gaussian_half_width(95) * published_noise(fitted)
    return check_districts_against_city(sums, estimates.estimate[:-1], areas, samples.months, tolerance)


def _grids(
    context: Context,
    samples: Samples,
    industry: Industry,
    estimates: Estimates,
    months: list[Month],
    frame: pd.DataFrame,
) -> tuple[tuple[GridObject, ...], list[GridSeen], CubeSource]:
    """Each month's grid, encoded, what was found in it, and what the cube takes of it: a few grids at a time, because
    all would not fit into memory.
    """
    config, params, figures = context.config, context.params.map, figures_of(frame)
    districts = (estimates.estimate[:-1], estimates.lower[80][:-1], estimates.upper[80][:-1])
    place = np.zeros(samples.owner.size, dtype=bool)
    place[industry.pixels] = True
    where = place.reshape(samples.owner.shape)
    wanted = [m - samples.months[0] for m in months]
    taken = np.empty((len(CUBE_BANDS), len(industry.pixels), len(months)), np.float32)
    seen = list[GridSeen]()

    def made() -> Iterator[Grid]:
        arrays = map_months(industry, *districts, wanted, params, context.progress)
        for month, array in zip(months, arrays, strict=True):
            taken[:, :, len(seen)] = array[: len(CUBE_BANDS)].reshape(len(CUBE_BANDS), -1)[:, industry.pixels]
            seen.append(look_at_grid(month, array, figures, samples.owner, samples.area_ids, where))
            yield Grid(month, array, samples.geobox)

    encode = partial(encode_grid, region=context.region, unit=config.unit, invented=config.invented)
    encoded = tuple(one_ahead(encode, made()))
    return encoded, seen, CubeSource(samples.geobox, samples.owner >= 0, industry.pixels, months, taken)


def _trends(context: Context, samples: Samples, industry: Industry, estimates: Estimates) -> bytes | None:
    """Of the estimates of all months; None where there are too few."""
    if len(samples.months) < _MIN_TREND_MONTHS:
        return None
    series = estimate_series(industry, estimates.estimate[:-1], context.params.map)
    config, span = context.config, (samples.months[0], samples.months[-1])
    bands = trend_bands(industry, series)
    return encode_trends(bands, samples.geobox, context.region, span, config.unit, config.invented)


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
