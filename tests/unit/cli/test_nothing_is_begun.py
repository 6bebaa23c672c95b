"""Commands that change something do not begin it where it is not."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from gvio.cli.main import main


def call(*words: str) -> tuple[int, str]:
    err = io.StringIO()
    with contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(list(words))
    return int(left.value.code or 0), err.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "--reason", "x"),
        ("reject", "--reason", "x"),
        ("promote", "--version", "1", "--reason", "x"),
        ("rollback",),
    ],
)
def test_no_registry_is_made_by_who_changes_a_version(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    place = tmp_path / "mistyped"
    code, err = call("registry", *words, "--region", "testland", "--workspace", str(place))
    assert code == 1
    assert "no model of testland was registered here yet. Give the --workspace of its runs, or run it first." in err
    assert not place.exists()


def test_an_empty_store_is_no_folder(tmp_path: Path) -> None:
    code, err = call("run", "--region", str(tmp_path), "--store", "", "--workspace", str(tmp_path / "work"))
    assert (code, (tmp_path / "work").exists()) == (2, False)
    assert "--store: is empty. Give a folder or an s3:// address, or leave it out." in err
