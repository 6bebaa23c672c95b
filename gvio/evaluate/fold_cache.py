"""Fits of folds on disk: the model of last month's January fold is the model of this month's.

An entry is a model package (safetensors and JSON, never a pickle) named by the key of what it was made from, so it is
right or it is not found: another light, figure, parameter, library or line of the source that fits has another key.
"""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

from gvio.errors import ModelError
from gvio.evaluate.fit_request import FitRequest
from gvio.files import write_bytes
from gvio.kept import DAY_S, unused
from gvio.sections import Frozen
from gvio.train.fit import Fitted
from gvio.train.package import pack_model, unpack_model


class _FitFacts(Frozen):
    """What the package of a kept fit says about itself: its key, and the last month it saw (YYYY-MM)."""

    key: str
    trained: str


@dataclasses.dataclass(frozen=True)
class KeptFits:
    """A `Fit` that keeps its models in `folder`.

    Attributes:
        folder: Where; made when the first model is kept.
        most: Entries that a sweep leaves, the last used ones.
        unused_days: Days after which an entry that nobody asked for is swept.
    """

    folder: Path
    most: int = 60  # about 2 MB each on 100,000 pixels; a monthly run asks for about twenty
    unused_days: float = 366.0  # the fold of a January is asked for until its year leaves the protocol
    _asked: dict[str, Fitted] = dataclasses.field(default_factory=dict, repr=False, compare=False)  # in this run

    def __call__(self, request: FitRequest) -> Fitted:
        """The model of the request: kept, or fitted now and kept; the very same whenever it is asked for again, so
        that what it reads in light is found again, too.

        Raises:
            ModelError: No figure is visible, or training failed.
        """
        known = self._asked.get(request.key)
        return self._asked.setdefault(request.key, self._found(request)) if known is None else known

    def __reduce__(self) -> tuple[type[KeptFits], tuple[Path, int, float]]:
        """What other processes find in the folder; not the models that were asked for in this one."""
        return KeptFits, (self.folder, self.most, self.unused_days)

    def _found(self, request: FitRequest) -> Fitted:
        weights, document = self._paths(request.key)
        try:
            fitted, _ = unpack_model(weights.read_bytes(), document.read_bytes(), _FitFacts)
        except (OSError, ModelError):  # absent, of another schema, or damaged: the new one replaces it
            fitted = request.fit()
            data = pack_model(fitted, _FitFacts(key=request.key, trained=str(request.trained)))
            for path, content in zip((weights, document), data, strict=True):
                write_bytes(path, content)
        else:
            os.utime(document)  # the day of use, for the sweep
        return fitted

    def sweep(self, now_s: float | None = None) -> int:
        """Delete what nobody asked for in `unused_days`, and the longest unused beyond `most` entries.

        Args:
            now_s: Seconds since 1970; the clock's when None.

        Returns:
            How many entries went.
        """
        self._asked.clear()
        now = time.time() if now_s is None else now_s
        found = list(self.folder.glob("*.json"))
        old = unused(found, self.most, self.unused_days, now)
        for document in old:
            for path in self._paths(document.stem):
                path.unlink(missing_ok=True)
        kept = {path.stem for path in found} - {path.stem for path in old}
        for path in self.folder.glob("*.safetensors"):  # of a run that was ended between the two files
            if path.stem not in kept and now - path.stat().st_mtime > DAY_S:
                path.unlink(missing_ok=True)
        return len(old)

    def _paths(self, key: str) -> tuple[Path, Path]:
        return self.folder / f"{key}.safetensors", self.folder / f"{key}.json"
