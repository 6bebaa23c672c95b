"""A release says which model made the releases until it, without a time of the clock."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from gvio.publish.knowledge import Knowledge
from gvio.publish.models import ModelSpan, SpanOrigin, continue_spans, models_json, own_span, parse_models
from gvio.scoreboard.board import Scoreboard
from gvio.store.local import LocalStore
from gvio.store.published import last_readable, read_release
from gvio.store.verify import verify_release
from gvio.store.writing import write_release
from gvio.types import Month


def span(version: int, month: str, decision: str = "promote: better") -> ModelSpan:
    model = {"version": version, "weights_sha256": f"{version}" * 64, "decision": decision}
    return own_span(model, "weak", Scoreboard(), SpanOrigin(month, f"{month}-18"))


def test_a_model_goes_on_until_another_one_made_a_release() -> None:
    spans = continue_spans((), None, span(1, "2021-01"))
    spans = continue_spans(spans, SpanOrigin("2021-01", None), span(1, "2021-02"))
    assert [(one.version, one.first.month, one.last) for one in spans] == [(1, "2021-01", None)]
    spans = continue_spans(spans, SpanOrigin("2021-02", "2021-03-18"), span(2, "2021-03"))
    back = span(1, "2021-03", "rolled back from version 2 (wrong map)")
    spans = continue_spans(spans, SpanOrigin("2021-03", "2021-04-18"), back)
    told = [(one.version, one.first.month, one.last and one.last.month) for one in spans]
    assert told == [(1, "2021-01", "2021-02"), (2, "2021-03", "2021-03"), (1, "2021-03", None)]
    assert spans[2].decision == "rolled back from version 2 (wrong map)"
    assert parse_models(models_json("r", spans)) == spans


def test_equal_releases_have_equal_documents_and_a_nan_stays_readable() -> None:
    own = dataclasses.replace(span(1, "2021-01"), scores={"within_r2": float("nan"), "mape": 0.1})
    (back,) = parse_models(models_json("r", [own]))
    assert back.scores == {"within_r2": None, "mape": 0.1}
    assert models_json("r", [back]) == models_json("r", [own])


def test_it_is_read_back_and_a_release_of_before_tells_its_own_model(tmp_path: Path, make_release) -> None:
    store = LocalStore(tmp_path / "store")
    older = make_release(
        "2021-02", knowledge=Knowledge(Month(2021, 2), "2021-02-18", "2021-03-20"), model={"version": 7}
    )
    write_release(store, "testland", older)
    (first,) = last_readable(store, "testland").release.models
    assert (first.version, first.first, first.skill) == (7, SpanOrigin("2021-02", "2021-02-18"), "weak")
    spans = continue_spans((first,), SpanOrigin("2021-02", "2021-02-18"), span(8, "2021-03"))
    newer = make_release(models=spans)
    write_release(store, "testland", newer)
    assert read_release(store, "testland").models == spans
    assert verify_release(store, "testland") == ()
