"""Credentials and addresses as the environment spells them; the shells hand the environment in."""

from __future__ import annotations

import netrc
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from gvio.archives.access import Credentials, Endpoints
from gvio.errors import ConfigError

EOG_HOST = "eogdata.mines.edu"
_ADDRESSES = {name: f"GVIO_{name.upper()}_URL" for name in Endpoints.model_fields if not name.endswith("_bucket")}
ADDRESSES: Mapping[str, str] = {**_ADDRESSES, "light_every_night_bucket": "GVIO_LIGHT_EVERY_NIGHT_BUCKET"}
"""Field of `Endpoints` → variable."""

SECRETS: Mapping[str, str] = {name: name.upper() for name in Credentials.model_fields}
"""Field of `Credentials` → variable, e.g. earthdata_token → EARTHDATA_TOKEN."""


def credentials_from(environment: Mapping[str, str], netrc_file: Path | None = None) -> Credentials:
    """The credentials that variables name, and EOG's user and password from `.netrc` where variables name none.

    An empty variable counts as not set. Earthdata's entry in `.netrc` is read when somebody logs in there.

    Raises:
        ConfigError: The `.netrc` cannot be understood.
    """
    found = {field: environment[name] for field, name in SECRETS.items() if environment.get(name)}
    if netrc_file is not None and not {"eog_username", "eog_password"} & set(found):
        found |= _eog_entry(netrc_file)
    return Credentials(**{field: SecretStr(value) for field, value in found.items()})


def endpoints_from(environment: Mapping[str, str]) -> Endpoints:
    """The archives' addresses, others than the public ones where variables `GVIO_…_URL` name them."""
    given = {field: environment[name].rstrip("/") for field, name in ADDRESSES.items() if environment.get(name)}
    if "earthdata_login" in given:  # a host, as earthaccess wants it
        given["earthdata_login"] = given["earthdata_login"].removeprefix("https://")
    return Endpoints(**given)


def _eog_entry(path: Path) -> dict[str, str]:
    try:
        entry = netrc.netrc(path).hosts.get(EOG_HOST)
    except FileNotFoundError:
        return {}
    except (netrc.NetrcParseError, OSError) as error:
        hint = "Correct the file: one line a machine, `machine HOST login NAME password WORD`, readable by you alone."
        raise ConfigError(f"cannot be read ({type(error).__name__})", where=str(path), hint=hint) from None
    return {} if entry is None else {"eog_username": entry[0], "eog_password": entry[2]}
