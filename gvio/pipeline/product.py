"""The stages that make the product: map with the champion, and publish."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd

from gvio.errors import InputRefused, ModelError
from gvio.ledger.sums import official_monthly
from gvio.map.grids import map_months
from gvio.map.industry import Industry, industry_of
from gvio.map.intervals import flat_table, product_half_widths, split_sd
from gvio.map.official import Figures, honour, with_intervals
from gvio.map.trends import TREND_BANDS, trend_bands
from gvio.pipeline.inputs import Inputs, load_inputs
from gvio.pipeline.job import Job, StageReport, read_json, write_bytes, write_json
from gvio.pipeline.learn import champion_of
from gvio.pipeline.prepare import read_check
from gvio.pipeline.workers import one_thread_each
from gvio.publish.estimates import estimates_parquet, read_estimates
from gvio.publish.explanations import NAME as EXPLANATIONS
from gvio.publish.explanations import explanations_frame, explanations_parquet, read_explanations
from gvio.publish.grids import Grid, GridObject
from gvio.publish.release import build_release
from gvio.raster import cog_bytes, read_cog
from gvio.report.model_card import Substitution, model_card
from gvio.scoreboard.board import Scoreboard
from gvio.store.grids import encode_grid
from gvio.store.objects import open_store
from gvio.store.published import PublishedRelease, read_latest, read_release, write_release
from gvio.train.fit import Fitted, explain_estimate
from gvio.types import CheckResult, FloatArray, Month, Progress
from gvio.validate.gate import refuse_failed
from gvio.validate.grids import check_grids
from gvio.validate.product import check_estimates, check_jumps

_JUMP = 1.5  # a published figure that moves by this factor is worth a warning
_MIN_TREND_MONTHS = 24


def map_(job: Job, progress: Progress | None = None) -> StageReport:
    """Estimate every month with the champion from the registry, spread it over pixels, check it, keep it for `publish`.

    Raises:
        ModelError: There is no champion, or it does not fit the region.
        GateRefused: The product failed a required check.
    """
    one_thread_each()
    inputs = load_inputs(job)
    champion = champion_of(job)
    if champion is None:
        hint = "Run `gvio evaluate` with the same --workspace first."
        raise ModelError("there is no champion to map with", where=f"registry, gvio-{job.region}", hint=hint)
    fitted, about = champion
    previous = last_release(job)
    figures, frame, why = _estimates(job, inputs, fitted)
    months = _published_months(job, inputs, previous)
    industry = industry_of(inputs.samples)
    grids, series = _grids(job, inputs, industry, figures, months, progress)
    _check(job, inputs, industry, frame, grids, _jumps(inputs, frame, previous, about.weights_sha256))
    _write(job, inputs, frame, grids, industry, series)
    write_bytes(job.path("product") / EXPLANATIONS, explanations_parquet(why, job.config.start, inputs.month))
    decision = read_json(job, "decision.json", "evaluate")
    made_by = {"name": f"gvio-{job.region}", "version": about.version, "weights_sha256": about.weights_sha256}
    made_by |= {"reason": about.reason, "trained": str(fitted.trained), "decision": decision["reason"]}
    write_json(job.path("product") / "model.json", made_by)
    scoreboard = about.scoreboard or Scoreboard()
    write_json(job.path("product") / "scoreboard.json", scoreboard.document())
    stood_in = [Substitution.model_validate(switch) for switch in _switches(job)]
    card = model_card(job.config, about, scoreboard, decision["reason"], stood_in)
    write_bytes(job.path("product") / "model-card.md", card.encode())
    outputs = {"product": str(job.path("product"))}
    city = figures.estimate[-1, -1]
    summary = {"city": float(city), "unit": job.config.unit, "grids": [str(m) for m in months]}
    return StageReport("map", str(inputs.month), "done", outputs, summary)


def publish(job: Job, progress: Progress | None = None) -> StageReport:
    """Publish what `map` made as one immutable release.

    Raises:
        InputRefused: `map` has not run.
        StoreError: The store cannot be written, or does not keep conditional writes.
        ConflictError: Another publisher was faster.
    """
    inputs = load_inputs(job)
    folder = job.path("product")
    made_by = read_json(job, "product/model.json", "map")
    scoreboard = _scoreboard(job)
    checks = [read_check(c) for name in ("checks.json", "product/checks.json") for c in read_json(job, name, "map")]
    trends, why = folder / "trends.tif", folder / EXPLANATIONS
    release = build_release(
        job.config,
        inputs.month,
        [_grid_object(path) for path in sorted((folder / "grids").glob("*.tif"))],
        read_estimates((folder / "estimates.parquet").read_bytes()),
        scoreboard=scoreboard,
        checks=checks,
        model_card=(folder / "model-card.md").read_text(),
        trends=trends.read_bytes() if trends.exists() else None,
        inputs=_described(job, inputs),
        model=made_by,
        code=job.code,
        skill=scoreboard.skill or "none",
        created=dt.datetime.now(dt.UTC),
        explanations=read_explanations(why.read_bytes()) if why.exists() else None,
    )
    report = write_release(open_store(job.store, job.endpoint_url), job.region, release, progress)
    figures = {
        "release": report.release,
        "result": report.outcome,
        "uploaded": report.uploaded,
        "uploaded_bytes": report.uploaded_bytes,
    }
    write_json(job.path("published.json"), {"release": report.release, "store": job.store, "month": str(inputs.month)})
    outcome: Any = "unchanged" if report.outcome == "unchanged" else "done"
    where = f"{job.store.rstrip('/')}/{job.region}/releases/{report.release}"
    return StageReport("publish", str(inputs.month), outcome, {"release": where}, figures)


def last_release(job: Job) -> PublishedRelease | None:
    """The store's latest release of this region; None when nothing is published."""
    store = open_store(job.store, job.endpoint_url)
    return None if read_latest(store, job.region) is None else read_release(store, job.region)


