"""Errata: every planted correction is found, and ordinary revisions are none."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from revision_region import AREAS, CITY, FIRST, Made, T, figures_of, model_of, run, samples_of

from gvio.assimilate.foresight import foresee
from gvio.assimilate.hyper import Hyper
from gvio.ledger.rows import Ledger
from gvio.publish.errata import errata_json, read_errata
from gvio.report.errata import erratum_sentence
from gvio.revisions.band import band_frame, half_widths
from gvio.revisions.errata import (
    BEYOND,
    USUAL,
    Erratum,
    affecting,
    corrected_figures,
    find_errata,
    stamped_errata,
)
from gvio.revisions.exchange import Changed, reading_steps, setting_of, split_change
from gvio.revisions.exchange import reprocessed as was_reprocessed
from gvio.revisions.reading import read_known
from gvio.revisions.vintages import extended, nothing, own_rows, stamped
from gvio.sample.samples import Samples

pytestmark = pytest.mark.usefixtures("one_thread")
N0, N1 = T - 1, T


def brighter(samples: Samples, months: slice, factor: float) -> Samples:
    """District A's pixels and statistics in some months written again."""
    radiance, statistics = samples.radiance.copy(), samples.statistics.copy()
    radiance[months, :, :6] *= np.float32(factor)
    statistics[0, months] += np.log(factor)
    return dataclasses.replace(samples, radiance=radiance, statistics=statistics)


def table(made: Made) -> pd.DataFrame:
    months = [str(month) for month in made.evidence.months]
    keys = {"area_id": np.repeat(AREAS, len(months)), "month": np.tile(months, len(AREAS))}
    return pd.DataFrame({**keys, "estimate": np.exp(made.published).ravel()})


def history_of(made: Made) -> pd.DataFrame:
    evidence = made.evidence
    foresight = foresee(setting_of(evidence), Hyper(**evidence.hyper), evidence.log_mean)
    band = band_frame(half_widths(foresight), [*AREAS, CITY], [str(month) for month in evidence.months])
    last = evidence.months[-1]
    return stamped(extended(None, own_rows(table(made), last, band), nothing()), f"{last}-aaa", None)


def errata_after(samples: Samples, figures: Ledger, first: Ledger | None = None) -> tuple[Erratum, ...]:
    """What a release finds that follows one of the ordinary region."""
    model, first = model_of(1), first or figures_of(N0)
    before, after = run(model, samples_of(), N0, first), run(model, samples, N1, figures)
    changed = Changed(False, was_reprocessed(before.evidence, after.evidence.seen, FIRST), False, False)
    steps = reading_steps(changed, lambda: None, lambda: read_known(before.evidence, model, samples, {}))
    news = split_change(before.evidence, after.evidence, steps, (before.published, after.published))
    cells = [
        {(str(a), str(m)): float(v) for a, m, v in table(made).itertuples(index=False)} for made in (before, after)
    ]
    known = (before.evidence.figures, after.evidence.figures, Ledger(pd.concat([first.rows, figures.rows])))
    return find_errata(news, history_of(before), (cells[0], cells[1]), known)


@pytest.mark.parametrize(
    ("samples", "revised"),
    [
        (samples_of(), {}),
        (samples_of(), {("A", 8): 1.02, ("B", 5): 0.985, (CITY, 20): 1.01}),
        (brighter(samples_of(), slice(10, 12), 1.002), {}),
    ],
    ids=["a new month", "ordinary revisions", "light written again with nearly the same pixels"],
)
def test_ordinary_revisions_are_no_errata(samples: Samples, revised: dict[tuple[str, int], float]) -> None:
    assert errata_after(samples, figures_of(N1, revised)) == ()


def test_a_corrected_figure_is_an_erratum_of_its_months() -> None:
    (found,) = errata_after(samples_of(), figures_of(N1, {("A", 8): 1.4, ("B", 5): 1.01}))
    assert found.cause == "revised_figures"
    assert found.releases == (f"{FIRST + (N0 - 1)}-aaa",)
    assert found.replaced_by is None
    largest = max(found.estimates, key=lambda row: abs(row.part))
    assert (largest.area_id, largest.month) == ("A", str(FIRST + 8))
    assert largest.after / largest.before == pytest.approx(1.4, rel=0.02)


def test_republished_light_is_an_erratum_where_it_moves_estimates_beyond_the_band() -> None:
    (found,) = errata_after(brighter(samples_of(), slice(N0 - 6, N0), 6.0), figures_of(N1))
    assert found.cause == "reprocessed_light"
    assert {row.month for row in found.estimates} <= {str(FIRST + t) for t in range(N0)}
    assert "A" in {row.area_id for row in found.estimates}


def test_a_figure_is_corrected_only_beyond_the_usual_revision() -> None:
    """Usual is what this office does: where it revises by five per cent, eight are nothing."""
    one, small, large = (figures_of(N1, {("A", 8): factor}) for factor in (1.0, 1.03, 1.5))
    assert not len(corrected_figures(one, small, one))
    assert len(corrected_figures(one, large, one))
    assert np.log(1.08) > BEYOND * USUAL
    restless = {("A", t): 1.05 for t in range(20)}
    later = figures_of(N1, restless).rows.assign(published=dt.date(2021, 6, 1))
    vintages = Ledger(pd.concat([one.rows, later]))
    assert not len(corrected_figures(one, figures_of(N1, {("B", 3): 1.08}), vintages))
    assert not len(corrected_figures(one, one, vintages))
    once = figures_of(N1, {("A", 8): 1.46}).rows.assign(published=dt.date(2021, 6, 1))
    after_one = Ledger(pd.concat([one.rows, once]))
    found = corrected_figures(one, figures_of(N1, {("B", 3): 1.4}), after_one)
    assert len(found) == 1, "one large correction of before does not make the next one usual"


def test_errata_are_read_back_name_their_release_and_are_told_to_readers_of_the_old_ones() -> None:
    found = errata_after(samples_of(), figures_of(N1, {("A", 8): 1.4}))
    (back,) = stamped_errata(read_errata(errata_json(found)), "2021-01-bbb")
    assert back == dataclasses.replace(found[0], replaced_by="2021-01-bbb")
    assert stamped_errata((back,), "2021-02-ccc") == (back,), "a later release carries it on"
    assert affecting((back,), found[0].releases[0]) == (back,)
    assert affecting((back,), "2021-01-bbb") == ()
    said = erratum_sentence(back, {"A": "East"})
    for word in ("corrected", "East", found[0].releases[0], "2021-01-bbb"):
        assert word in said
