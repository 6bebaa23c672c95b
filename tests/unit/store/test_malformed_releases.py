"""A release whose hashes agree and whose content is nonsense is one sentence, for readers and for `gvio status`."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gvio.cli.main import main
from gvio.errors import StoreError
from gvio.store.local import LocalStore
from gvio.store.published import read_grid, read_release
from gvio.store.writing import write_release


def parquet(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        out = io.BytesIO()
        change(pd.read_parquet(io.BytesIO(data))).to_parquet(out)
        return out.getvalue()

    return changed


WRONG: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "no column": ("estimates.parquet", parquet(lambda f: f.drop(columns="upper80"))),
    "not finite": ("estimates.parquet", parquet(lambda f: f.assign(estimate=float("nan")))),
    "no month": ("estimates.parquet", parquet(lambda f: f.assign(month="soon"))),
    "no row": ("estimates.parquet", parquet(lambda f: f.iloc[:0])),
    "text for numbers": ("estimates.parquet", parquet(lambda f: f.assign(lower80="little"))),
    "no table": ("estimates.parquet", lambda _: b"PAR1"),
    "no scores": ("scoreboard.json", lambda _: b'{"schema_version": 1, "protocols": 5}'),
    "no checks": ("checks.json", lambda _: b'{"schema_version": 1}'),
    "checks of another form": ("checks.json", lambda _: b'{"checks": [{"name": "a"}]}'),
    "flags as text": (
        "checks.json",
        lambda _: b'{"checks": [{"name": "a", "passed": "yes", "required": true, "subject": "", "message": ""}]}',
    ),
    "no text": ("model-card.md", lambda _: b"\xff\xfe\x00"),
}


@pytest.fixture
def store(tmp_path: Path, make_release) -> LocalStore:
    store = LocalStore(tmp_path / "store")
    write_release(store, "testland", make_release())
    return store


def spoil(store: LocalStore, name: str, change: Callable[[bytes], bytes]) -> None:
    """Bytes of another content, and a manifest that agrees with them."""
    (manifest,) = Path(store.url).rglob("manifest.json")
    path = manifest.with_name(name)
    data = change(path.read_bytes())
    path.write_bytes(data)
    document = json.loads(manifest.read_text())
    (listed,) = (entry for entry in document["objects"] if entry["key"].endswith(f"/{name}"))
    listed |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    manifest.write_text(json.dumps(document))


@pytest.mark.parametrize("case", list(WRONG))
def test_what_was_published_wrong_is_one_sentence(store: LocalStore, case: str) -> None:
    spoil(store, *WRONG[case])
    with pytest.raises(StoreError) as told:
        read_release(store, "testland")
    assert WRONG[case][0] in str(told.value)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 700


def test_status_tells_it_in_one_line(store: LocalStore) -> None:
    spoil(store, *WRONG["no column"])
    error = io.StringIO()
    with contextlib.redirect_stderr(error), pytest.raises(SystemExit) as left:
        main(["status", "--store", store.url])
    assert left.value.code == 1
    (line,) = error.getvalue().splitlines()
    assert "is what was published, and cannot be understood (no column 'upper80')" in line
    assert "`gvio run --store" in line


def test_an_object_without_a_hash_is_one_sentence(store: LocalStore) -> None:
    (path,) = Path(store.url).rglob("manifest.json")
    manifest = json.loads(path.read_text())
    del manifest["objects"][0]["sha256"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="lacks the field 'sha256'"):
        read_release(store, "testland")


def test_a_grid_without_its_bands_is_one_sentence(
    store: LocalStore, make_release, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = next(key for key in make_release().payloads if key.startswith("grids/"))
    bands, geobox, names = read_grid(store, "testland", key)
    monkeypatch.setattr("gvio.raster.read_cog", lambda _: (bands[:4], geobox, names[:4]))
    with pytest.raises(StoreError, match=r"has 4 bands .* not estimate, lower80"):
        read_grid(store, "testland", key)