def _estimates(job: Job, inputs: Inputs, fitted: Fitted) -> tuple[Figures, pd.DataFrame, pd.DataFrame]:
    samples, city_id = inputs.samples, job.config.city_id
    posterior, why = explain_estimate(fitted, samples, inputs.sums)
    official, published = official_monthly(inputs.ledger, samples.area_ids, city_id, samples.months)
    own = np.isfinite(official)
    # A month's own shock and the noise of its figure cannot be told apart from monthly figures alone: together they
    # bound how far a published figure may lie from the truth.
    noise = float(np.hypot(fitted.ensemble.hyper.noise, fitted.ensemble.hyper.shock))
    table = fitted.interval_table or flat_table(fitted.interval_scale)
    split = split_sd(inputs.sums, samples.months, posterior.city_mean)
    half = product_half_widths(table, inputs.sums, posterior.sd, posterior.city_sd, split, own, noise)
    figures = with_intervals(honour(posterior.mean, official), half)
    covered = _covered(inputs)
    areas, months = [*samples.area_ids, city_id], [str(m) for m in samples.months]
    frame = pd.DataFrame(
        {
            "area_id": np.repeat(areas, len(months)),
            "month": np.tile(months, len(areas)),
            "estimate": figures.estimate.ravel(),
            "lower80": figures.lower[80].ravel(),
            "upper80": figures.upper[80].ravel(),
            "lower95": figures.lower[95].ravel(),
            "upper95": figures.upper[95].ravel(),
            "official": official.ravel(),
            "official_published": published.ravel(),
            "kind": np.where(covered, "fitted", "nowcast").ravel(),
        }
    )
    return figures, frame, explanations_frame(vars(why), samples.area_ids, samples.months)


def _covered(inputs: Inputs) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """(D + 1, T) whether a public figure of the area's own covers the month, the city last."""
    sums = inputs.sums
    covered = np.zeros((sums.n_areas + 1, sums.n_months), dtype=bool)
    for area, start, end in zip(sums.area, sums.start, sums.end, strict=True):
        covered[area, start : end + 1] = True  # area −1, the city, is the last row
    return covered


def _published_months(job: Job, inputs: Inputs, previous: PublishedRelease | None) -> list[Month]:
    """The run's month and every month whose grid the last release holds: one release is consistent in itself."""
    known = set(inputs.samples.months)
    before = {Month.parse(month) for month in previous.grids} if previous is not None else set()
    return sorted(((before | set(job.also)) & known) | {inputs.month})


