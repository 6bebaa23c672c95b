"""NASA's Common Metadata Repository (CMR), asked through earthaccess: which granules of Black Marble there are.

What is public documentation, and what could not be verified from a closed network (2026-11):

* Documented: the search `granules.umm_json` with short_name, version, temporal and bounding_box; paging by the header
  `CMR-Search-After`, 2000 granules a page at most, the total in `CMR-Hits`; no login for public collections; links,
  sizes and checksums in UMM-G.
* Observed by others in 2026: VNP46A3 version 2 lies at data.laadsdaac.earthdatacloud.nasa.gov/prod-lads/; every granule
  carries SizeInBytes and an MD5; a search for a month also returns the month before it.
* Not verified here: whether VJ146A3 carries the same. A file without size or checksum is fetched all the same.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from earthaccess.search import DataGranules
from requests.adapters import HTTPAdapter

from gvio.archives.access import Endpoints
from gvio.archives.archive import Bounds, Checksum, RemoteFile
from gvio.archives.http_errors import answering, check_answer
from gvio.archives.retry import RETRY_POLICY, RetryPolicy, retried
from gvio.errors import UpstreamUnavailable
from gvio.sources.vnp46a3_names import recognise
from gvio.types import Month

TIMEOUT_S = (10.0, 60.0)  # to connect, between bytes
_TRY_LATER = "Try again later."
_ALGORITHMS: Mapping[str, Literal["md5", "sha256"]] = MappingProxyType(
    {"md5": "md5", "sha-256": "sha256", "sha256": "sha256"}
)


def search_granules(
    endpoints: Endpoints,
    product: str,
    version: str,
    bounds: Bounds,
    first: Month,
    last: Month,
    retry: RetryPolicy = RETRY_POLICY,
    timeout: tuple[float, float] = TIMEOUT_S,
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
        retry: How often a search that fails is repeated.
        timeout: Seconds to connect, and between bytes.

    Raises:
        UpstreamUnavailable: CMR does not answer, or answers something else or less than it counts.
        ConfigError: CMR refuses the question, or its certificate is not trusted.
    """
    query = DataGranules().mode(f"{endpoints.cmr}/").short_name(product).version(version)
    query = query.temporal(first.first_day, last.last_day).bounding_box(*bounds)
    with requests.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # earthaccess calls a method that it has deprecated itself
        session.mount("https://", _TimeLimited(timeout))
        query.session = session
        granules = retried(lambda: all_granules(query, endpoints), retry)
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


class _TimeLimited(HTTPAdapter):
    """For earthaccess, which asks without a time limit."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        super().__init__()
        self._timeout = timeout

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(request, *args, **{**kwargs, "timeout": self._timeout})


def all_granules(query: Any, endpoints: Endpoints) -> list[Any]:
    """All granules of a query; earthaccess stops at the first short page, so the number is compared.

    Args:
        query: A `DataGranules`, with what is asked for.
        endpoints: Where CMR is, for messages.

    Raises:
        UpstreamUnavailable: CMR does not answer, or answers something else or less than it counts.
        ConfigError: CMR refuses the question, or its certificate is not trusted.
    """
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
