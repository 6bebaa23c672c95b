"""What intervals held by months ahead has a verdict that few figures cannot force."""

from __future__ import annotations

import pytest

from gvio.report.horizons import horizon_sentences, horizon_table, verdict_of
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import BLIND
from gvio.scoreboard.scores import HeldShares


def board(**held: tuple[float, float]) -> Scoreboard:
    bands = {band: {"n": n, "coverage80": share} for band, (n, share) in held.items()}
    return Scoreboard.model_validate({"protocols": {BLIND: {"horizons": {"districts": bands}}}})


@pytest.mark.parametrize(
    ("n", "share", "verdict"),
    [
        (16, 0.0, "too narrow"),
        (320, 0.697, "too narrow"),
        (320, 0.80, "holds"),
        (3, 0.667, "could be chance"),
        (400, 0.99, "wider than needed"),
        (0, None, "not measured"),
    ],
)
def test_the_verdict_leaves_chance_its_room(n: int, share: float | None, verdict: str) -> None:
    assert verdict_of(HeldShares(n=n, coverage80=share)) == verdict


def test_intervals_that_hold_nothing_are_told_first() -> None:
    scores = board(**{"1": (16, 0.0), "3": (48, 0.8), "all": (320, 0.7)})
    (said,) = horizon_sentences(scores)
    assert said.startswith("Out of time, blind: intervals of districts are too narrow.")
    assert "0 of 16 figures at 1" in said
    assert "224 of 320 figures in all" in said
    table = horizon_table(scores.protocol(BLIND))
    assert table["80 % interval"].tolist() == ["too narrow", "holds", "too narrow"]
    assert list(horizon_sentences(Scoreboard())) == []
    assert horizon_table(Scoreboard().protocol(BLIND)).empty
