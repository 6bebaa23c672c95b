"""NASA on loopback: CMR, Earthdata Login, the Earthdata cloud and LAADS, as a download of Black Marble meets them.

    with nasa(tmp_path, [Granule("VNP46A3.A2021001.h30v05.002.2025….h5", data)]) as double:
        monkeypatch.setenv(name, value)  # for each of double.environment
        double.tokens.clear()            # every token has expired

Speaks the documented protocols under the true host names: CMR's umm_json with CMR-Hits and CMR-Search-After; tokens by
find_or_create_token; OAuth with cookies, where LAADS ends at a login page (HTML, 200) and the cloud at 401 (it asks for
`app_type=401`); the cloud's redirect to a signed address on another host, where a token must not arrive; LAADS' API v2
and archive tree. Sources: CMR search API, LAADS API-V2 user guide, earthaccess 0.17, the thin egress app's source.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime as dt
import hashlib
import http.cookies
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from connect_proxy import named
from loopback import Answer, LoopbackServer, Request, html_answer, json_answer, loopback, ranged, redirect_answer

CMR = "cmr.earthdata.nasa.gov"
LOGIN = "urs.earthdata.nasa.gov"
CLOUD = "data.laadsdaac.earthdatacloud.nasa.gov"
SIGNED = "d1nklfio7vscoe.cloudfront.net"
LAADS = "ladsweb.modaps.eosdis.nasa.gov"
HOSTS = (CMR, LOGIN, CLOUD, SIGNED, LAADS)
USER, PASSWORD = "light-reader", "night-time secret"
VERSIONS = {"001": ("1", "5000"), "002": ("2", "5200")}


@dataclasses.dataclass(frozen=True)
class Granule:
    """A product file by its official name; `in_cmr` False: only LAADS knows it."""

    name: str
    data: bytes
    in_cmr: bool = True

    @property
    def product(self) -> str:
        return self.name.split(".")[0]

    @property
    def first_day(self) -> dt.date:
        return dt.datetime.strptime(self.name.split(".")[1], "A%Y%j").date()  # noqa: DTZ007

    @property
    def next_month(self) -> dt.date:
        return (self.first_day + dt.timedelta(days=32)).replace(day=1)

    @property
    def version(self) -> str:
        return VERSIONS[self.name.split(".")[3]][0]

    @property
    def archive_set(self) -> str:
        return VERSIONS[self.name.split(".")[3]][1]

    @property
    def box(self) -> tuple[float, float, float, float]:
        h, v = int(self.name.split(".")[2][1:3]), int(self.name.split(".")[2][4:6])
        return -180.0 + 10 * h, 80.0 - 10 * v, -170.0 + 10 * h, 90.0 - 10 * v

    @property
    def folder(self) -> str:
        return f"{self.archive_set}/{self.product}/{self.first_day:%Y/%j}"


class Nasa:
    """The state of the double; change it between requests.

    Attributes:
        tokens: Bearer tokens that are valid now.
        cmr_limit: CMR answers at most so many granules a page, whatever was asked for (None: as asked).
        laads_page: Files on a page of LAADS' search.
        licence_page: LAADS' tree sends to its licence page instead of the file.
        approved: The user has approved the applications; otherwise Earthdata Login asks for that.
        eula: The user has accepted the licence; otherwise the cloud answers 403.
        bearer_refused_by: What the cloud does with a token it does not know: "redirect" or "401".
    """

    def __init__(self, granules: Iterable[Granule]) -> None:
        self.granules = {granule.name: granule for granule in granules}
        self.tokens: set[str] = {"a-personal-token"}
        self.issued = 0
        self.cmr_limit: int | None = None
        self.laads_page = 100
        self.licence_page = False
        self.approved = True
        self.eula = True
        self.bearer_refused_by = "redirect"
        self.cookies: set[str] = set()
        self.server: LoopbackServer
        self.environment: Mapping[str, str] = {}

    @property
    def asked(self) -> list[str]:
        """Hosts and paths that were asked for, in order."""
        return [f"{seen.headers['Host']}{seen.path}" for seen in self.server.seen]

    # The Common Metadata Repository

    def cmr(self, request: Request) -> Answer:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self.tokens:
            return json_answer({"errors": ["Token does not exist"]}, 401)
        found = [granule for granule in self.granules.values() if granule.in_cmr and _matches(granule, request)]
        start = int(request.headers.get("CMR-Search-After") or 0)
        size = min(int(request.query.get("page_size", ["10"])[0]), self.cmr_limit or 2000)
        page = found[start : start + size]
        headers = {"CMR_Hits": str(len(found))} | ({"CMR_Search_After": str(start + size)} if page else {})
        items = [{"meta": {"concept-id": f"G{i}-LAADS"}, "umm": _umm(granule)} for i, granule in enumerate(page)]
        return json_answer({"hits": len(found), "took": 5, "items": items}, **headers)

    # Earthdata Login

    def find_or_create_token(self, request: Request) -> Answer:
        if not _knows_password(request):
            return json_answer({"error": "invalid_credentials"}, 401, WWW_Authenticate="Basic realm=login")
        token = f"issued-token-{self.issued}"
        if token not in self.tokens:
            self.issued += 1
            token = f"issued-token-{self.issued}"
            self.tokens.add(token)
        return json_answer({"access_token": token, "token_type": "Bearer", "expiration_date": "01/20/2027"})

    def authorize(self, request: Request) -> Answer:
        if not _knows_password(request):
            challenge = (("WWW-Authenticate", "Basic realm=Earthdata Login"),)
            if request.query.get("app_type") == ["401"]:
                return Answer(401, b"HTTP Basic: Access denied.", challenge)
            return html_answer("Earthdata Login")
        if not self.approved:
            return redirect_answer(f"https://{LOGIN}/approve_app?client_id={request.query['client_id'][0]}")
        query = urlencode({"code": "granted", "state": request.query["state"][0]})
        cookie = "_urs-gui_session=known; Path=/; Secure; HttpOnly"
        return redirect_answer(f"{request.query['redirect_uri'][0]}?{query}", cookies=(cookie,))

    def approve(self, request: Request) -> Answer:
        return html_answer("Earthdata Login: approve the application LAADS DAAC Cumulus (PROD)")

    # The Earthdata cloud, and LAADS' own gate in front of its files

    def granted(self, request: Request) -> Answer:
        """Back from Earthdata Login with a code: a cookie of this host, and on to what was asked for."""
        cookie = f"granted-{request.headers['Host']}"
        self.cookies.add(cookie)
        return redirect_answer(request.query["state"][0], cookies=(f"session={cookie}; Path=/; Secure",))

    def cloud(self, request: Request) -> Answer:
        refused = self._gate(request, app_type="401")
        if refused is not None:
            return refused
        if not self.eula:
            return Answer(403, b'{"status_code": 403, "error_description": "EULA Acceptance Failure"}')
        name = request.path.rpartition("/")[2]
        if name not in self.granules:
            return Answer(404, b"not found")
        return redirect_answer(f"https://{SIGNED}/s3/{name}?A-userid={USER}&Expires=9999999999&Signature=signed", 303)

    def signed(self, request: Request) -> Answer:
        if request.headers.get("Authorization"):
            return Answer(400, b"<Error><Code>InvalidArgument</Code>Only one auth mechanism allowed</Error>")
        if request.query.get("Signature") != ["signed"]:
            return Answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        return ranged(request, self.granules[request.path.rpartition("/")[2]].data)

    def laads_search(self, request: Request) -> Answer:
        refused = self._gate(request)
        if refused is not None:
            return refused
        start, _, end = request.query["temporalRanges"][0].partition("..")
        sides = {part[0]: float(part[1:]) for part in request.query["regions"][0].removeprefix("[BBOX]").split()}
        box = (sides["W"], sides["S"], sides["E"], sides["N"])
        found = [
            granule
            for granule in self.granules.values()
            if granule.product in request.query["products"]
            and granule.archive_set in request.query["archiveSets"]
            and dt.date.fromisoformat(start) <= granule.first_day <= dt.date.fromisoformat(end)
            and _touch(granule.box, box)
        ]
        first = (int(request.query.get("page", ["1"])[0]) - 1) * self.laads_page
        return json_answer({"content": [_entry(granule) for granule in found[first : first + self.laads_page]]})

    def laads_file(self, request: Request) -> Answer:
        refused = self._gate(request)
        if refused is not None:
            return refused
        granule = self.granules.get(request.path.rpartition("/")[2])
        return Answer(404, b"not found") if granule is None else ranged(request, granule.data)

    def laads_tree(self, request: Request) -> Answer:
        if request.path.endswith(".json"):
            folder = request.path.removeprefix("/archive/allData/").removesuffix(".json")
            entries = [_entry(granule) for granule in self.granules.values() if granule.folder == folder]
            listed = [{name: entry[name] for name in ("name", "size")} for entry in entries]
            return self._gate(request) or (json_answer(listed) if listed else Answer(404, b"not found"))
        if self.licence_page:
            return redirect_answer(f"https://{LAADS}/licence?resource={request.path}", 303)
        return self.laads_file(request)

    def licence(self, request: Request) -> Answer:
        return html_answer("LAADS DAAC: accept the license agreement")

    def _gate(self, request: Request, **app: str) -> Answer | None:
        """None for who has a valid token or this host's cookie; otherwise the way to Earthdata Login."""
        host = request.headers["Host"]
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        jar = http.cookies.SimpleCookie(request.headers.get("Cookie", ""))
        if bearer in self.tokens or ("session" in jar and jar["session"].value == f"granted-{host}"):
            return None
        if bearer and self.bearer_refused_by == "401":
            return json_answer({"error": "invalid_token"}, 401)
        query = {"client_id": "a-client", "response_type": "code", "redirect_uri": f"https://{host}/login"}
        return redirect_answer(
            f"https://{LOGIN}/oauth/authorize?{urlencode({**query, 'state': f'https://{host}{request.path}', **app})}"
        )


