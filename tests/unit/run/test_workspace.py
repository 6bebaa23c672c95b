"""Artifacts are found by what made them, and never when they are half there or edited."""

from __future__ import annotations

from pathlib import Path

import pytest

from gvio.errors import InputRefused
from gvio.run.made import Head, Kept, Made
from gvio.run.workspace import Workspace

MADE = Made(stage="sample", inputs={"light": "1", "params": "2"}, source="s")


class MonthHead(Head):
    month: str


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path / "w" / "testland")
    found.keep(MonthHead(made=MADE, month="2021-05"), {"deep/data.bin": b"bytes"})
    return found


def test_an_artifact_is_found_by_what_made_it(workspace: Workspace) -> None:
    head = workspace.find(MonthHead, "sample", MADE)
    assert head is not None
    assert (head.month, workspace.data(head, "deep/data.bin")) == ("2021-05", b"bytes")
    assert workspace.written == {"sample"}


@pytest.mark.parametrize(
    "other",
    [
        Made(stage="sample", inputs={"light": "1", "params": "3"}, source="s"),
        Made(stage="sample", inputs={"light": "1"}, source="s"),
        Made(stage="sample", inputs={"light": "1", "params": "2"}, source="edited"),
    ],
)
def test_other_inputs_or_other_source_find_nothing(workspace: Workspace, other: Made) -> None:
    assert workspace.find(MonthHead, "sample", other) is None
    assert other.key != MADE.key


def test_the_order_of_inputs_does_not_matter() -> None:
    assert Made(stage="sample", inputs={"params": "2", "light": "1"}, source="s").key == MADE.key


def test_a_file_that_is_gone_unmakes_the_artifact(workspace: Workspace) -> None:
    (workspace.folder / "deep" / "data.bin").unlink()
    assert workspace.find(MonthHead, "sample", MADE) is None


@pytest.mark.parametrize("text", ["", "{half", '{"month": "2021-05"}'])
def test_a_damaged_head_is_no_head(workspace: Workspace, text: str) -> None:
    (workspace.folder / "sample.json").write_text(text)
    assert workspace.find(MonthHead, "sample", MADE) is None


def test_an_edited_file_is_refused_once_and_made_anew_by_the_next_run(workspace: Workspace) -> None:
    head = workspace.find(MonthHead, "sample", MADE)
    assert head is not None
    (workspace.folder / "deep" / "data.bin").write_bytes(b"edited")
    with pytest.raises(InputRefused, match=r"data\.bin is not what the stage wrote. Run this command again"):
        workspace.data(head, "deep/data.bin")
    assert workspace.find(MonthHead, "sample", MADE) is None, "so that the next run makes it anew"


def test_a_file_that_vanished_under_the_run_is_named(workspace: Workspace) -> None:
    head = workspace.find(MonthHead, "sample", MADE)
    assert head is not None
    (workspace.folder / "deep" / "data.bin").unlink()
    with pytest.raises(InputRefused, match=r"data\.bin cannot be read \(FileNotFoundError\). Run this command again"):
        workspace.data(head, "deep/data.bin")


def test_a_stage_that_may_not_work_must_find_its_artifact(workspace: Workspace) -> None:
    workspace.only({"train"})
    assert workspace.find(MonthHead, "sample", MADE) is not None
    other = Made(stage="sample", inputs={}, source="s")
    with pytest.raises(
        InputRefused, match=r"what `gvio sample` left there is not of this run's inputs. Run `gvio sample`"
    ):
        workspace.find(MonthHead, "sample", other)
    with pytest.raises(InputRefused, match=r"`gvio validate` has not run. Run `gvio validate` with the same"):
        workspace.find(MonthHead, "validate", Made(stage="validate", inputs={}, source="s"))
    assert workspace.find(MonthHead, "train", Made(stage="train", inputs={}, source="s")) is None


def test_the_newest_of_a_stage_must_be_whole(workspace: Workspace) -> None:
    assert workspace.newest(MonthHead, "sample").month == "2021-05"
    with pytest.raises(InputRefused, match=r"`gvio fetch` has not run. Run `gvio fetch` with the same --region"):
        workspace.newest(MonthHead, "fetch")


def test_a_kept_value_is_read_once_and_only_when_it_is_asked_for() -> None:
    reads = []
    kept = Kept(lambda: reads.append(1) or "value")
    assert not reads
    assert (kept.get(), kept.get(), len(reads)) == ("value", "value", 1)
    assert Kept.here(3).get() == 3
