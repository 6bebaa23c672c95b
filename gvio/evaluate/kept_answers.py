"""How answers about folds are kept: once the horizon of an origin is over, a new month changes nothing that its folds
were made of (`gvio.kept`).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gvio.evaluate.scores import CityScores, FoldScores
from gvio.kept import Form
from gvio.scoreboard.scores import PlaceboResult
from gvio.train.gong2025 import Learned
from gvio.types import Month

# What gives the answers, and all that it reaches.
_CODE = ("gvio.evaluate.placebo", "gvio.evaluate.later_origins", "gvio.evaluate.districts")
_ARRAYS, _CITY = ("truth", "scored", "sd", "known"), ("truth", "scored", "predicted", "sd")
_PLAIN, _MONTHS = ("name", "last_known"), ("origin", "january")


def bytes_of(folds: Sequence[FoldScores]) -> bytes:
    """Folds as one npz; equal folds give equal bytes."""
    parts: dict[str, Any] = {}
    heads = []
    for i, fold in enumerate(folds):
        parts |= {f"{i}.{name}": getattr(fold, name) for name in _ARRAYS}
        parts |= {f"{i}.predicted.{model}": path for model, path in fold.predicted.items()}
        parts |= {f"{i}.spread.{model}": sd for model, sd in fold.spread.items()}
        if fold.city is not None:
            parts |= {f"{i}.city.{name}": getattr(fold.city, name) for name in _CITY}
        months = {name: None if getattr(fold, name) is None else str(getattr(fold, name)) for name in _MONTHS}
        plain = {name: getattr(fold, name) for name in _PLAIN}
        models = {"models": list(fold.predicted), "spread": list(fold.spread)}
        heads.append({**plain, **months, **models, "city": fold.city is not None})
    sink = io.BytesIO()
    np.savez(sink, **parts, heads=np.array(json.dumps(heads)))
    return sink.getvalue()


def folds_of(data: bytes) -> list[FoldScores]:
    """What `bytes_of` wrote.

    Raises:
        ValueError, KeyError, EOFError, zipfile.BadZipFile: Damaged.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        parts = dict(kept.items())
    return [_fold(parts, i, head) for i, head in enumerate(json.loads(str(parts["heads"])))]


def _fold(parts: Mapping[str, Any], i: int, head: Mapping[str, Any]) -> FoldScores:
    city = None
    if head["city"]:
        city = CityScores(**{name: parts[f"{i}.city.{name}"] for name in _CITY})
    origin, january = (None if head[name] is None else Month.parse(head[name]) for name in _MONTHS)
    return FoldScores(
        **{name: parts[f"{i}.{name}"] for name in _ARRAYS},
        **{name: head[name] for name in _PLAIN},
        origin=origin,
        january=january,
        predicted={model: parts[f"{i}.predicted.{model}"] for model in head["models"]},
        spread={model: parts[f"{i}.spread.{model}"] for model in head["spread"]},
        city=city,
    )


def _placebo_bytes(result: PlaceboResult | None) -> bytes:
    return b"null" if result is None else result.model_dump_json(by_alias=True).encode()


def _placebos(data: bytes) -> PlaceboResult | None:
    return None if data == b"null" else PlaceboResult.model_validate_json(data)


def _learned_bytes(learned: Learned) -> bytes:
    parts: dict[str, Any] = {**learned.weights, "start": np.array(learned.start)}
    sink = io.BytesIO()
    np.savez(sink, **parts)
    return sink.getvalue()


def _learned(data: bytes) -> Learned:
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        weights = dict(kept.items())
    return Learned(float(weights.pop("start")), weights)


FOLDS: Form[Sequence[FoldScores]] = Form(bytes_of, folds_of, _CODE)
PLACEBOS: Form[PlaceboResult | None] = Form(_placebo_bytes, _placebos, _CODE)
LEARNED: Form[Learned] = Form(_learned_bytes, _learned, _CODE)
