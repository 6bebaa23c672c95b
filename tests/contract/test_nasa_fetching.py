"""Black Marble from the Earthdata cloud: logins, tokens that expire, redirects, cookies, broken connections.

The clients are led to the double by HTTPS_PROXY and trust its certificates by REQUESTS_CA_BUNDLE; nothing is patched,
the addresses are the true ones.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import nasa_double
import pytest
from loopback_faults import drop_after, garble, login_page
from nasa_double import PASSWORD, USER, Nasa
from nasa_granules import CLOUD, CMR, LOGIN, SIGNED
from nasa_months import BOTH, BY_PASSWORD, FIRST, LAST, QUICK, archive, assert_whole, fetch, six_months
from pydantic import SecretStr

from gvio.archives.access import Credentials
from gvio.archives.archive import RemoteFile
from gvio.archives.manifest import MANIFEST
from gvio.errors import ConfigError, UpstreamUnavailable

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def nasa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nasa]:
    with six_months(tmp_path, monkeypatch) as double:
        yield double


def test_files_arrive_whole_by_the_signed_address_and_the_token_stays_behind(nasa: Nasa, tmp_path: Path) -> None:
    records = fetch(archive().list_(FIRST, LAST), tmp_path / "raw")
    assert_whole(nasa, records, tmp_path / "raw")
    assert [record.version for record in records] == [f"002/{record.name.split('.')[4]}" for record in records]
    assert all(record.url.startswith(f"https://{CLOUD}/prod-lads/VNP46A3/") for record in records)
    signed = [seen for seen in nasa.server.seen if seen.headers["Host"] == SIGNED]
    assert len(signed) == 3
    assert all(seen.status == 200 and "Authorization" not in seen.headers for seen in signed)


def test_what_is_there_is_not_fetched_again(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, LAST)
    fetch(files, tmp_path / "raw")
    before = len(nasa.server.seen)
    assert len(fetch(files, tmp_path / "raw")) == 3
    assert len(nasa.server.seen) == before


def test_no_secret_is_written_down(nasa: Nasa, tmp_path: Path) -> None:
    fetch(archive().list_(FIRST, LAST), tmp_path / "raw", BY_PASSWORD)
    manifest = (tmp_path / "raw" / MANIFEST).read_text()
    for secret in (PASSWORD, "issued-token", "Signature", "A-userid", "granted"):
        assert secret not in manifest
    everything = b"".join(path.read_bytes() for path in (tmp_path / "raw").rglob("*") if path.is_file())
    assert PASSWORD.encode() not in everything
    assert b"issued-token" not in everything


def test_by_password_a_token_is_asked_for_once(nasa: Nasa, tmp_path: Path) -> None:
    assert_whole(nasa, fetch(archive().list_(FIRST, LAST), tmp_path, BY_PASSWORD), tmp_path)
    assert nasa.issued == 1


def test_netrc_serves_where_nothing_was_given(nasa: Nasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f'machine {LOGIN} login {USER} password "{PASSWORD}"\n')
    monkeypatch.setenv("NETRC", str(netrc))
    assert_whole(nasa, fetch(archive().list_(FIRST, FIRST), tmp_path / "raw", Credentials()), tmp_path / "raw")
    assert nasa.issued == 1


@pytest.mark.parametrize("refused_by", ["redirect", "401"])
def test_an_expired_token_is_replaced_by_password_in_the_middle_of_a_range(
    nasa: Nasa, tmp_path: Path, refused_by: str
) -> None:
    nasa.bearer_refused_by = refused_by
    nasa.tokens.clear()
    assert_whole(nasa, fetch(archive().list_(FIRST, LAST), tmp_path, BOTH), tmp_path)
    assert nasa.issued == (1 if refused_by == "401" else 0)  # at a redirect the password is asked for on the way


@pytest.mark.parametrize("refused_by", ["redirect", "401"])
def test_an_expired_token_alone_says_renew_it(nasa: Nasa, tmp_path: Path, refused_by: str) -> None:
    nasa.bearer_refused_by = refused_by
    nasa.tokens.clear()
    files = archive().list_(FIRST, FIRST)
    with pytest.raises(ConfigError, match=r"does not accept the credential \(HTTP 401\)\. Renew the token"):
        fetch(files, tmp_path / "raw")
    assert not list((tmp_path / "raw").glob("*.h5"))


def test_a_login_page_with_status_200_is_not_believed(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    nasa.server.faults[f"/s3/{files[0].name}"] = [login_page, login_page]
    with pytest.raises(
        ConfigError, match="sent an HTML page in the place of the file, as it does when a login has exp"
    ):
        fetch(files, tmp_path / "raw")
    assert not list((tmp_path / "raw").glob("*.h5"))


def test_a_login_page_is_followed_by_a_new_login_where_a_password_is_known(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    nasa.server.faults[f"/s3/{files[0].name}"] = [login_page]
    assert_whole(nasa, fetch(files, tmp_path, BY_PASSWORD), tmp_path)
    assert sum(seen.path == "/api/users/find_or_create_token" and seen.status == 200 for seen in nasa.server.seen) == 2


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        (
            BY_PASSWORD.model_copy(update={"earthdata_password": SecretStr("not this one")}),
            "Earthdata Login refuses the user name or the password",
        ),
        (Credentials(earthdata_username=SecretStr(USER)), "EARTHDATA_PASSWORD is not set, its counterpart is"),
        (Credentials(earthdata_password=SecretStr(PASSWORD)), "EARTHDATA_USERNAME is not set, its counterpart is"),
        (
            Credentials(),
            r"no credentials for NASA Earthdata.* Set EARTHDATA_TOKEN, or EARTHDATA_USERNAME and EARTHDATA",
        ),
        (Credentials(earthdata_token=SecretStr(" ")), "no credentials for NASA Earthdata"),
        (Credentials(earthdata_token=SecretStr("“quoted”")), "EARTHDATA_TOKEN is no token"),
        (Credentials(earthdata_token=SecretStr("two words")), "EARTHDATA_TOKEN is no token"),
    ],
)
def test_credentials_that_cannot_serve_say_why_and_are_not_repeated(
    nasa: Nasa, tmp_path: Path, credentials: Credentials, message: str
) -> None:
    files = archive().list_(FIRST, LAST)
    with pytest.raises(ConfigError, match=message) as info:
        fetch(files, tmp_path, credentials)
    for secret in ("not this one", PASSWORD, "“quoted”", "two words"):
        assert secret not in str(info.value)
    assert all(entry.startswith((CMR, f"{LOGIN}/api/users")) for entry in nasa.asked)


def test_a_token_with_a_line_end_and_half_a_login_beside_it_serves(nasa: Nasa, tmp_path: Path) -> None:
    token = Credentials(earthdata_token=SecretStr("a-personal-token\n"), earthdata_username=SecretStr(USER))
    assert_whole(nasa, fetch(archive().list_(FIRST, FIRST), tmp_path, token), tmp_path)


def test_a_password_of_any_characters_reaches_the_login_as_utf8(nasa: Nasa, tmp_path: Path) -> None:
    login = Credentials(earthdata_username=SecretStr("读光者"), earthdata_password=SecretStr("夜 ñ €"))
    with pytest.raises(ConfigError, match="Earthdata Login refuses the user name or the password"):
        fetch(archive().list_(FIRST, FIRST), tmp_path, login)
    sent = [seen.headers["Authorization"] for seen in nasa.server.seen if "Authorization" in seen.headers]
    assert base64.b64decode(sent[0].removeprefix("Basic ")).decode() == "读光者:夜 ñ €"


def test_unaccepted_licence_and_unapproved_application_say_what_to_accept(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    nasa.eula = False
    with pytest.raises(
        ConfigError, match=r"wants its licence accepted first.*accept the licence and approve the applic"
    ):
        fetch(files, tmp_path)
    nasa.eula, nasa.approved = True, False
    nasa.tokens.clear()
    with pytest.raises(ConfigError, match="wants its licence accepted first"):
        fetch(files, tmp_path, BOTH)


def test_a_login_server_that_is_down_or_says_nonsense_can_be_tried_later(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, LAST)
    path = "/api/users/find_or_create_token"
    nasa.server.routes[path] = lambda request: nasa_double.json_answer({}, 503)
    with pytest.raises(UpstreamUnavailable, match=r"Earthdata Login failed \(HTTP 503\)"):
        fetch(files, tmp_path, BY_PASSWORD)
    with_password = [seen for seen in nasa.server.seen if seen.path == path and "Authorization" in seen.headers]
    assert len(with_password) == QUICK.attempts  # by all files together
    nasa.server.routes[path] = lambda request: nasa_double.json_answer({"no": "token"})
    with pytest.raises(UpstreamUnavailable, match="Earthdata Login answered no token"):
        fetch(files, tmp_path, BY_PASSWORD)


def test_a_token_is_not_sent_without_encryption(nasa: Nasa, tmp_path: Path) -> None:
    listed = archive().list_(FIRST, FIRST)[0]
    plain = RemoteFile(listed.name, listed.month, "http://example.org/file.h5?key=1", listed.size, listed.checksum)
    with pytest.raises(ConfigError, match=r"example\.org/file\.h5: a token is not sent over an unencrypted connection"):
        fetch([plain], tmp_path)


def test_a_broken_connection_resumes_where_it_broke(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    path = f"/s3/{files[0].name}"
    nasa.server.faults[path] = [drop_after(10_000), drop_after(12_000)]
    assert_whole(nasa, fetch(files, tmp_path), tmp_path)
    assert nasa.server.sent(path) == len(nasa.granules[files[0].name].data)


def test_damaged_bytes_are_told_by_the_providers_checksum(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    nasa.server.faults[f"/s3/{files[0].name}"] = [garble]
    assert_whole(nasa, fetch(files, tmp_path), tmp_path)
