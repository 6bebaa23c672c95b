"""The LAADS archive, where Black Marble is made: the second path to the same files, with the same login.

What is public documentation, and what could not be verified from a closed network (2026-11):

* Documented (LAADS API-V2 user guide): `/api/v2/content/details` with products, archiveSets, temporalRanges
  (`YYYY-MM-DD..YYYY-MM-DD`), regions (`[BBOX]N… S… E… W…`), page and formats. Version 1 answers 404 since spring 2026.
* Observed by others in 2026: a document whose `content` lists name, size, md5sum and downloadsLink
  (`/api/v2/content/archives/NAME`); `archive/allData/` may answer 303 to a licence page even with a token, therefore
  downloadsLink goes first.
* Not verified here: how many files a page holds (pages are asked for until one brings nothing new), and the document
  of `archive/allData/{set}/{product}/{YYYY}/{DDD}.json`, the listing of a folder, used when the search fails.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import requests

from gvio.archives.access import Endpoints
from gvio.archives.archive import Bounds, Checksum, RemoteFile
from gvio.archives.earthdata import EarthdataSession
from gvio.archives.http_errors import answering, check_answer, is_login_error, safe_url
from gvio.archives.retry import RETRY_POLICY, RetryPolicy, retried
from gvio.errors import ConfigError, ProductError, UpstreamUnavailable
from gvio.sources.vnp46a3_names import recognise
from gvio.types import Month, month_range

NAME = "LAADS"
_MAX_PAGES = 1000
_TRY_LATER = "Try again later."

Entries = list[Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class Shelf:
    """One product of one collection at LAADS.

    Attributes:
        session: Logged in, or able to.
        endpoints: Where LAADS is.
        product: VNP46A3 or VJ146A3.
        archive_set: "5200" for collection 2, "5000" for collection 1.
        retry: How often a question that fails is repeated.
    """

    session: EarthdataSession
    endpoints: Endpoints
    product: str
    archive_set: str
    retry: RetryPolicy = RETRY_POLICY


def list_laads(shelf: Shelf, bounds: Bounds, first: Month, last: Month) -> list[RemoteFile]:
    """What LAADS lists of a product in a range of months; other tiles may be among it.

    Args:
        shelf: The product.
        bounds: West, south, east, north, degrees.
        first: First month asked for.
        last: Last month asked for.

    Raises:
        ConfigError: The login is refused or not allowed.
        UpstreamUnavailable: Neither the search nor the folders answer.
    """
    try:
        entries = _search(shelf, bounds, first, last)
    except (UpstreamUnavailable, ProductError) as error:
        entries = [entry for month in month_range(first, last) for entry in _folder(shelf, month)]
        if not entries:  # an archive whose interface has moved has neither: that is no absent month
            what = f"{error.what}; its folders have no {shelf.product} from {first} to {last} either"
            raise UpstreamUnavailable(what, where=error.where, hint=_TRY_LATER) from error
    files = (file_of_entry(entry, shelf.endpoints) for entry in entries)
    return [file for file in files if file is not None]


def file_of_entry(entry: Mapping[str, Any], endpoints: Endpoints) -> RemoteFile | None:
    """The product file that one entry of a listing describes, or None for folders and other products."""
    known = recognise(str(entry.get("name", "")))
    if known is None:
        return None
    name, link, size, md5 = known.path.name, entry.get("downloadsLink"), entry.get("size"), entry.get("md5sum")
    return RemoteFile(
        name=name,
        month=known.month,
        url=urljoin(f"{endpoints.laads}/", str(link)) if link else download_url(endpoints, name),
        size=int(size) if size else None,
        checksum=Checksum("md5", str(md5).lower()) if md5 else None,
    )


def download_url(endpoints: Endpoints, name: str) -> str:
    """Where LAADS gives out a file of a known name."""
    return f"{endpoints.laads}/api/v2/content/archives/{name}"


def _search(shelf: Shelf, bounds: Bounds, first: Month, last: Month) -> Entries:
    west, south, east, north = bounds
    asked = {
        "products": shelf.product,
        "archiveSets": shelf.archive_set,
        "temporalRanges": f"{first.first_day}..{last.last_day}",
        "regions": f"[BBOX]N{north} S{south} E{east} W{west}",
        "formats": "json",
    }
    found: dict[str, Mapping[str, Any]] = {}
    for page in range(1, _MAX_PAGES + 1):
        query = urlencode({**asked, "page": page}, quote_via=quote)
        entries = _entries(shelf, f"{shelf.endpoints.laads}/api/v2/content/details?{query}")
        new = {str(entry.get("name")): entry for entry in entries if str(entry.get("name")) not in found}
        if not new:  # also ends where a server knows no pages and repeats the first
            break
        found |= new
    return list(found.values())


def _folder(shelf: Shelf, month: Month) -> Entries:
    """Entries of a month's folder in the archive's tree; none where there is no such folder."""
    url = f"{shelf.endpoints.laads}/archive/allData/{shelf.archive_set}/{shelf.product}/{month.first_day:%Y/%j}"
    entries = _entries(shelf, f"{url}.json", absent_is_empty=True)
    return [{"downloadsLink": f"{url}/{entry.get('name')}", **entry} for entry in entries]


def _entries(shelf: Shelf, url: str, absent_is_empty: bool = False) -> Entries:
    try:
        return retried(lambda: _listing(shelf.session, url, absent_is_empty), shelf.retry)
    except ConfigError as error:
        if not is_login_error(error):
            raise
    shelf.session.renew()
    return retried(lambda: _listing(shelf.session, url, absent_is_empty), shelf.retry)


def _listing(session: EarthdataSession, url: str, absent_is_empty: bool) -> Entries:
    with answering(url, NAME), session.get(url, {"Accept": "application/json"}) as response:
        if absent_is_empty and response.status_code == requests.codes.not_found:
            return []
        check_answer(response, url, NAME)
        body = response.content
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    content = document.get("content") if isinstance(document, dict) else document
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise UpstreamUnavailable(f"{NAME} answered no list of files", where=safe_url(url), hint=_TRY_LATER)
    return content
