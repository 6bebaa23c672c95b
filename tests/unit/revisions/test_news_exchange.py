"""The change of an estimate split by what caused it: each part is what a run with only that input exchanged gives."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from revision_region import AREAS, FIRST, Made, T, figures_of, model_of, reprocessed, run, samples_of

from gvio.revisions.evidence import UNSEEN, light_seen
from gvio.revisions.exchange import Changed, posterior_mean, reading_steps, split_change, with_revised
from gvio.revisions.exchange import reprocessed as was_reprocessed
from gvio.revisions.news import PARTS
from gvio.revisions.reading import known_light, read_known, without_months
from gvio.sample.samples import Samples
from gvio.train.fit import Fitted

pytestmark = pytest.mark.usefixtures("one_thread")
N0, N1 = T - 1, T
REVISED = {("A", 3): 1.08, ("CITY", 20): 0.97}


def news(before: Made, after: Made, changed: Changed, old: Fitted | None, new: Fitted, samples: Samples):
    steps = reading_steps(
        changed,
        lambda: None if old is None else read_known(before.evidence, old, samples, {}),
        lambda: read_known(before.evidence, new, samples, {}),
    )
    published = (before.published, after.published)
    return split_change(before.evidence, after.evidence, steps, published, method=changed.method)


def mean(made: Made) -> np.ndarray:
    return made.evidence.log_mean[:, :N0]


def test_evidence_alone_makes_the_estimate_again() -> None:
    made = run(model_of(1), samples_of(), N1, figures_of(N1))
    np.testing.assert_allclose(posterior_mean(made.evidence), made.evidence.log_mean, atol=1e-11)


def test_every_part_is_what_a_run_with_only_that_input_exchanged_gives() -> None:
    """All inputs change at once, but for the pack; the runs between are made from light and figures themselves."""
    old, new, bright = model_of(1), model_of(2), reprocessed(samples_of(), slice(4, 9))
    before, after = (
        run(old, samples_of(), N0, figures_of(N0)),
        run(new, bright, N1, figures_of(N1, REVISED)),
    )
    changed = Changed(pack=False, reprocessed=True, model=True, method=False)
    found = news(before, after, changed, old, new, bright)
    revised_only = with_revised(figures_of(N0), figures_of(N1, REVISED))
    path = [
        before,
        run(old, bright, N0, figures_of(N0)),
        run(new, bright, N0, figures_of(N0)),
        run(new, bright, N1, figures_of(N0)),
        run(new, bright, N1, revised_only),
        after,
    ]
    names = ("reprocessed_light", "model", "new_light", "revised_figures", "new_figures")
    for name, one, other in zip(names, path[:-1], path[1:], strict=True):
        np.testing.assert_allclose(found.parts[name], mean(other) - mean(one), atol=1e-9, err_msg=name)
        assert np.abs(found.parts[name]).max() > 1e-6, f"{name} moves something"
    assert not found.parts["pack"].any()
    raking = (after.published[:, :N0] - mean(after)) - (before.published - mean(before))
    np.testing.assert_allclose(found.parts["raking"], raking, atol=1e-12)
    total = sum(found.parts[name] for name in PARTS)
    np.testing.assert_allclose(total, after.published[:, :N0] - before.published, atol=1e-12)
    assert (found.area_ids, found.months, found.together) == (AREAS, before.evidence.months, ())


def test_a_changed_pack_is_read_by_the_model_before() -> None:
    old, new, other = model_of(1), model_of(2), samples_of(weight=3.0, closes=15)
    before = run(old, samples_of(), N0, figures_of(N0))
    after = run(new, other, N0, figures_of(N0))
    changed = Changed(pack=True, reprocessed=False, model=True, method=False)
    found = news(before, after, changed, old, new, other)
    between = run(old, other, N0, figures_of(N0))
    np.testing.assert_allclose(found.parts["pack"], mean(between) - mean(before), atol=1e-9)
    np.testing.assert_allclose(found.parts["model"], mean(after) - mean(between), atol=1e-9)
    assert np.abs(found.parts["pack"]).max() > 1e-6
    assert found.together == ()


@pytest.mark.parametrize(
    ("changed", "there", "together"),
    [
        (Changed(pack=True, reprocessed=False, model=True, method=False), False, ("pack", "model")),
        (Changed(pack=True, reprocessed=True, model=True, method=False), True, ("pack", "reprocessed_light")),
        (Changed(pack=False, reprocessed=True, model=True, method=False), False, ("reprocessed_light", "model")),
        (Changed(pack=True, reprocessed=True, model=False, method=False), False, ("pack", "reprocessed_light")),
    ],
)
def test_what_cannot_be_told_apart_is_said(changed: Changed, there: bool, together: tuple[str, ...]) -> None:
    """Without the model before, or without its light in a new pack, there is no run between: nothing is guessed."""
    old, new = model_of(1), model_of(2) if changed.model else model_of(1)
    other = samples_of(weight=3.0) if changed.pack else samples_of()
    other = reprocessed(other, slice(4, 9)) if changed.reprocessed else other
    before, after = run(old, samples_of(), N0, figures_of(N0)), run(new, other, N1, figures_of(N1))
    found = news(before, after, changed, old if there else None, new, other)
    assert found.together == together
    assert not any(found.parts[name].any() for name in together[1:])
    assert np.abs(found.parts[together[0]]).max() > 1e-6
    np.testing.assert_allclose(sum(found.parts.values()), found.change, atol=1e-12)


def test_nothing_changed_is_no_news() -> None:
    one, again = (run(model_of(1), samples_of(), N0, figures_of(N0)) for _ in range(2))
    nothing = Changed(pack=False, reprocessed=False, model=False, method=False)
    found = news(one, again, nothing, model_of(1), model_of(1), samples_of())
    assert max(np.abs(part).max() for part in found.parts.values()) < 1e-9


def test_another_program_counts_as_the_model() -> None:
    one = run(model_of(1), samples_of(), N0, figures_of(N0))
    off = dataclasses.replace(one.evidence, log_mean=one.evidence.log_mean + 0.01)
    before = Made(off, one.published + 0.01)
    after = run(model_of(1), samples_of(), N1, figures_of(N1))
    changed = Changed(pack=False, reprocessed=False, model=False, method=True)
    found = news(before, after, changed, model_of(1), model_of(1), samples_of())
    np.testing.assert_allclose(found.parts["model"], -0.01, atol=1e-9)
    np.testing.assert_allclose(sum(found.parts.values()), found.change, atol=1e-12)


def test_a_figure_of_a_month_that_had_no_light_yet_counts_as_new() -> None:
    """The city's total often comes out before the light: it was known, but it said nothing of an estimate."""
    old, samples = model_of(1), samples_of()
    before = run(old, samples, N0, figures_of(N1))
    assert before.evidence.figures.rows["end"].max() == (FIRST + (N0 - 1)).ordinal
    after = run(old, samples, N1, figures_of(N1))
    changed = Changed(pack=False, reprocessed=False, model=False, method=False)
    found = news(before, after, changed, old, old, samples)
    assert np.abs(found.parts["new_figures"]).max() > 1e-6
    assert not found.parts["revised_figures"].any()


