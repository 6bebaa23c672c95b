"""`gvio verify` and `gvio repair` over a folder: exit codes, one line a finding, and the cure that the line names."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from gvio.cli.main import main
from gvio.store.local import LocalStore
from gvio.store.writing import write_release


def call(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(list(words))
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


@pytest.fixture
def release(make_release):
    return make_release()


@pytest.fixture
def store(tmp_path: Path, release, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    folder = tmp_path / "my store"
    write_release(LocalStore(folder), "testland", release)
    return str(folder)


def test_a_sound_store(store: str, tmp_path: Path) -> None:
    assert call("verify", "--store", store)[:2] == (0, "testland: sound\n")
    code, out, _ = call("verify", "--store", store, "--region", "testland", "--json")
    assert (code, json.loads(out)) == (0, [{"region": "testland", "findings": []}])
    assert call("repair", "--store", store, "--region", "testland")[:2] == (0, "testland: sound, nothing to repair\n")
    nothing = str(tmp_path / "none")
    assert call("verify", "--store", nothing)[0] == 1, "a slip of the name is no empty store"
    Path(nothing).mkdir()
    assert call("verify", "--store", nothing)[:2] == (0, f"nothing is published in {nothing}\n")
    code, _, err = call("verify", "--store", store, "--region", "elsewhere")
    assert code == 1
    assert "elsewhere: nothing is published" in err


def test_the_command_that_a_finding_names_cures_it_and_publishing_ends_it(store: str, release) -> None:
    key = next(o.key for o in release.objects if o.key.startswith("grids/"))
    path = Path(store) / "testland" / key
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    code, out, _ = call("verify", "--store", store)
    assert code == 3
    (line,) = out.splitlines()
    assert line.startswith(f"{store}/testland/{key}: its bytes are not the ones published. ")
    program, *words = shlex.split(re.findall(r"`(gvio repair [^`]*)`", line)[0])
    assert program == "gvio"
    code, out, _ = call(*words)
    assert code == 3
    assert out.splitlines() == [
        f"set aside, see damaged/: {key}",
        f"absent: {key}",
        f"2021-03 must be made again: run `gvio run --store {shlex.quote(store)} --month 2021-03 --as-of 2021-04-20`"
        " with the --region, --workspace and --params that made it",
        f"then run `gvio repair --store {shlex.quote(store)} --region testland` once more: "
        "it withdraws what lists other grids than were made again",
    ]
    write_release(LocalStore(Path(store)), "testland", release)
    assert call("verify", "--store", store)[:2] == (0, "testland: sound\n")
    assert call(*shlex.split(re.findall(r"`gvio (repair [^`]*)`", out)[-1]))[0] == 0


def test_repair_restores_from_a_workspace_and_says_what_it_did(store: str, release, tmp_path: Path) -> None:
    product = tmp_path / "work" / "testland" / "product"
    product.mkdir(parents=True)
    key = next(o.key for o in release.objects if o.key.endswith("model-card.md"))
    (product / "model-card.md").write_bytes(release.payloads[key])
    (Path(store) / "testland" / key).unlink()
    (Path(store) / "testland" / "latest.json").write_text("{")
    (Path(store) / "testland" / "collection.json").unlink()
    words = ("repair", "--store", store, "--region", "testland", "--workspace", str(tmp_path / "work"))
    code, out, _ = call(*words)
    assert (code, out.splitlines()) == (
        0,
        [
            f"restored {key}",
            f"latest.json names release {release.id} again",
            "the STAC catalogue was written anew",
        ],
    )
    code, out, _ = call(*words, "--json")
    assert json.loads(out) == {
        "region": "testland",
        "latest": release.id,
        "restored": [],
        "set_aside": [],
        "moved": False,
        "catalogue": False,
        "left": [],
        "withdrawn": [],
        "went_back": False,
        "incomplete": [],
        "forgotten": [],
    }


def test_a_store_without_any_whole_release_says_so(store: str, release) -> None:
    (Path(store) / "testland" / f"releases/{release.id}/manifest.json").write_text("{}")
    code, out, _ = call("repair", "--store", store, "--region", "testland")
    assert code == 3
    assert out.splitlines()[-2] == "no whole release is left: nothing is published until what follows is done"
    assert out.splitlines()[-1].startswith("2021-03 must be made again: run `gvio run --store ")


def test_a_pointer_without_any_release_is_set_aside_and_a_run_named(store: str) -> None:
    for folder in ("releases", "history"):
        shutil.rmtree(Path(store) / "testland" / folder)
    (Path(store) / "testland" / "latest.json").write_text("{")
    code, out, _ = call("repair", "--store", store, "--region", "testland")
    assert code == 3
    assert out.splitlines()[-1].startswith("no whole release is left: publish again, `gvio run --store ")
