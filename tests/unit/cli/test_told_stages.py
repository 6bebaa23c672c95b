"""`gvio demo` without a terminal tells a line a stage; with one, a bar that only an ended stage moves."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from gvio.cli.told_stages import SHARES, StageBar, stages_told


def end(stage: str) -> None:
    logging.getLogger("prefect.flow_runs").info("%s: done in %.1f s%s", stage, 4.4, "; months 3")


def test_a_line_a_stage_and_nothing_of_other_lines(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("prefect.flow_runs")
    before = (log.level, log.propagate, list(log.handlers))
    with stages_told(2):
        end("try the store")
        log.info("%s: %d of %d", "fold", 3, 8)
        end("fetch")
        end("validate")
    assert capsys.readouterr().err.splitlines() == [
        "  fetch: done in 4 s (1 of 16)",
        "  validate: done in 4 s (2 of 16)",
    ]
    assert (log.level, log.propagate, list(log.handlers)) == before


def test_the_bar_names_the_stage_at_work_and_ends_full(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", screen)
    bar = StageBar(1)
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s: done in %.1f s%s", ("train", 3.0, ""), None)
    bar.emit(record)  # what was found done already is not told: the bar goes on from there
    shown = screen.getvalue()
    bar.close()
    assert "fetch (1 of 8)" in shown
    assert "evaluate (5 of 8)" in shown
    assert round(100 * sum(list(SHARES.values())[:4]) / sum(SHARES.values())) == 27
    assert "\n" not in shown.strip("\n")
