"""What an archive's HTTP answer means, in one line with the next action. Never repeats a credential.

Only status, the address without its query, and a few known words of the body decide; bodies are never quoted. Public
documentation and source code as of 2026-11: earthaccess looks for "eula" in the body of a 403; Earthdata Login sends
users who have not approved an application to `/approve_app`; LAADS and EOG answer an expired login with an HTML page
and status 200. The words by which each provider tells a quota could not be verified from a closed network.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import urllib3

from gvio.errors import ConfigError, ProductAbsent, ProductError, UpstreamUnavailable
from gvio.types import Month

_LICENCE = ("eula", "approve_app", "license agreement", "licence agreement", "accept the terms", "approve application")
_LICENCE_PAGE = ("eula", "approve_app", "license", "licence")  # in the address where redirects ended
_QUOTA = ("quota", "rate limit", "rate exceeded", "too many requests", "bandwidth limit", "download limit")
_READ = 16_384  # bytes of an error's body that are looked at
_RECENT_DAYS = 100  # archives publish within two months; a little more for their delays
_PAGE_STARTS = (b"<!doctype html", b"<html")
_LATER = "Try again later: what was fetched is kept, and the rest resumes."


def check_answer(
    response: requests.Response,
    url: str,
    archive: str,
    *,
    month: Month | None = None,
    html: bool = False,
    today: dt.date | None = None,
) -> None:
    """Return when the answer holds what was asked for, raise the one clear error when it does not.

    Reads at most 16 kB of the body of a refusal, nothing of an answer that is as it should be.

    Args:
        response: Redirects followed; opened with `stream=True`.
        url: What was asked for; its query is left out of messages.
        archive: What messages call the archive.
        month: The month of the file: a recent one that is absent is not yet there, an old one is gone.
        html: Whether an HTML page is what was asked for (an index); otherwise it is taken for a login page.
        today: Reference of "recent"; None takes the clock (UTC).

    Raises:
        ConfigError: The credential is not accepted or expired, a licence is not accepted, or access is not allowed.
        UpstreamUnavailable: Quota, fault of the server, or the month is recent and not there yet. Its `__cause__`
            carries the response: `asked_wait` reads Retry-After from it.
        ProductError: The file is no longer there; asking again cannot help.
    """
    where = safe_url(url)
    status = response.status_code
    if status < requests.codes.bad_request:
        if not html and _is_page(response):
            raise _not_the_file(response, where, archive)
        return
    text = _text(response)
    if status in {requests.codes.unauthorized, requests.codes.forbidden}:
        raise _not_allowed(response, text, where, archive)
    if status in {requests.codes.not_found, requests.codes.gone}:
        raise _not_there(status, where, archive, month, today or dt.datetime.now(dt.UTC).date())
    if status == requests.codes.too_many_requests:
        raise _quota(response, where, archive) from requests.HTTPError(response=response)
    if status >= requests.codes.server_error or status == requests.codes.request_timeout:
        what = f"{archive} failed (HTTP {status})"
        raise UpstreamUnavailable(what, where=where, hint=_LATER) from requests.HTTPError(response=response)
    hint = "Check the address; the archive's interface may have changed."
    raise ConfigError(f"{archive} refused the request (HTTP {status})", where=where, hint=hint)


@contextlib.contextmanager
def answering(url: str, archive: str) -> Iterator[None]:
    """Turn every exception of requests and urllib3 into one of ours; for the request and for reading the body.

    Raises:
        UpstreamUnavailable: No connection, no answer in time, or the connection broke off.
        ConfigError: The certificate is not trusted, redirects do not end, or the address is none.
    """
    where = safe_url(url)
    try:
        yield
    except requests.exceptions.SSLError:
        hint = "Check REQUESTS_CA_BUNDLE and the proxy; verification is never switched off."
        raise ConfigError(f"the certificate of {archive} is not trusted", where=where, hint=hint) from None
    except requests.TooManyRedirects:
        hint = "Check user name and password, or renew the token."
        raise ConfigError(f"the login of {archive} goes round in circles", where=where, hint=hint) from None
    except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError, *_BODY) as error:
        what = f"{archive} does not answer or broke off ({type(error).__name__})"
        raise UpstreamUnavailable(what, where=where, hint=_LATER) from None
    except requests.RequestException as error:
        what = f"{archive} cannot be asked ({type(error).__name__})"
        raise ConfigError(what, where=where, hint="Check the archive's address and the proxy.") from None


def asked_wait(error: BaseException, now: dt.datetime | None = None) -> float | None:
    """Seconds that the answer behind an error asks to wait (Retry-After as seconds or HTTP date, RFC 9110)."""
    cause = error.__cause__
    response = cause.response if isinstance(cause, requests.HTTPError) else None
    text = "" if response is None else response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        if text.isdecimal():
            return float(text)
        then = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=dt.UTC)
    return max(0.0, math.ceil((aware - (now or dt.datetime.now(dt.UTC))).total_seconds()))


def safe_url(url: str) -> str:
    """The address without user, password, query and fragment, where secrets travel."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme else parts.path