def _grids(
    job: Job,
    inputs: Inputs,
    industry: Industry,
    figures: Figures,
    months: list[Month],
    progress: Progress | None,
) -> tuple[dict[Month, FloatArray], FloatArray | None]:
    """Bands (5, y, x) of the months to publish, and (P, T) estimates of all months for trends, when long enough."""
    n = len(inputs.samples.months)
    wanted = range(n) if n >= _MIN_TREND_MONTHS else [m - inputs.samples.months[0] for m in months]
    districts = (figures.estimate[:-1], figures.lower[80][:-1], figures.upper[80][:-1])
    bands = map_months(industry, *districts, list(wanted), job.params.map, progress)
    by_month = dict(zip((inputs.samples.months[t] for t in wanted), bands, strict=True))
    series = None
    if n >= _MIN_TREND_MONTHS:
        series = np.stack([b[0].ravel()[industry.pixels] for b in bands], axis=1).astype(np.float64)
    return {m: by_month[m] for m in months}, series


def _check(
    job: Job,
    inputs: Inputs,
    industry: Industry,
    frame: pd.DataFrame,
    grids: dict[Month, FloatArray],
    jumps: list[CheckResult],
) -> None:
    samples = inputs.samples
    place = np.zeros(samples.owner.size, dtype=bool)
    place[industry.pixels] = True
    results = [
        *check_estimates(frame, samples.area_ids, job.config.city_id, samples.months),
        *jumps,
        *check_grids(grids, frame, samples.owner, samples.area_ids, place.reshape(samples.owner.shape)),
    ]
    document = [{**vars(r), "observed": dict(r.observed)} for r in results]
    write_json(job.path("product") / "checks.json", document)
    refuse_failed(results)


def _jumps(inputs: Inputs, frame: pd.DataFrame, previous: PublishedRelease | None, weights: str) -> list[CheckResult]:
    """Against the last release; when that was made of the same, its own verdict: it cannot have jumped from itself."""
    if previous is None:
        return check_jumps(frame, None, _JUMP)
    made = (previous.manifest["inputs"].get("input_key"), previous.manifest["model"].get("weights_sha256"))
    kept = [c for c in previous.checks if c.name == "product.jump"] if made == (inputs.key, weights) else []
    return kept or check_jumps(frame, previous.estimates, _JUMP)


def _write(
    job: Job,
    inputs: Inputs,
    frame: pd.DataFrame,
    grids: dict[Month, FloatArray],
    industry: Industry,
    series: FloatArray | None,
) -> None:
    folder, geobox = job.path("product"), inputs.samples.geobox
    for old in [*(folder / "grids").glob("*.tif"), folder / "trends.tif"]:
        old.unlink(missing_ok=True)
    for month, array in grids.items():
        grid = encode_grid(Grid(month, array, geobox), job.region, job.config.unit)
        write_bytes(folder / "grids" / f"{month}.tif", grid.data)
    parquet = estimates_parquet(frame, job.config.city_id, job.config.start, inputs.month, job.config.unit)
    write_bytes(folder / "estimates.parquet", parquet)
    if series is not None:
        bands = trend_bands(industry, series)
        trends = cog_bytes(bands, geobox, nodata=float("nan"), descriptions=TREND_BANDS)
        write_bytes(folder / "trends.tif", trends)


def _scoreboard(job: Job) -> Scoreboard:
    document = json.dumps(read_json(job, "product/scoreboard.json", "map"))
    hint = "Run `gvio map` with the same --region and --workspace again."
    return Scoreboard.parse(document, str(job.path("product") / "scoreboard.json"), InputRefused, hint)


def _grid_object(path: Any) -> GridObject:
    data = path.read_bytes()
    return GridObject(Month.parse(path.stem), data, read_cog(data)[1])


def _described(job: Job, inputs: Inputs) -> dict[str, Any]:
    names = dict(zip(inputs.pack.districts["area_id"], inputs.pack.districts["name"], strict=True))
    current = read_json(job, "fetch.json", "fetch")["files"][-4:]
    return {
        **inputs.hashes,
        "input_key": inputs.key,
        "title": job.config.title,
        "unit": job.config.unit,
        "city_id": job.config.city_id,
        "areas": {**{str(k): str(v) for k, v in names.items()}, job.config.city_id: "City"},
        "product": job.config.ntl.product,
        "newest_files": [{"file": f["file"], "sha256": f["sha256"]} for f in current],
        "missing_months": [str(m) for m in _missing(inputs)],
        **({"switches": switches} if (switches := _switches(job)) else {}),
    }


def _switches(job: Job) -> list[dict[str, Any]]:
    """Months whose light is another product's, and how it was brought to the level of the others."""
    return list(read_json(job, "fetch.json", "fetch").get("switches", []))


def _missing(inputs: Inputs) -> list[Month]:
    return [m for m, regime in zip(inputs.samples.months, inputs.samples.regimes, strict=True) if not regime]
