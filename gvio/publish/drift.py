"""`drift.json`: what a release says of drift, and the errors on figures that the next release goes on with."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from gvio.drift.coverage import Coverage
from gvio.drift.figures import FigureError
from gvio.drift.monitors import MONITORS, Alarm, Drift, Reading
from gvio.publish.canonical import SCHEMA_VERSION, canonical_json

NAME = "drift.json"
_DIGITS = 4  # of errors, in logarithms


def drift_json(drift: Drift) -> bytes:
    """The document; equal values give equal bytes."""
    errors = [
        dataclasses.asdict(one) | {"error": round(one.error, _DIGITS), "half80": round(one.half80, _DIGITS)}
        for one in drift.errors
    ]
    coverage = dataclasses.asdict(drift.coverage) | {"share": drift.coverage.share}
    document = dataclasses.asdict(drift) | {"errors": errors, "coverage": coverage}
    return canonical_json({"schema_version": SCHEMA_VERSION, **document})


def read_drift(data: bytes) -> Drift:
    """What `drift_json` wrote; an alarm or reading of an unknown monitor, of a newer program, is left out.

    Raises:
        KeyError, TypeError, ValueError: A field is absent, or is not what it should be.
    """
    document = json.loads(data)
    coverage = document["coverage"]
    alarms = tuple(tuple(map(str, alarm)) for alarm in coverage["alarms"])
    return Drift(
        month=str(document["month"]),
        alarms=tuple(_alarm(one) for one in document["alarms"] if one["monitor"] in MONITORS),
        readings=tuple(Reading(**one) for one in document["readings"] if one["monitor"] in MONITORS),
        errors=tuple(FigureError(**one) for one in document["errors"]),
        coverage=Coverage(
            int(coverage["n"]), int(coverage["held"]), float(coverage["height"]), tuple((a, b) for a, b in alarms)
        ),
        factories={str(area): int(n) for area, n in document["factories"].items()},
        processing=str(document["processing"]),
    )


def _alarm(listed: Mapping[str, Any]) -> Alarm:
    size = listed["size"]
    return Alarm(**{**listed, "size": float("nan") if size is None else float(size)})
