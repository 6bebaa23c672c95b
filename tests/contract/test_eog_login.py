"""Logging in at EOG: tokens that expire, credentials that are wrong, and secrets that leave no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from eog_double import BOUNDS, CREDENTIALS, MONTH, QUICK, TOKEN, EogDouble, check_window, eog, left_over, write_tile
from loopback_faults import drop_after, login_page, refuse
from pydantic import SecretStr

from gvio.archives.archive import Archive
from gvio.archives.eog import eog_archive
from gvio.archives.manifest import RawFile
from gvio.errors import ConfigError, UpstreamUnavailable

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [write_tile(tmp_path_factory.mktemp("eog"), MONTH)]


@pytest.fixture
def double(tiles: list[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[EogDouble]:
    with eog(tiles) as double:
        for name, value in double.environment.items():
            monkeypatch.setenv(name, value)
        yield double


def archive(double: EogDouble, **changes: SecretStr | None) -> Archive:
    return eog_archive(BOUNDS, CREDENTIALS.model_copy(update=changes), double.endpoints, retry=QUICK)


def fetch(double: EogDouble, into: Path) -> list[RawFile]:
    source = archive(double)
    return source.fetch(source.list_(MONTH, MONTH), into, None)


def test_a_token_that_expires_while_a_file_comes_in_is_renewed(
    double: EogDouble, tiles: list[Path], tmp_path: Path
) -> None:
    def expired(request, route):
        double.tokens.clear()
        return route(request)

    double.server.faults[double.path(tiles[0].name)] = [drop_after(4000), expired]
    fetch(double, tmp_path)
    check_window(tmp_path)
    assert [seen.status for seen in double.server.seen if seen.path.endswith(".tgz")] == [200, 401, 206]
    assert double.grants[-1] == "refresh_token"


def test_a_login_page_in_the_place_of_the_file_is_renewed_once_and_then_told(
    double: EogDouble, tiles: list[Path], tmp_path: Path
) -> None:
    path = double.path(tiles[0].name)
    double.server.faults[path] = [login_page]
    fetch(double, tmp_path / "a")
    check_window(tmp_path / "a")
    double.server.faults[path] = [login_page, login_page]
    with pytest.raises(ConfigError, match="EOG sent an HTML page in the place of the file"):
        fetch(double, tmp_path / "b")
    assert left_over(tmp_path / "b") == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"eog_password": SecretStr("wrong-secret")}, r"refused the user name or password \(invalid_grant\). Correct"),
        ({"eog_client_secret": SecretStr("wrong-secret")}, r"refused the client id or secret \(invalid_client\)"),
        ({"eog_client_id": None, "eog_client_secret": None}, "EOG_CLIENT_ID, EOG_CLIENT_SECRET are not set. Register"),
        ({"eog_username": SecretStr("")}, "EOG_USERNAME is not set"),
    ],
)
def test_a_wrong_credential_is_told_without_repeating_it(
    double: EogDouble, tmp_path: Path, changes: dict[str, SecretStr | None], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        archive(double, **changes).list_(MONTH, MONTH)
    assert "wrong-secret" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert len(double.grants) <= 1  # never tried again: accounts are locked for that


def test_an_account_that_has_not_accepted_the_terms_is_told_to(double: EogDouble) -> None:
    double.complete = False
    with pytest.raises(ConfigError, match=r"the account is not complete \(invalid_grant\). Log in once with a browser"):
        archive(double).list_(MONTH, MONTH)


def test_a_login_server_that_fails_is_asked_again_and_then_told(double: EogDouble, tmp_path: Path) -> None:
    path = TOKEN
    double.server.faults[path] = [refuse(503), drop_after(0)]
    fetch(double, tmp_path)
    double.server.faults[path] = [refuse(502)] * 9
    with pytest.raises(UpstreamUnavailable, match=r"token: the login server failed \(HTTP 502\). Try again later"):
        archive(double).list_(MONTH, MONTH)
    double.server.faults[path] = [refuse(200, body=b"<html>")] * 9
    with pytest.raises(UpstreamUnavailable, match=r"failed \(HTTP 200, no token\)"):
        archive(double).list_(MONTH, MONTH)
    double.server.faults[path] = [refuse(404)]
    with pytest.raises(ConfigError, match=r"EOG's login refused the request \(HTTP 404\). Check its address"):
        archive(double).list_(MONTH, MONTH)


def test_a_password_does_not_travel_unencrypted(double: EogDouble) -> None:
    open_endpoint = double.endpoints.model_copy(update={"eog_token": "http://eogauth.example.org/token"})
    with pytest.raises(ConfigError, match="a password is not sent over an unencrypted connection"):
        eog_archive(BOUNDS, CREDENTIALS, open_endpoint).list_(MONTH, MONTH)


def test_an_entry_of_netrc_does_not_replace_the_token(
    double: EogDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fetch(double, tmp_path / "raw")
    check_window(tmp_path / "raw")


def test_secrets_leave_no_trace(double: EogDouble, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    fetch(double, tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + caplog.text.encode()
    given = [value.get_secret_value() for value in CREDENTIALS.__dict__.values() if value is not None]
    for secret in [*given, *double.tokens, *double.refresh_tokens]:
        assert secret.encode() not in written
    assert json.loads((tmp_path / "manifest.json").read_text())["files"][0]["url"].startswith(double.server.url)