def is_login_error(error: BaseException) -> bool:
    """Whether a new login could help: the credential was not accepted, or a login page came."""
    response = error.__cause__.response if isinstance(error.__cause__, requests.HTTPError) else None
    return isinstance(error, ConfigError) and response is not None


def login_page(response: requests.Response, url: str, archive: str) -> ConfigError:
    """The error of a page in the place of a file, for those who find out from its first bytes (`starts_a_page`)."""
    error = _expired(safe_url(url), archive)
    error.__cause__ = requests.HTTPError(response=response)
    return error


def starts_a_page(head: bytes) -> bool:
    """Whether the first bytes are those of an HTML page."""
    return head[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_STARTS)


_BODY = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    ConnectionError,
    TimeoutError,
)


def _is_page(response: requests.Response) -> bool:
    return response.headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml"))


def _is_licence_page(response: requests.Response) -> bool:
    return any(word in response.url.partition("?")[0].lower() for word in _LICENCE_PAGE)


def _text(response: requests.Response) -> str:
    """The beginning of a body, in small letters; empty when it cannot be read."""
    try:
        return response.raw.read(_READ, decode_content=True).decode("utf-8", "replace").lower()
    except (urllib3.exceptions.HTTPError, OSError):
        return ""


def _not_the_file(response: requests.Response, where: str, archive: str) -> ConfigError:
    if _is_licence_page(response):
        return _licence(where, archive)
    return login_page(response, where, archive)


def _expired(where: str, archive: str) -> ConfigError:
    what = f"{archive} sent an HTML page in the place of the file, as it does when a login has expired"
    return ConfigError(what, where=where, hint="Renew the token (docs/sources.md says where), then run again.")


def _licence(where: str, archive: str) -> ConfigError:
    hint = "Log in there with a browser, accept the licence and approve the application, then run again."
    return ConfigError(f"{archive} wants its licence accepted first", where=where, hint=hint)


def _not_allowed(response: requests.Response, text: str, where: str, archive: str) -> ConfigError | UpstreamUnavailable:
    if _is_licence_page(response) or any(word in text for word in _LICENCE):
        return _licence(where, archive)
    error: ConfigError | UpstreamUnavailable
    if response.status_code == requests.codes.unauthorized:
        hint = "Renew the token, or correct user name and password (docs/sources.md)."
        error = ConfigError(f"{archive} does not accept the credential (HTTP 401)", where=where, hint=hint)
    elif any(word in text for word in _QUOTA):
        error = _quota(response, where, archive)
    else:
        hint = "Check that the account may read this product, and that its licence is accepted."
        return ConfigError(f"{archive} does not allow this account to read it (HTTP 403)", where=where, hint=hint)
    error.__cause__ = requests.HTTPError(response=response)
    return error


def _quota(response: requests.Response, where: str, archive: str) -> UpstreamUnavailable:
    wait = response.headers.get("Retry-After", "").strip()
    asks = f" and asks to wait {wait}{' s' if wait.isdecimal() else ''}" if wait and len(wait) < 40 else ""
    what = f"the quota of {archive} is used up (HTTP {response.status_code}){asks}"
    return UpstreamUnavailable(what, where=where, hint=_LATER)


def _not_there(
    status: int, where: str, archive: str, month: Month | None, today: dt.date
) -> ProductError | UpstreamUnavailable:
    recent = month is not None and (today - month.last_day).days < _RECENT_DAYS
    if recent and status == requests.codes.not_found:
        what = f"{archive} does not have {month} yet (HTTP 404)"
        return ProductAbsent(what, where=where, hint="Try again in a few days: months appear weeks after their end.")
    hint = "The archive withdrew or renamed it: look for the month in its listing, or use another product."
    return ProductError(f"{archive} no longer has it (HTTP {status})", where=where, hint=hint)
