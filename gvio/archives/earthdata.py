"""NASA Earthdata Login through earthaccess: a session that logs in by itself, and again when its token has expired.

What is public documentation, and what could not be verified from a closed network (2026-11):

* Documented: `find_or_create_token` (a token lives 60 days); the OAuth redirect of an archive to Earthdata Login and
  back, which leaves a cookie; an HTML login page with status 200 for who cannot log in; `/approve_app` for who has not
  approved the archive's application.
* Observed by others in 2026: the cloud archive sends those who are logged in on to a signed address of another host,
  and answers 401 to those who are not.
* Not verified here: the exact words of refusals, and whether an expired token meets 401 or the login page first; both
  are handled. The tests' doubles speak the documented protocols under the true host names.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

import requests
from earthaccess.auth import Auth, BasicAuthResponseHook
from earthaccess.system import CMRBaseURL, EDLHostname, StatusApiURL, StatusURL, System
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.utils import get_netrc_auth

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.http_errors import answering, check_answer, safe_url
from gvio.archives.retry import RETRY_POLICY, RetryPolicy, retried
from gvio.errors import ConfigError, GvioError, UpstreamUnavailable

TIMEOUT_S = (10.0, 60.0)  # to connect, between bytes

_POOL = 16  # connections kept; more than any number of parallel downloads
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TRY_LATER = "Try again later."


class EarthdataSession:
    """A session that logs in when first used, and once more when its token is no longer accepted.

    May be used by several threads. Closing it closes every connection. A login that failed is not tried again by this
    session: accounts get locked by wrong passwords, and every file would wait for a server that is down.
    """

    def __init__(self, credentials: Credentials, endpoints: Endpoints, retry: RetryPolicy = RETRY_POLICY) -> None:
        self._credentials, self._endpoints, self._retry = credentials, endpoints, retry
        self._lock = threading.Lock()
        self._logins: list[requests.Session] = []
        self._failure: GvioError | None = None

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
        self.log_in()
        return self._logins[-1].get(url, headers=dict(headers), stream=True, timeout=TIMEOUT_S)

    def log_in(self) -> None:
        """Log in, unless that was done.

        Raises:
            ConfigError: No or wrong credentials.
            UpstreamUnavailable: Earthdata Login does not answer.
        """
        with self._lock:
            if not self._logins:
                self._add_login(self._credentials)

    def renew(self) -> None:
        """Log in by password because a request was refused; nothing where that cannot help.

        Done once: threads that are refused together share it, and a second refusal is not the token's age.

        Raises:
            ConfigError: Earthdata Login refuses the password.
            UpstreamUnavailable: Earthdata Login does not answer.
        """
        with self._lock:
            if len(self._logins) == 1 and _password(self._credentials, self._endpoints) is not None:
                self._add_login(self._credentials.model_copy(update={"earthdata_token": None}))

    def _add_login(self, credentials: Credentials) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            auth = retried(lambda: log_in(credentials, self._endpoints), self._retry)
        except GvioError as error:
            self._failure = error
            raise
        self._logins.append(_session(auth))


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
    token = _token(credentials)
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


def _system(endpoints: Endpoints) -> System:
    return System(
        CMRBaseURL(f"{endpoints.cmr}/"), StatusURL(""), StatusApiURL(""), EDLHostname(endpoints.earthdata_login)
    )


def _session(auth: Auth) -> requests.Session:
    session: requests.Session = auth.get_session()
    session.mount("https://", HTTPAdapter(pool_maxsize=_POOL))
    host = urlsplit(f"//{auth.system.edl_hostname}").hostname
    if host and host != auth.system.edl_hostname and auth.username and auth.password:
        # earthaccess compares names without a port: a login server that has one would never get the password
        session.hooks["response"].append(BasicAuthResponseHook(host, (auth.username, auth.password)))
    return session


def _token(credentials: Credentials) -> str | None:
    token = _reveal(credentials.earthdata_token).strip()
    if not token.isascii() or len(token.split()) > 1:
        raise ConfigError("EARTHDATA_TOKEN is no token: it holds blanks or other characters", hint="Copy it again.")
    return token or None


def _password(credentials: Credentials, endpoints: Endpoints) -> tuple[str, str] | None:
    """User name and password, as the characters that requests sends as the bytes of UTF-8 (RFC 7617)."""
    user, password = _reveal(credentials.earthdata_username), _reveal(credentials.earthdata_password)
    if bool(user) != bool(password) and not _reveal(credentials.earthdata_token):
        absent = "EARTHDATA_PASSWORD" if user else "EARTHDATA_USERNAME"
        raise ConfigError(f"{absent} is not set, its counterpart is", hint="Set both, or EARTHDATA_TOKEN alone.")
    found = (user, password) if user and password else get_netrc_auth(f"https://{endpoints.earthdata_login}")
    return None if found is None else (found[0].encode().decode("latin-1"), found[1].encode().decode("latin-1"))


def _new_token(auth: Auth) -> Mapping[str, str]:
    url, host = auth.EDL_FIND_OR_CREATE_TOKEN_URL, auth.system.edl_hostname
    with answering(url, "Earthdata Login"), _session(auth) as session:
        response = session.post(url, headers={"Accept": "application/json"}, timeout=TIMEOUT_S)
    if response.status_code == requests.codes.unauthorized:
        hint = f"Check them by logging in at https://{host} with a browser."
        raise ConfigError("Earthdata Login refuses the user name or the password", where=host, hint=hint)
    check_answer(response, url, "Earthdata Login")
    try:
        return {"access_token": str(response.json()["access_token"])}
    except (ValueError, KeyError, TypeError):
        raise UpstreamUnavailable("Earthdata Login answered no token", where=host, hint=_TRY_LATER) from None


def _reveal(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
