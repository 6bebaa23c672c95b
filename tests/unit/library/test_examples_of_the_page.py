"""The examples of reading in docs/library.md run as they stand, on another region with its own names and places."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs/library.md"
THERE_AND_HERE = {
    "demo/store": "{folder}",
    "shanghai-demo": "testland",
    "2021-12": "2021-03",
    "121.47, 31.23": "120.02, 30.95",
    "121.3, 31.1, 121.5, 31.3": "120.01, 30.92, 120.07, 30.96",
}


def test_the_examples_run(folder: Path) -> None:
    read, places, _ = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    text = f"{read}\n{places}"
    for there, here in THERE_AND_HERE.items():
        assert there in text
        text = text.replace(there, here.format(folder=folder))
    said: dict[str, Any] = {}
    exec(compile(text, "docs/library.md", "exec"), said)
    assert said["r"].region == "testland"
