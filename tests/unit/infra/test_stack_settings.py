"""Ports and passwords of a stack: made once, private, kept, and corrected by a person in one place."""

from __future__ import annotations

import contextlib
import re
import socket
import stat
from pathlib import Path

import pytest

from gvio.errors import ConfigError
from infra.stack.settings import PACK, PORTS, SECRETS, is_free, load, load_or_make, write_private

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def made(tmp_path: Path) -> Path:
    load_or_make(tmp_path / "stack")
    return tmp_path / "stack"


def changed(folder: Path, old: str, new: str) -> None:
    path = folder / ".env"
    path.write_text(re.sub(old, new, path.read_text()))


def test_one_private_file_is_made_once_and_kept(made: Path) -> None:
    before = (made / ".env").read_bytes()
    assert stat.S_IMODE((made / ".env").stat().st_mode) == 0o600
    (made / ".env").chmod(0o644)
    settings = load_or_make(made)
    assert (made / ".env").read_bytes() == before
    assert stat.S_IMODE((made / ".env").stat().st_mode) == 0o600, "whoever opened it up"
    assert len({settings[name] for name in SECRETS}) == len(SECRETS), "no two are the same"
    ports = [settings.port(name) for name in PORTS if name != "S3_PORT"] + list(settings.s3_ports)
    assert len(set(ports)) == len(ports)
    other = load_or_make(made.with_name("other"))
    assert not {other[name] for name in SECRETS} & {settings[name] for name in SECRETS}


def test_a_pack_is_kept_with_its_full_path(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(made).pack is None
    monkeypatch.chdir(made)
    assert load_or_make(made, "demo/pack").pack == str(made / "demo/pack")
    assert load_or_make(made).pack == str(made / "demo/pack")
    assert load_or_make(made, "s3://packs/shanghai").pack == "s3://packs/shanghai"
    with pytest.raises(ConfigError, match=r"PACK: the pack .* cannot be kept in a file of settings"):
        load_or_make(made, "a'pack")


def test_what_a_person_wrote_is_refused_by_its_name(made: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no stack here. Make one: `make stack-up`"):
        load(tmp_path / "none")
    changed(made, r"MLFLOW_PORT=\d+", "MLFLOW_PORT=80")
    with pytest.raises(ConfigError, match=r"MLFLOW_PORT=80 is no port. Write 1024 to 65000"):
        load(made)
    changed(made, r"MLFLOW_PORT=80\n", "")
    with pytest.raises(ConfigError, match=r"MLFLOW_PORT is missing. Put the line back"):
        load(made)
    changed(made, r"PREFECT_PORT=", "prefect port ")
    with pytest.raises(ConfigError, match=r"'prefect port \d+' is no NAME=value"):
        load(made)


def test_a_port_that_somebody_has_is_left_to_them(tmp_path: Path) -> None:
    with contextlib.closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        assert not is_free(other.getsockname()[1])
    assert f"{PACK}=\n" in (load_or_make(tmp_path).folder / ".env").read_text()


def test_a_private_file_is_never_open_to_others(tmp_path: Path) -> None:
    write_private(tmp_path / "secret", "x")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
