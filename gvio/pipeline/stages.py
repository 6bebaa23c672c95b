"""The order of work, once: DVC, Prefect, the command line and the tests all run these."""

from __future__ import annotations

from collections.abc import Callable

from gvio.pipeline.job import Job, StageReport
from gvio.pipeline.learn import evaluate, train
from gvio.pipeline.prepare import fetch, sample, validate
from gvio.pipeline.product import map_, publish
from gvio.types import Progress

Stage = Callable[[Job, Progress | None], StageReport]

STAGES: tuple[tuple[str, Stage], ...] = (
    ("fetch", fetch),
    ("validate", validate),
    ("sample", sample),
    ("train", train),
    ("evaluate", evaluate),
    ("map", map_),
    ("publish", publish),
)