@contextlib.contextmanager
def nasa(folder: Path, granules: Iterable[Granule]) -> Iterator[Nasa]:
    """The double, running; `environment` leads clients to it."""
    double = Nasa(granules)
    routes = {
        "/search/granules.umm_json": double.cmr,
        "/api/users/find_or_create_token": double.find_or_create_token,
        "/oauth/authorize": double.authorize,
        "/approve_app": double.approve,
        "/login": double.granted,
        "/prod-lads/": double.cloud,
        "/s3/": double.signed,
        "/api/v2/content/details": double.laads_search,
        "/api/v2/content/archives/": double.laads_file,
        "/archive/allData/": double.laads_tree,
        "/licence": double.licence,
    }
    with loopback(routes) as server, named(server, HOSTS, folder) as environment:
        double.server = server
        netrc = folder / "empty-netrc"
        netrc.touch()
        double.environment = {**environment, "NETRC": str(netrc)}
        yield double


def _matches(granule: Granule, request: Request) -> bool:
    """As CMR matches: a month that ends where the range begins is within it, and so are tiles that only touch."""
    start, _, end = request.query["temporal[]"][0].partition(",")
    west, south, east, north = (float(side) for side in request.query["bounding_box"][0].split(","))
    return (
        request.query["short_name"] == [granule.product]
        and request.query["version"] == [granule.version]
        and f"{granule.first_day}T00:00:00Z" <= end
        and f"{granule.next_month}T00:00:00Z" >= start
        and _touch(granule.box, (west, south, east, north))
    )


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]


