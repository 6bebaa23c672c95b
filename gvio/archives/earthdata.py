"""NASA Earthdata through earthaccess: log in, find granules in the Common Metadata Repository (CMR), hold a session.

What is public documentation, and what could not be verified from a closed network (2026-11):

* Documented: CMR's granule search (`granules.umm_json`, paging by the header `CMR-Search-After`, total in `CMR-Hits`),
  open without login for public collections; sizes and MD5 of files under `DataGranule.
  ArchiveAndDistributionInformation`; Earthdata Login's `find_or_create_token` (tokens live 60 days) and its OAuth
  redirect, which answers an HTML login page with status 200 to who cannot log in.
* Observed by others in 2026: VNP46A3 version 2 lies at data.laadsdaac.earthdatacloud.nasa.gov/prod-lads/, which
  sends those who are logged in on to a signed address; every granule carries SizeInBytes and an MD5.
* Not verified here: the exact words of refusals, and whether an expired token meets 401 or the login page first; both
  are handled. The tests' doubles speak the documented protocols under the true host names.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import requests
from earthaccess.auth import Auth
from earthaccess.search import DataGranules
from earthaccess.system import CMRBaseURL, EDLHostname, StatusApiURL, StatusURL, System
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.utils import get_netrc_auth

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.answers import answering, check_answer, safe_url
from gvio.archives.archive import Bounds, Checksum, RemoteFile
from gvio.archives.patience import PATIENCE, Patience, patiently
from gvio.errors import ConfigError, UpstreamUnavailable
from gvio.sources.vnp46a3 import recognise
from gvio.types import Month

TIMEOUT_S = (10.0, 60.0)  # to connect, between bytes

_ALGORITHMS: Mapping[str, Literal["md5", "sha256"]] = MappingProxyType(
    {"md5": "md5", "sha-256": "sha256", "sha256": "sha256"}
)
_POOL = 16  # connections kept; more than any number of parallel downloads
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TRY_LATER = "Try again later."


def search_granules(
    endpoints: Endpoints,
    product: str,
    version: str,
    bounds: Bounds,
    first: Month,
    last: Month,
    patience: Patience = PATIENCE,
) -> list[RemoteFile]:
    """What CMR lists of a product; needs no login.

    Other months and tiles may be among it: a search by time and box returns neighbours that touch.

    Args:
        endpoints: Where CMR is.
        product: Short name, VNP46A3 or VJ146A3.
        version: Collection as CMR writes it, "2" or "1".
        bounds: West, south, east, north, degrees.
        first: First month asked for.
        last: Last month asked for.
        patience: How often a search that fails is repeated.

    Raises:
        UpstreamUnavailable: CMR does not answer, or answers something else or less than it counts.
        ConfigError: CMR refuses the question, or its certificate is not trusted.
    """
    query = DataGranules().mode(f"{endpoints.cmr}/").short_name(product).version(version)
    query = query.temporal(first.first_day, last.last_day).bounding_box(*bounds)
    with requests.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # earthaccess calls a method that it has deprecated itself
        session.mount("https://", _TimeLimited())
        query.session = session
        granules = patiently(lambda: _all_granules(query, endpoints), patience)
    return [file for granule in granules if (file := file_of_granule(granule.get("umm", {}))) is not None]


def file_of_granule(umm: Mapping[str, Any]) -> RemoteFile | None:
    """The product file that a granule's metadata (UMM-G) describe, or None where it offers none over HTTP."""
    links = [str(link.get("URL", "")) for link in umm.get("RelatedUrls", ()) if link.get("Type") == "GET DATA"]
    # LAADS' own tree may send users to a licence page instead of the file: any other place goes first.
    for url in sorted((link for link in links if link.startswith("http")), key=lambda link: "/allData/" in link):
        known = recognise(urlsplit(url).path.rpartition("/")[2])
        if known is not None:
            entries = umm.get("DataGranule", {}).get("ArchiveAndDistributionInformation", ())
            size, checksum = _size_and_checksum(entries, known.path.name)
            return RemoteFile(known.path.name, known.month, url, size, checksum)
    return None


