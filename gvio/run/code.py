"""Which source makes which artifact: an edit of it, or another version of a numerical library, makes another key.

The lists are those of `deps` in dvc.yaml; a test compares them with what each stage's module imports.
"""

from __future__ import annotations

from collections.abc import Mapping

from gvio.source import source_digest

_CORE = ("types", "errors", "config", "files", "progress", "grid", "run.made", "run.artifacts", "run.workspace")
_LIGHT = (*_CORE, "archives", "raster", "sources", "store")
_PLACES = (*_CORE, "ledger", "raster", "region", "run.digests")
_MODEL = (*_PLACES, "assimilate", "map.intervals", "model", "sample", "train")

CODE: Mapping[str, tuple[str, ...]] = {
    "fetch": (*_LIGHT, "run.context", "run.origin", "run.request", "stages.fetch", "stages.gather"),
    "validate": (*_PLACES, "sample", "validate", "stages.validate"),
    "sample": (*_PLACES, "sample", "stages.sample"),
    "train": (*_MODEL, "stages.train"),
    "evaluate": (*_MODEL, "compare", "evaluate", "map", "report", "stages.evaluate"),
    "decide": (*_MODEL, "evaluate", "registry", "stages.decide"),
    "map": (*_MODEL, "map", "publish", "report", "validate", "stages.map"),
    "publish": (*_CORE, "map.grids", "publish", "raster", "store", "stages.publish"),
}


def source_of(stage: str) -> str:
    """Digest of the source that makes a stage's artifact."""
    return source_digest(*(f"gvio.{name}" for name in CODE[stage]))


def source_of_release() -> str:
    """Digest of the source that makes a release: all stages'."""
    return source_digest(*sorted({f"gvio.{name}" for names in CODE.values() for name in names}))
