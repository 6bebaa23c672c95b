"""Tells people what they would want to be told of a look: a message to a webhook when something changed, and not daily.

The body is one JSON object. `text` is a sentence, which is what Slack, Mattermost and others show; the other fields are
for programs.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Literal

from gvio.publish.look import LastLook
from gvio.run.heartbeat import ask, only_warned_of

_SKILLS = ("none", "weak", "proven")

Event = Literal["refused", "late", "recovered", "demoted", "drift", "awaiting-approval"]


@dataclasses.dataclass(frozen=True)
class Notice:
    """One message: what happened to which region, in a sentence, with the look's outcome, reason, month and release."""

    event: Event
    text: str
    region: str
    outcome: str
    reason: str
    month: str | None
    release: str | None


def notices(before: LastLook | None, now: LastLook, awaiting: int | None = None) -> list[Notice]:
    """What is worth telling of a look, given the one before it.

    The same refusal and the same wait are told once; that they are over, too. `awaiting` is the version that waits for
    a person's approval.
    """
    told = list[tuple[Event, str]]()
    was = None if before is None else before.outcome
    if now.outcome == "refused" and (before is None or (before.outcome, before.reason) != ("refused", now.reason)):
        told.append(("refused", f"refused: {now.reason}"))
    elif now.outcome == "late" and (before is None or was != "late" or before.awaited != now.awaited):
        waits = " and ".join(f"{one.what} since {one.since}" for one in now.awaited)
        told.append(("late", f"late, awaiting {waits or 'its source'}"))
    elif was in ("refused", "late") and now.outcome not in ("refused", "late"):
        told.append(("recovered", f"{now.outcome} again, after it was {was}"))
    if before is not None and _is_less(now.skill, before.skill):
        told.append(("demoted", f"its model's skill fell from {before.skill} to {now.skill}"))
    if now.drift not in (None, "none") and (before is None or before.drift != now.drift):
        told.append(("drift", f"drift: {now.drift}"))
    if awaiting is not None:
        told.append(("awaiting-approval", f"version {awaiting} awaits approval: gvio registry approve or reject"))
    return [
        Notice(event, f"gvio, {now.region}: {text}", now.region, now.outcome, now.reason, now.month, now.release)
        for event, text in told
    ]


def send(target: str, notice: Notice) -> None:
    """POST the notice; a failure is one line of warning, and never the run's.

    Args:
        target: An `https://` (or `http://`) address; never shown whole, because it often is a secret.
        notice: What to say.
    """
    with only_warned_of(target, f"the notice {notice.event!r} was not sent"):
        ask(target, json.dumps(dataclasses.asdict(notice)).encode())


def _is_less(skill: str | None, before: str | None) -> bool:
    return skill in _SKILLS and before in _SKILLS and _SKILLS.index(skill) < _SKILLS.index(before)
