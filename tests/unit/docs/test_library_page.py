"""The example of coverage in docs/library.md runs as it stands, and gives what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # odc-geo multiplies its matrices in the old way
def test_the_example_runs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "library.md").read_text(encoding="utf-8")
    example = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[-1]
    said: dict[str, Any] = {}
    exec(compile(example, "docs/library.md", "exec"), said)
    n_pixels = said["grid"].shape[0] * said["grid"].shape[1]
    assert said["near"].shape == said["far"].shape == (2, n_pixels)
    assert (said["mean"].shape, said["seen"].shape) == ((2, 155), (2, 155))
    assert (said["seen"][:, 0] == 1).all()
    whole = said["months"][0][:, :48].sum()  # 0.2 degrees are 48 whole pixels
    assert np.isclose(said["of_districts"] @ said["months"][0].ravel(), whole).all()
    assert 0 < said["sums"][0] < (said["far"] @ said["months"][0].ravel())[0]
