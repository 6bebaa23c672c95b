"""Progress bars on a terminal. Computation reports through `gvio.types.Progress` and knows nothing of this."""

from __future__ import annotations

from typing import Any

from gvio.types import Progress


def terminal_progress() -> Progress:
    """A `Progress` that draws one bar per label on standard error; silent where that is no terminal."""
    from tqdm import tqdm

    bars: dict[str, tqdm[Any]] = {}

    def show(label: str, done: int, total: int) -> None:
        if label not in bars or bars[label].total != total:
            bars[label] = tqdm(total=total, desc=label, leave=False, disable=None, bar_format=_FORMAT)
        bar = bars[label]
        bar.update(done - bar.n)
        if done >= total:
            bar.close()
            del bars[label]

    return show


_FORMAT = "{desc:<32} {bar} {n_fmt}/{total_fmt} {elapsed}"
