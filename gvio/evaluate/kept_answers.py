"""Answers on disk: once the horizon of an origin is over, a new month changes nothing that its folds were made of.

An entry is an npz or JSON, never a pickle, named by the digest of all that the answer was made from, of the parameters,
and of the source and libraries that predict and score. So it is right or it is not found.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from gvio.content import content_digest
from gvio.evaluate.scores import CityScores, FoldScores
from gvio.evaluate.unused import unused
from gvio.files import write_bytes
from gvio.scoreboard.scores import PlaceboResult
from gvio.source import code_digest
from gvio.train.gong2025 import Learned
from gvio.types import Month

T = TypeVar("T")
# What gives the answers, and all that it reaches.
_CODE = ("gvio.evaluate.placebo", "gvio.evaluate.later_origins", "gvio.evaluate.districts")
_ARRAYS, _CITY = ("truth", "scored", "sd", "known"), ("truth", "scored", "predicted", "sd")
_PLAIN, _MONTHS = ("name", "last_known", "hidden_px", "hidden_in_part"), ("origin", "january")


@dataclasses.dataclass(frozen=True)
class Form(Generic[T]):
    """How an answer is written, and read."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


@dataclasses.dataclass(frozen=True)
class KeptAnswers:
    """Answers that are worked out once.

    Attributes:
        folder: Where; made when the first one is kept. None: nothing is kept.
        most: Entries that a sweep leaves, the last used ones.
        unused_days: Days after which an entry that nobody asked for is swept.
    """

    folder: Path | None = None
    most: int = 90  # below a megabyte each; a monthly run asks for about twenty
    unused_days: float = 366.0

    def __call__(self, known: object, what: str, form: Form[T], make: Callable[[], T]) -> T:
        """The answer that `make` gives.

        Args:
            known: All that it is made from: values that have a `content_digest`.
            what: Which answer about it.
            form: How it is kept.
            make: Works it out, from nothing but `known`.
        """
        if self.folder is None:
            return make()
        path = self.folder / content_digest(known, what, code_digest(*_CODE))
        try:
            found = form.decode(path.read_bytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # absent or damaged: made anew
            found = make()
            write_bytes(path, form.encode(found))
        else:
            os.utime(path)  # the day of use, for the sweep
        return found

    def sweep(self, now_s: float | None = None) -> int:
        """Delete what nobody asked for in `unused_days`, and the longest unused beyond `most` entries.

        Args:
            now_s: Seconds since 1970; the clock's when None.

        Returns:
            How many entries went.
        """
        now = time.time() if now_s is None else now_s
        entries = [] if self.folder is None else [p for p in self.folder.glob("*") if p.is_file()]
        old = unused(entries, self.most, self.unused_days, now)
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def bytes_of(folds: Sequence[FoldScores]) -> bytes:
    """Folds as one npz; equal folds give equal bytes."""
    parts: dict[str, Any] = {}
    heads = []
    for i, fold in enumerate(folds):
        parts |= {f"{i}.{name}": getattr(fold, name) for name in _ARRAYS}
        parts |= {f"{i}.predicted.{model}": path for model, path in fold.predicted.items()}
        if fold.city is not None:
            parts |= {f"{i}.city.{name}": getattr(fold.city, name) for name in _CITY}
        months = {name: None if getattr(fold, name) is None else str(getattr(fold, name)) for name in _MONTHS}
        plain = {name: getattr(fold, name) for name in _PLAIN}
        heads.append({**plain, **months, "models": list(fold.predicted), "city": fold.city is not None})
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


FOLDS: Form[Sequence[FoldScores]] = Form(bytes_of, folds_of)
PLACEBOS: Form[PlaceboResult | None] = Form(_placebo_bytes, _placebos)
LEARNED: Form[Learned] = Form(_learned_bytes, _learned)
