"""Which source makes which artifact: an edit of it, or another version of a numerical library, makes another key.

The lists are those of `deps` in dvc.yaml, and cover what each stage's module imports: a test compares all three.
"""

from __future__ import annotations

from collections.abc import Mapping

from gvio.source import source_digest

_CORE = (
    "config",
    "content",
    "errors",
    "files",
    "geotiff",
    "grid",
    "kept",
    "run.artifacts",
    "run.code",
    "run.made",
    "run.workspace",
    "scoreboard",
    "sections",
    "source",
    "spellings",
    "train.about",
    "types",
    "workdays",
)
_TABLES = (*_CORE, "ledger", "raster", "region", "run.digests")
_MODEL = (
    *_TABLES,
    "assimilate",
    "cluster",
    "map.intervals",
    "model",
    "plant",
    "run.inputs",
    "run.memory",
    "sample",
    "stages.sums",
    "stages.workers",
    "train",
    "version",
)

CODE: Mapping[str, tuple[str, ...]] = {
    "fetch": (
        *_CORE,
        "archives",
        "raster",
        "run.origin",
        "sources",
        "stages.fetch",
        "stages.gather",
        "stages.light_file",
        "stages.light_sources",
        "store",
    ),
    "validate": (*_TABLES, "sample", "stages.validate", "templates", "validate"),
    "sample": (*_TABLES, "sample", "stages.sample"),
    "train": (*_MODEL, "stages.train"),
    "evaluate": (
        *_MODEL,
        "compare",
        "evaluate",
        "map",
        "publish.columns",
        "publish.explanations",
        "publish.tables",
        "report",
        "stages.evaluate",
        "stages.evaluation",
        "stages.evaluation_pages",
        "stages.truth",
        "templates",
        "words",
    ),
    "decide": (*_MODEL, "evaluate", "registry", "report", "stages.champion", "stages.decide", "words"),
    "map": (
        *_MODEL,
        "drift",
        "map",
        "publish",
        "registry",
        "report",
        "revisions",
        "stages.drift",
        "stages.estimated",
        "stages.map",
        "stages.product_files",
        "stages.revisions",
        "store",
        "validate",
        "words",
    ),
    "publish": (
        *_CORE,
        "drift",
        "map",
        "publish",
        "ledger",
        "raster",
        "report",
        "revisions",
        "run.digests",
        "sample",
        "stages.bulletin",
        "stages.publish",
        "store",
        "templates",
        "validate",
        "version",
        "words",
    ),
}


def source_of(stage: str) -> str:
    """Digest of the source that makes a stage's artifact."""
    return source_digest(*(f"gvio.{name}" for name in CODE[stage]))


def source_of_release() -> str:
    """Digest of the source that makes a release: all stages'."""
    return source_digest(*sorted({f"gvio.{name}" for names in CODE.values() for name in names}))