def _umm(granule: Granule) -> dict[str, Any]:
    file = {
        "Name": granule.name,
        "SizeInBytes": len(granule.data),
        "Size": len(granule.data) / 2**20,
        "SizeUnit": "MB",
        "Checksum": {"Value": hashlib.md5(granule.data).hexdigest(), "Algorithm": "MD5"},
    }
    tree = f"https://{LAADS}/archive/allData/{granule.folder}/{granule.name}"
    cloud = f"https://{CLOUD}/prod-lads/{granule.product}/{granule.name}"
    return {
        "GranuleUR": granule.name,
        "CollectionReference": {"ShortName": granule.product, "Version": granule.version},
        "TemporalExtent": {"RangeDateTime": {"BeginningDateTime": f"{granule.first_day}T00:00:00.000Z"}},
        "DataGranule": {"ArchiveAndDistributionInformation": [file]},
        "RelatedUrls": [
            {"URL": tree, "Type": "GET DATA"},
            {"URL": f"https://{LAADS}/opendap/{granule.name}.html", "Type": "USE SERVICE API"},
            {"URL": cloud, "Type": "GET DATA"},
            {"URL": f"s3://prod-lads/{granule.product}/{granule.name}", "Type": "GET DATA VIA DIRECT ACCESS"},
        ],
    }


def _entry(granule: Granule) -> dict[str, Any]:
    return {
        "name": granule.name,
        "size": len(granule.data),
        "md5sum": hashlib.md5(granule.data).hexdigest(),
        "archiveSets": int(granule.archive_set),
        "resourceType": "File",
        "downloadsLink": f"https://{LAADS}/api/v2/content/archives/{granule.name}",
    }


def _knows_password(request: Request) -> bool:
    expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return request.headers.get("Authorization") == f"Basic {expected}"
