"""Credentials and addresses as the environment spells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.environment import ADDRESSES, SECRETS, credentials_from, endpoints_from
from gvio.errors import ConfigError


def revealed(found: Credentials) -> dict[str, str]:
    return {name: secret.get_secret_value() for name in SECRETS if (secret := getattr(found, name)) is not None}


def test_every_credential_has_a_variable() -> None:
    environment = {name: f"value of {field}" for field, name in SECRETS.items()}
    assert revealed(credentials_from(environment)) == {field: f"value of {field}" for field in SECRETS}
    assert {"EARTHDATA_TOKEN", "EOG_CLIENT_SECRET"} <= set(SECRETS.values())


def test_what_is_empty_or_absent_is_not_given_and_nothing_is_shown() -> None:
    found = credentials_from({"EARTHDATA_TOKEN": "", "EOG_USERNAME": "someone", "PATH": "/bin"})
    assert revealed(found) == {"eog_username": "someone"}
    assert "someone" not in f"{found!r} {found}"


def test_eog_is_found_in_netrc_unless_variables_name_it(tmp_path: Path) -> None:
    file = tmp_path / ".netrc"
    file.write_text("machine eogdata.mines.edu login reader password word\nmachine other login a password b\n")
    file.chmod(0o600)
    assert revealed(credentials_from({}, file)) == {"eog_username": "reader", "eog_password": "word"}
    given = {"EOG_USERNAME": "another"}
    assert revealed(credentials_from(given, file)) == {"eog_username": "another"}, "half of two accounts is none"
    assert revealed(credentials_from({}, tmp_path / "absent")) == {}


def test_a_netrc_that_cannot_be_understood_is_named_without_its_content(tmp_path: Path) -> None:
    file = tmp_path / ".netrc"
    file.write_text("machine eogdata.mines.edu password-is hidden\n")
    with pytest.raises(
        ConfigError, match=r"\.netrc: cannot be read \(NetrcParseError\)\. Correct the file: one line"
    ) as told:
        credentials_from({}, file)
    assert "hidden" not in str(told.value)


def test_every_address_can_be_another_and_is_public_otherwise() -> None:
    assert endpoints_from({"GVIO_EOG_URL": ""}) == Endpoints()
    environment = {name: f"https://here/{field}/" for field, name in ADDRESSES.items()}
    expected = {field: f"https://here/{field}" for field in ADDRESSES} | {"earthdata_login": "here/earthdata_login"}
    assert endpoints_from(environment).model_dump() == expected
    assert set(ADDRESSES) == set(Endpoints.model_fields)
    assert ADDRESSES["light_every_night_bucket"] == "GVIO_LIGHT_EVERY_NIGHT_BUCKET"