class EarthdataSession:
    """A session that logs in when first used, and once more when its token is no longer accepted.

    May be used by several threads. Closing it closes every connection.
    """

    def __init__(self, credentials: Credentials, endpoints: Endpoints) -> None:
        self._credentials, self._endpoints = credentials, endpoints
        self._lock = threading.Lock()
        self._logins: list[requests.Session] = []
        self._mine = threading.local()  # the login that this thread used last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._logins:
            session.close()

    def get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        """The answer, not yet read. On redirects the token does not leave the host that was asked.

        Raises:
            ConfigError: No or wrong credentials, or an address without encryption.
            UpstreamUnavailable: Earthdata Login does not answer.
            requests.RequestException: The archive does not answer.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            hint = "Write the archive's address as https://."
            raise ConfigError("a token is not sent over an unencrypted connection", where=safe_url(url), hint=hint)
        with self._lock:
            if not self._logins:
                self._logins.append(_session(log_in(self._credentials, self._endpoints)))
            self._mine.session = self._logins[-1]
        session: requests.Session = self._mine.session
        return session.get(url, headers=dict(headers), stream=True, timeout=TIMEOUT_S)

    def renew(self) -> None:
        """Log in by password because this thread's last request was refused; nothing where that cannot help.

        Threads that are refused together log in once. A second refusal is not the token's age: no third login.

        Raises:
            ConfigError: Earthdata Login refuses the password.
            UpstreamUnavailable: Earthdata Login does not answer.
        """
        with self._lock:
            again = len(self._logins) == 1 and self._mine.session is self._logins[0]
            if again and _password(self._credentials, self._endpoints) is not None:
                by_password = self._credentials.model_copy(update={"earthdata_token": None})
                self._logins.append(_session(log_in(by_password, self._endpoints)))


def log_in(credentials: Credentials, endpoints: Endpoints) -> Auth:
    """Authenticate with a token, else with user name and password, else with what `.netrc` holds for the login's host.

    Raises:
        ConfigError: No credentials anywhere, or the login refuses them.
        UpstreamUnavailable: The login does not answer.
    """
    auth = Auth()
    auth.login(strategy="given", system=_system(endpoints))  # no strategy of its own: it only takes the addresses
    password = _password(credentials, endpoints)
    if password is not None:
        auth.username, auth.password = password
    token = _reveal(credentials.earthdata_token)
    if token is None and password is None:
        raise ConfigError(
            "no credentials for NASA Earthdata",
            where=endpoints.earthdata_login,
            hint="Set EARTHDATA_TOKEN, or EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or add "
            f"'machine {endpoints.earthdata_login} login … password …' to ~/.netrc; accounts are free.",
        )
    auth.token = _new_token(auth) if token is None else {"access_token": token}
    auth.authenticated = True
    return auth


class _TimeLimited(HTTPAdapter):
    """For libraries that ask without a time limit."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = TIMEOUT_S
        return super().send(request, *args, **kwargs)


def _all_granules(query: Any, endpoints: Endpoints) -> list[Any]:
    """All granules of a query; earthaccess stops at the first short page, so the number is compared."""
    try:
        with answering(endpoints.cmr, "CMR"), _search_results(endpoints):
            hits = int(query.hits())
            granules: list[Any] = query.get(limit=hits) if hits else []
    except RuntimeError as error:  # how earthaccess tells of an HTTP status
        response = getattr(error.__cause__, "response", None)
        if response is not None:
            check_answer(response, endpoints.cmr, "CMR")
        raise UpstreamUnavailable("the search in CMR failed", where=endpoints.cmr, hint=_TRY_LATER) from error
    if len(granules) < hits:
        what = f"CMR returned {len(granules)} of the {hits} granules that it counts"
        raise UpstreamUnavailable(what, where=endpoints.cmr, hint=_TRY_LATER)
    return granules


@contextlib.contextmanager
def _search_results(endpoints: Endpoints) -> Iterator[None]:
    """A page of maintenance instead of a result: no total in the headers, or no JSON."""
    try:
        yield
    except (KeyError, requests.JSONDecodeError) as error:
        what = f"CMR answered no search result ({type(error).__name__})"
        raise UpstreamUnavailable(what, where=endpoints.cmr, hint=_TRY_LATER) from error


def _size_and_checksum(entries: Iterable[Mapping[str, Any]], name: str) -> tuple[int | None, Checksum | None]:
    listed = list(entries)
    # Some providers leave the name out where a granule is one file.
    own = [entry for entry in listed if entry.get("Name") == name] or (listed if len(listed) == 1 else [])
    if not own:
        return None, None
    size = own[0].get("SizeInBytes")
    digest = own[0].get("Checksum") or {}
    algorithm = _ALGORITHMS.get(str(digest.get("Algorithm")).lower())
    checksum = Checksum(algorithm, str(digest.get("Value")).lower()) if algorithm else None
    return (int(size) if size is not None else None), checksum


def _system(endpoints: Endpoints) -> System:
    return System(
        CMRBaseURL(f"{endpoints.cmr}/"), StatusURL(""), StatusApiURL(""), EDLHostname(endpoints.earthdata_login)
    )


def _session(auth: Auth) -> requests.Session:
    session: requests.Session = auth.get_session()
    session.mount("https://", HTTPAdapter(pool_maxsize=_POOL))
    return session


def _password(credentials: Credentials, endpoints: Endpoints) -> tuple[str, str] | None:
    given = _reveal(credentials.earthdata_username), _reveal(credentials.earthdata_password)
    if (given[0] is None) != (given[1] is None):
        absent = "EARTHDATA_PASSWORD" if given[1] is None else "EARTHDATA_USERNAME"
        raise ConfigError(f"{absent} is not set, its counterpart is", hint="Set both, or EARTHDATA_TOKEN alone.")
    if given[0] is not None and given[1] is not None:
        return given[0], given[1]
    return get_netrc_auth(f"https://{endpoints.earthdata_login}")


def _new_token(auth: Auth) -> Mapping[str, str]:
    url, host = auth.EDL_FIND_OR_CREATE_TOKEN_URL, auth.system.edl_hostname
    with answering(url, "Earthdata Login"), auth.get_session() as session:
        response = session.post(url, headers={"Accept": "application/json"}, timeout=TIMEOUT_S)
    if response.status_code == requests.codes.unauthorized:
        hint = f"Check them by logging in at https://{host} with a browser."
        raise ConfigError("Earthdata Login refuses the user name or the password", where=host, hint=hint)
    check_answer(response, url, "Earthdata Login")
    try:
        return {"access_token": str(response.json()["access_token"])}
    except (ValueError, KeyError, TypeError):
        raise UpstreamUnavailable("Earthdata Login answered no token", where=host, hint=_TRY_LATER) from None


def _reveal(secret: SecretStr | None) -> str | None:
    return (secret.get_secret_value().strip() or None) if secret is not None else None
