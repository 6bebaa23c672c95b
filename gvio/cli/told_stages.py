"""What `gvio demo` tells of its stages while they work: one bar with the stage and the time left on a terminal, else a
line a stage. It listens to the lines that flows write into a run's log.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import click

SHARES = {"fetch": 4, "validate": 20, "sample": 4, "train": 40, "evaluate": 160, "decide": 15, "map": 4, "publish": 1}
"""How long each stage takes of the first month, about, seconds of two busy cores; the order of the stages."""
_LATER = 0.5  # of that, in a month whose folds are kept from the month before
_LOG = "prefect.flow_runs"
_FORMAT = "{desc} {bar} {percentage:3.0f} %, {elapsed} gone, about {remaining} left"


class StageLines(logging.Handler):
    """A line a stage, when it ends."""

    def __init__(self, months: int) -> None:
        super().__init__(logging.INFO)
        self._stages, self._done = months * len(SHARES), 0

    def emit(self, record: logging.LogRecord) -> None:
        """Tell what the record says of the end of a stage; nothing else."""
        stage = ended(record)
        if stage is None:
            return
        self._done += 1
        seconds = float(str(record.args[1])) if isinstance(record.args, tuple) else 0.0
        click.echo(f"  {stage}: done in {seconds:.0f} s ({self._done} of {self._stages})", err=True)


class StageBar(logging.Handler):
    """One bar over all stages of all months. It moves when a stage ends; its clock moves every second."""

    def __init__(self, months: int) -> None:
        from tqdm import tqdm

        super().__init__(logging.INFO)
        self._shares = [s * (_LATER if month else 1.0) for month in range(months) for s in SHARES.values()]
        self._names = [name for _ in range(months) for name in SHARES]
        self._done = 0
        self._bar: tqdm[Any] = tqdm(total=sum(self._shares), bar_format=_FORMAT, smoothing=0, leave=False)
        self._stop = threading.Event()
        self._say()
        threading.Thread(target=self._tick, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Move on where a stage has ended; a step that is not counted is passed over."""
        stage = ended(record)
        if stage is None or stage not in self._names[self._done :]:
            return
        last = self._names.index(stage, self._done)
        self._bar.update(sum(self._shares[self._done : last + 1]))
        self._done = last + 1
        self._say()

    def close(self) -> None:
        """Take the bar away."""
        self._stop.set()
        self._bar.close()
        super().close()

    def _say(self) -> None:
        stages = len(self._names)
        name = self._names[self._done] if self._done < stages else "done"
        self._bar.set_description_str(f"{name} ({min(self._done + 1, stages)} of {stages})")

    def _tick(self) -> None:
        while not self._stop.wait(1.0):
            self._bar.refresh()


def ended(record: logging.LogRecord) -> str | None:
    """The stage of which a line says that it is done; None of any other line."""
    if not str(record.msg).startswith("%s: done in ") or not isinstance(record.args, tuple):
        return None
    name = str(record.args[0])
    return name if name in SHARES else None


@contextlib.contextmanager
def stages_told(months: int) -> Iterator[None]:
    """Tell of the stages of so many months; what flows log inside goes nowhere else."""
    log = logging.getLogger(_LOG)
    handler = StageBar(months) if sys.stderr.isatty() else StageLines(months)
    before = (log.level, log.propagate, log.handlers)
    log.setLevel(logging.INFO)
    log.propagate, log.handlers = False, [handler]
    try:
        yield
    finally:
        handler.close()
        log.propagate, log.handlers = before[1:]
        log.setLevel(before[0])
