"""The order of work, once: DVC, Prefect, the command line and the tests all run these.

A stage's module is imported when the stage runs: torch, scikit-learn and MLflow take seconds, and `gvio fetch` needs
none of them.
"""

from __future__ import annotations

from collections.abc import Callable

from gvio.pipeline.job import Job, StageReport
from gvio.pipeline.prepare import fetch, sample, validate
from gvio.types import Progress

Stage = Callable[[Job, Progress | None], StageReport]


def _train(job: Job, progress: Progress | None) -> StageReport:
    from gvio.pipeline.learn import train

    return train(job, progress)


def _evaluate(job: Job, progress: Progress | None) -> StageReport:
    from gvio.pipeline.learn import evaluate

    return evaluate(job, progress)


def _map(job: Job, progress: Progress | None) -> StageReport:
    from gvio.pipeline.product import map_

    return map_(job, progress)


def _publish(job: Job, progress: Progress | None) -> StageReport:
    from gvio.pipeline.product import publish

    return publish(job, progress)


STAGES: tuple[tuple[str, Stage], ...] = (
    ("fetch", fetch),
    ("validate", validate),
    ("sample", sample),
    ("train", _train),
    ("evaluate", _evaluate),
    ("map", _map),
    ("publish", _publish),
)
