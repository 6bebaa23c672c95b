"""A whole run over processes gives the release of a run in one process, to the byte."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from badland import BEFORE, Region

pytestmark = [
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@dataclasses.dataclass(frozen=True)
class Made:
    """What two runs must have alike: the release is named by the content of all its objects."""

    release: str
    weights: str
    published: dict[str, bytes]


def made(region: Region, document: str) -> Made:
    report = json.loads(document)
    (weights,) = [line["facts"]["weights_sha256"] for line in report["stages"] if line["stage"] == "train"]
    folder = f"badland/releases/{report['release']}/"
    return Made(report["release"], weights, {k: v for k, v in region.published().items() if k.startswith(folder)})


def test_two_workers_publish_the_bytes_of_one_process(published_region: Region, tmp_path: Path) -> None:
    alone = made(published_region, (published_region.root / f"run-{BEFORE}.json").read_text())
    region = Region(tmp_path / "region")
    shutil.copytree(published_region.pack, region.pack)
    shutil.copyfile(published_region.params, region.params)
    outcome = region.run("run", "--json", "--workers", "2", "--worker-memory", "3GB", month=BEFORE, as_of="2020-12-20")
    assert outcome.code == 0, outcome.err
    assert made(region, outcome.out) == alone
    assert len(alone.published) > 10