def test_light_that_came_late_is_new_and_not_reprocessed() -> None:
    old, full = model_of(1), samples_of()
    gap = np.arange(T) == 12
    dark = without_months(full, gap)
    before, after = run(old, dark, N0, figures_of(N0)), run(old, full, N0, figures_of(N0))
    assert before.evidence.seen[12] == UNSEEN
    assert not was_reprocessed(before.evidence, after.evidence.seen, FIRST)
    assert light_seen(known_light(full, before.evidence)) == before.evidence.seen
    changed = Changed(pack=False, reprocessed=False, model=False, method=False)
    found = news(before, after, changed, old, old, full)
    np.testing.assert_allclose(found.parts["new_light"], mean(after) - mean(before), atol=1e-9)
    assert np.abs(found.parts["new_light"]).max() > 1e-6


def test_a_model_that_replaced_another_reads_late_light_without_it() -> None:
    old, new, full = model_of(1), model_of(2), samples_of()
    dark = without_months(full, np.arange(T) == 12)
    before, after = run(old, dark, N0, figures_of(N0)), run(new, full, N0, figures_of(N0))
    changed = Changed(pack=False, reprocessed=False, model=True, method=False)
    found = news(before, after, changed, old, new, full)
    between = run(new, dark, N0, figures_of(N0))
    np.testing.assert_allclose(found.parts["model"], mean(between) - mean(before), atol=1e-9)
    np.testing.assert_allclose(found.parts["new_light"], mean(after) - mean(between), atol=1e-9)


def test_light_written_again_with_other_pixels_is_reprocessed() -> None:
    before = run(model_of(1), samples_of(), N0, figures_of(N0)).evidence
    assert not was_reprocessed(before, light_seen(samples_of()), FIRST)
    assert was_reprocessed(before, light_seen(reprocessed(samples_of(), slice(4, 5))), FIRST)
