"""`models.json` of a release: which model made the region's releases, from which to which. Pure.

It holds no time of the clock, or no two releases would be equal: a span begins and ends with what a release knew. The
times are in the records of the pointer's moves, and the registry has those of its decisions.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED
from gvio.types import Manifest

NAME = "models.json"
_SCORES = ("within_r2", "yoy_r2", "mape", "coverage80")


@dataclasses.dataclass(frozen=True)
class SpanOrigin:
    """A release by what it knew: its month (YYYY-MM), and the day of its newest figure; None where it had none."""

    month: str
    public_until: str | None


@dataclasses.dataclass(frozen=True)
class ModelSpan:
    """A model, and the releases that it made.

    Attributes:
        version: In the registry; None where the manifest does not say.
        weights_sha256: Of its weights.
        decision: What made it champion: by which rule, or by whose hand, and why.
        skill: Against the best naive forecast: proven, weak, none.
        scores: Out of time as used, where computed: within_r2, yoy_r2, mape, coverage80.
        first: The first release that it made in a row.
        last: The last one; None for the model of this release.
    """

    version: int | str | None
    weights_sha256: str
    decision: str
    skill: str
    scores: Mapping[str, float | None]
    first: SpanOrigin
    last: SpanOrigin | None = None


def own_span(model: Mapping[str, Any], skill: str, scoreboard: Scoreboard, made: SpanOrigin) -> ModelSpan:
    """The span that begins with a release, from what its manifest says of the model."""
    scores = scoreboard.scores(AS_USED)
    return ModelSpan(
        version=model.get("version"),
        weights_sha256=str(model.get("weights_sha256") or ""),
        decision=str(model.get("decision") or ""),
        skill=skill,
        scores={name: scores.value(name) for name in _SCORES},
        first=made,
    )


def span_of(manifest: Manifest, scoreboard: Scoreboard) -> ModelSpan:
    """As `own_span`, of a release that was made before releases had this document."""
    made = SpanOrigin(str(manifest.month), manifest.public_until)
    return own_span(manifest.model, manifest.skill, scoreboard, made)


def continue_spans(before: Sequence[ModelSpan], last: SpanOrigin | None, own: ModelSpan) -> tuple[ModelSpan, ...]:
    """The spans after one more release: the last one goes on where model and decision are the same, else it ends.

    Args:
        before: Spans of the release before.
        last: That release; None where there is none.
        own: The span of the new release.
    """
    if not before or last is None:
        return (own,)
    newest = before[-1]
    if (newest.version, newest.weights_sha256, newest.decision) == (own.version, own.weights_sha256, own.decision):
        return tuple(before)
    return (*before[:-1], dataclasses.replace(newest, last=last), own)


def models_json(region: str, spans: Sequence[ModelSpan]) -> bytes:
    """The document."""
    listed = [dataclasses.asdict(span) for span in spans]
    return canonical_json({"schema_version": SCHEMA_VERSION, "region": region, "models": listed})


def parse_models(data: bytes) -> tuple[ModelSpan, ...]:
    """The spans in the bytes of a document, which were compared with the manifest."""
    return tuple(_span(listed) for listed in json.loads(data)["models"])


def _span(listed: Mapping[str, Any]) -> ModelSpan:
    last = listed["last"]
    ends = {"first": SpanOrigin(**listed["first"]), "last": None if last is None else SpanOrigin(**last)}
    return ModelSpan(**{**listed, **ends})
