"""Login at the Earth Observation Group: OpenID Connect with the user's own client, by password, refreshed in time.

Facts of November 2026. From public documentation and public code: since May 2025 tokens come from
`eogauth-new.mines.edu`, realm `eog`; client id and secret are the user's own, given on request; an access token lasts
five minutes and travels as `Authorization: Bearer`. Not verified from a closed network: how long a refresh token lasts,
and the exact error codes, which are taken to be those of Keycloak, the server in use there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from gvio.archives.access import Credentials
from gvio.archives.http_errors import answering, is_login_error, safe_url
from gvio.archives.retry import RETRY_POLICY, RetryPolicy, retried
from gvio.errors import ConfigError, GvioError, UpstreamUnavailable

T = TypeVar("T")

_EARLY = 30.0  # seconds before its end at which a token is no longer used
_TIMEOUT = (10.0, 60.0)
_NAMES = {
    "eog_username": "EOG_USERNAME",
    "eog_password": "EOG_PASSWORD",
    "eog_client_id": "EOG_CLIENT_ID",
    "eog_client_secret": "EOG_CLIENT_SECRET",
}
_REGISTER = "See https://eogdata.mines.edu/products/register/."
_REFUSED = {
    "invalid_grant": ("user name or password", "Correct EOG_USERNAME and EOG_PASSWORD, and log in once with a browser"),
    "invalid_client": ("client id or secret", "Correct EOG_CLIENT_ID and EOG_CLIENT_SECRET"),
    "unauthorized_client": ("client", "Ask EOG to allow password login ('direct access grants') for EOG_CLIENT_ID"),
}


class EogLogin:
    """The current access token, shared by threads. Secrets leave this object only towards the token endpoint.

    A login that failed is not tried again by this object: every file would wait for a server that is down.
    """

    def __init__(
        self, credentials: Credentials, token_url: str, session: requests.Session, retry: RetryPolicy = RETRY_POLICY
    ) -> None:
        self._retry = retry
        self._fields = _fields(credentials)
        self._url = _checked(token_url)
        self._session = session
        self._lock = threading.Lock()
        self._access, self._refresh, self._until = "", "", 0.0
        self._failure: GvioError | None = None

    def token(self, stop: threading.Event | None = None) -> str:
        """An access token that is good for some time yet. `stop` ends the waiting for a server that does not answer.

        Raises:
            ConfigError: Credentials are absent or refused.
            UpstreamUnavailable: The login server does not answer, or fails.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if not self._access or time.monotonic() >= self._until:
                self._renew_with_retries(stop)
            return self._access

    def using(self, work: Callable[[str], T], stop: threading.Event | None = None) -> T:
        """The result of `work` with a token; when the archive does not accept it, once more with a new one.

        `work` repeats by itself what can get better: whoever repeats `using` repeats the login's retry as well.

        Raises:
            ConfigError: Credentials are absent or refused, or `work` raised it for another reason or twice.
            UpstreamUnavailable: The login server does not answer, or fails.
        """
        token = self.token(stop)
        try:
            return work(token)
        except ConfigError as error:
            if not is_login_error(error):
                raise
            self._forget(token)
        return work(self.token(stop))

    def _forget(self, token: str) -> None:
        """Drop a token that was refused, unless another thread has replaced it already."""
        with self._lock:
            if token == self._access:
                self._access = ""

    def _renew_with_retries(self, stop: threading.Event | None) -> None:
        try:
            retried(self._renew, self._retry, stop)
        except GvioError as error:
            self._failure = error
            raise

    def _renew(self) -> None:
        client = {name: self._fields[name] for name in ("client_id", "client_secret")}
        answer: Mapping[str, Any] | None = None
        if self._refresh:
            answer = self._ask({"grant_type": "refresh_token", "refresh_token": self._refresh, **client}, refresh=True)
        if answer is None:
            answer = self._ask({"grant_type": "password", "scope": "openid", **self._fields})
        self._access = str(answer["access_token"]) if answer else ""
        self._refresh = str(answer.get("refresh_token", "")) if answer else ""
        lifetime = float(answer.get("expires_in", 300)) if answer else 0.0
        self._until = time.monotonic() + lifetime - min(_EARLY, lifetime / 2)

    def _ask(self, fields: Mapping[str, str], refresh: bool = False) -> Mapping[str, Any] | None:
        """The token document; None when a refresh token was refused, which only means that it is too old."""
        with answering(self._url, "EOG's login"):
            response = self._session.post(
                self._url, data=fields, timeout=_TIMEOUT, allow_redirects=False, auth=_not_from_netrc
            )
        document = _document(response)
        if response.status_code == 200 and document.get("access_token"):
            return document
        if refresh and 400 <= response.status_code < 500:
            return None
        raise _refusal(response.status_code, document, self._url)


def _refusal(status: int, document: Mapping[str, Any], url: str) -> ConfigError | UpstreamUnavailable:
    """Only error codes are quoted: descriptions may repeat what was sent."""
    code = str(document.get("error", ""))
    if "not fully set up" in str(document.get("error_description", "")):
        what = f"EOG's login says that the account is not complete ({code})"
        return ConfigError(
            what, where=safe_url(url), hint=f"Log in once with a browser and accept the terms. {_REGISTER}"
        )
    if code in _REFUSED:
        what, action = _REFUSED[code]
        return ConfigError(
            f"EOG's login refused the {what} ({code})", where=safe_url(url), hint=f"{action}. {_REGISTER}"
        )
    if status == 429 or status >= 500 or status == 200:
        what = f"the login server failed (HTTP {status}{', no token' if status == 200 else ''})"
        return UpstreamUnavailable(what, where=safe_url(url), hint="Try again later.")
    return ConfigError(
        f"EOG's login refused the request (HTTP {status})", where=safe_url(url), hint="Check its address."
    )


def _fields(credentials: Credentials) -> dict[str, str]:
    given = {name: getattr(credentials, name) for name in _NAMES}
    absent = [_NAMES[name] for name, value in given.items() if value is None or not value.get_secret_value()]
    if absent:
        what = f"EOG needs a login and {', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not set"
        raise ConfigError(what, where="EOG", hint=f"Register, ask for a client of your own, set them. {_REGISTER}")
    return {name.removeprefix("eog_"): value.get_secret_value() for name, value in given.items()}


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        hint = "Write its address as https://."
        raise ConfigError("a password is not sent over an unencrypted connection", where=safe_url(url), hint=hint)
    return url


def _not_from_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without this, an entry of `.netrc` for the host would be added as a second, contradicting credential."""
    return request


def _document(response: requests.Response) -> Mapping[str, Any]:
    try:
        document = response.json()
    except requests.exceptions.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
