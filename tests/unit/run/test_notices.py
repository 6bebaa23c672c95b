"""People are told when something changes, once, by a webhook; a webhook that fails never fails the run."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_stages import ScriptedStages, write_pack

from gvio.errors import GateRefused
from gvio.publish.look import Awaited, LastLook
from gvio.run.context import open_context
from gvio.run.notice import notices
from gvio.run.order import run_month
from gvio.run.request import RunRequest

FINE = LastLook(
    region="r",
    outcome="published",
    reason="",
    looked_at="2021-04-20T12:00:00Z",
    next_look=None,
    asked=None,
    as_of="2021-04-20",
    release="2021-03-a",
    month="2021-03",
    newest_light="2021-03",
    newest_figures="2021-04-17",
    skill="proven",
)
REFUSED = dataclasses.replace(FINE, outcome="refused", reason="light.coverage: 0.1 < 0.5")
LATE = dataclasses.replace(FINE, outcome="late", awaited=(Awaited("light of 2021-04", "2021-07-14"),))
CALM = dataclasses.replace(FINE, outcome="unchanged")


@pytest.mark.parametrize(
    ("before", "now", "awaiting", "texts"),
    [
        (None, FINE, None, []),
        (FINE, CALM, None, []),
        (None, REFUSED, None, ["refused: light.coverage: 0.1 < 0.5"]),
        (FINE, REFUSED, None, ["refused: light.coverage: 0.1 < 0.5"]),
        (REFUSED, REFUSED, None, []),
        (dataclasses.replace(REFUSED, reason="another"), REFUSED, None, ["refused: light.coverage: 0.1 < 0.5"]),
        (REFUSED, FINE, None, ["published again, after it was refused"]),
        (FINE, LATE, None, ["late, awaiting light of 2021-04 since 2021-07-14"]),
        (LATE, LATE, None, []),
        (LATE, REFUSED, None, ["refused: light.coverage: 0.1 < 0.5"]),
        (LATE, CALM, None, ["unchanged again, after it was late"]),
        (FINE, dataclasses.replace(FINE, skill="weak"), None, ["its model's skill fell from proven to weak"]),
        (dataclasses.replace(FINE, skill="none"), FINE, None, []),
        (dataclasses.replace(FINE, skill=None), FINE, None, []),
        (FINE, dataclasses.replace(FINE, drift="light"), None, ["drift: light"]),
        (dataclasses.replace(FINE, drift="light"), dataclasses.replace(FINE, drift="light"), None, []),
        (dataclasses.replace(FINE, drift="light"), dataclasses.replace(FINE, drift="none"), None, []),
        (FINE, FINE, 3, ["version 3 awaits approval: gvio registry approve or reject"]),
    ],
)
def test_what_changed_is_told_once(
    before: LastLook | None, now: LastLook, awaiting: int | None, texts: list[str]
) -> None:
    assert [notice.text for notice in notices(before, now, awaiting)] == [f"gvio, r: {text}" for text in texts]


@pytest.mark.enable_socket
@pytest.mark.parametrize("answer", [200, 500])
def test_a_refusal_reaches_the_webhook(
    tmp_path: Path,
    region_yaml: str,
    make_release: Callable[..., Any],
    monitor: Any,
    caplog: pytest.LogCaptureFixture,
    answer: int,
) -> None:
    monitor.answer, pack = answer, write_pack(tmp_path / "pack", region_yaml)
    request = RunRequest(pack=str(pack), store=str(tmp_path / "s"), workspace=str(tmp_path / "w"), month="2021-03")
    url = f"http://127.0.0.1:{monitor.server_port}/a-secret"
    context = dataclasses.replace(open_context(request), notify=url)
    assert "a-secret" not in repr(context)
    for _ in range(2):
        with pytest.raises(GateRefused):
            run_month(context, ScriptedStages(make_release, validate=[GateRefused("light.coverage: 0.1 < 0.5")]))
    ((path, kind, document),) = monitor.seen
    body = json.loads(document)
    assert (path, kind) == ("/a-secret", "application/json")
    assert (body["event"], body["text"]) == ("refused", "gvio, testland: refused: light.coverage: 0.1 < 0.5")
    assert len(caplog.records) == (0 if answer == 200 else 1)
    assert "secret" not in caplog.text
