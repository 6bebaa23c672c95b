"""VNL monthly composites of the Earth Observation Group (EOG), Colorado School of Mines.

Facts of November 2026. From public documentation and public code: index pages
`monthly/v10/{YYYY}/{YYYYMM}/{vcmcfg|vcmslcfg}/` with six `.tgz` tiles of 0.4 to 0.9 GB each, August 2022 under
`NOAA-20/` as `j01`; archives hold `avg_rade9h` and `cf_cvg`, some also `avg_rade9h.masked` and `cvg`; 2012 and 2013
have no `vcmslcfg`; files appear six to ten days after the month; no checksums are published. Not verified from a closed
network: whether index pages want a login (a token is sent and a login page recognised), and that ranges are answered
(both ways are handled).
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import requests

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.archive import Archive, Bounds, RemoteFile
from gvio.archives.eog_index import choose, is_index, tiles_of
from gvio.archives.eog_login import EogLogin
from gvio.archives.http_errors import answering, check_answer, login_page
from gvio.archives.manifest import RawFile
from gvio.archives.ranges import RangeReader
from gvio.archives.retry import RETRY_POLICY, RetryPolicy, retried
from gvio.archives.tgz_windows import keep_windows
from gvio.archives.transfer import fetch_all
from gvio.archives.windows import record_window, window_version
from gvio.errors import ConfigError, GvioError
from gvio.sources.files import ProductFile
from gvio.sources.vnl import COUNT, LIGHT, recognise
from gvio.types import Month, Progress, month_range

T = TypeVar("T")

NAME = "EOG"
CONFIGURATIONS = ("vcmslcfg", "vcmcfg")
_FOLDERS = ("", "NOAA-20/")  # in this order: the second satellite only where the first has no files
_THREADS = 4
_TIMEOUT = (10.0, 60.0)


def eog_archive(
    bounds: Bounds,
    credentials: Credentials,
    endpoints: Endpoints,
    configuration: str = "vcmslcfg",
    retry: RetryPolicy = RETRY_POLICY,
) -> Archive:
    """VNL monthly as an archive: lists the `.tgz` of the tiles that cover the region, fetches the region's windows.

    A month of which not all of these tiles are there yet is not listed. Of one `.tgz` two files come to lie in the
    folder, radiance and cloud-free count, with the archive's URL, size and sha256 in their tags.

    Args:
        bounds: West, south, east, north in WGS84 degrees.
        credentials: All four of EOG; their absence is an error when the archive is first asked.
        endpoints: `eog` and `eog_token` count.
        configuration: vcmslcfg (stray light corrected, from 2014) or vcmcfg (stray light left out, from 2012-04).
        retry: Retries of every request.

    Raises:
        ConfigError: Unknown configuration, or the region lies outside the product.
    """
    if configuration not in CONFIGURATIONS:
        what = f"unknown configuration {configuration!r} of VNL"
        raise ConfigError(what, hint=f"Choose one of {', '.join(CONFIGURATIONS)}.")
    tiles_of(bounds)
    place = _Place(bounds, credentials, endpoints, configuration, retry)
    return Archive(NAME, functools.partial(_list, place), functools.partial(_fetch, place))


@dataclasses.dataclass(frozen=True)
class _Place:
    bounds: Bounds
    credentials: Credentials
    endpoints: Endpoints
    configuration: str
    retry: RetryPolicy

    @property
    def root(self) -> str:
        return f"{self.endpoints.eog}/monthly/v10/"


@dataclasses.dataclass(frozen=True)
class _Connection:
    """A session and the login that it uses."""

    session: requests.Session
    login: EogLogin
    retry: RetryPolicy

    def open(self, month: Month, stop: threading.Event, url: str, headers: Mapping[str, str]) -> requests.Response:
        """An answer with an unread body, asked for once; a token that has expired is renewed before it is returned."""

        def ask(token: str) -> requests.Response:
            response = self._get(url, token, headers)
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                return response  # for the reader to judge
            try:
                check_answer(response, url, NAME, month=month)
            except GvioError:
                response.close()
                raise
            return response

        return self.login.using(ask, stop)

    def index(self, url: str, stop: threading.Event) -> str | None:
        """The text of an index page; None where there is none."""

        def ask(token: str) -> str | None:
            with self._get(url, token, {}) as response:
                if response.status_code == requests.codes.not_found:
                    return None
                check_answer(response, url, NAME, html=True)
                with answering(url, NAME):
                    page = response.text
                if not is_index(page):
                    raise login_page(response, url, NAME)
                return page

        # The retry lies inside the login: around it, each of its attempts would be a login with its own.
        return self.login.using(lambda token: retried(lambda: ask(token), self.retry, stop), stop)

    def _get(self, url: str, token: str, headers: Mapping[str, str]) -> requests.Response:
        # `auth` rather than a header: an entry of .netrc for the host would replace the header.
        with answering(url, NAME):
            return self.session.get(
                url,
                headers={"Accept-Encoding": "identity", **headers},
                auth=functools.partial(_with_token, token=token),
                stream=True,
                timeout=_TIMEOUT,
            )


def _with_token(request: requests.PreparedRequest, token: str) -> requests.PreparedRequest:
    request.headers["Authorization"] = f"Bearer {token}"
    return request


def _connect(place: _Place, session: requests.Session) -> _Connection:
    login = EogLogin(place.credentials, place.endpoints.eog_token, session, place.retry)
    return _Connection(session, login, place.retry)


def _list(place: _Place, first: Month, last: Month) -> list[RemoteFile]:
    """Raises as `check_answer`; ConfigError also when there is no index at the address at all."""
    months, stop = list(month_range(first, last)), threading.Event()
    with requests.Session() as session:
        connection = _connect(place, session)
        found = _list_months(place, connection, months, stop)
        if months and not found and connection.index(place.root, stop) is None:
            hint = "Correct the address of EOG; a month that is only late has an index above it."
            raise ConfigError("there is no index of VNL monthly", where=place.root, hint=hint)
    return found


def _list_months(
    place: _Place, connection: _Connection, months: Sequence[Month], stop: threading.Event
) -> list[RemoteFile]:
    """Side by side. When one month fails the others end at once: they would meet the same, each with its retry."""
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="list") as pool:
        try:
            listed = pool.map(lambda month: _list_month(place, connection, month, stop), months)
            return [file for files in listed for file in files]
        except BaseException:  # also when interrupted
            stop.set()
            raise


def _list_month(place: _Place, connection: _Connection, month: Month, stop: threading.Event) -> list[RemoteFile]:
    tiles = tiles_of(place.bounds)
    for folder in _FOLDERS:
        url = f"{place.root}{month.year}/{month.year}{month.month:02d}/{folder}{place.configuration}/"
        files = choose(connection.index(url, stop) or "", month, tiles)
        if files:
            version = window_version(place.bounds)
            return [RemoteFile(f.path.name, month, url + f.path.name, etag=version) for f in files]
    return []


def _fetch(place: _Place, files: Sequence[RemoteFile], into: Path, progress: Progress | None) -> list[RawFile]:
    with requests.Session() as session:
        connection = _connect(place, session)
        fetch_one = functools.partial(_fetch_one, place, connection)
        return fetch_all(files, fetch_one, into, archive=NAME, threads=_THREADS, progress=progress)


def _fetch_one(
    place: _Place, connection: _Connection, remote: RemoteFile, into: Path, stop: threading.Event
) -> list[RawFile]:
    """Stream one `.tgz` and keep both windows."""
    into.mkdir(parents=True, exist_ok=True)
    stem = remote.name.removesuffix(".tgz")
    targets = {name: into / name for name in (f"{stem}.{LIGHT}.tif", f"{stem}.{COUNT}.tif")}
    connection.login.token(stop)  # a login that fails is told at once: inside the reader it would be waited for again
    get = functools.partial(connection.open, remote.month, stop)
    with RangeReader(get, remote, NAME, place.retry, stop) as stream:
        keep_windows(stream, remote.url, targets, place.bounds)
    return [record_window(path, remote, _recognised(path)) for path in targets.values()]


def _recognised(path: Path) -> ProductFile:
    file = recognise(path.name)
    if file is None:
        raise ValueError(f"{path.name!r} was listed and is no official name")
    return file
