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
import datetime as dt
import http.cookies
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

from connect_proxy import named
from loopback import Answer, LoopbackServer, Request, html_answer, json_answer, loopback, ranged, redirect_answer
from nasa_granules import CLOUD, HOSTS, LAADS, LOGIN, SIGNED, Granule, entry, matches, touch, umm

from gvio.archives.access import Endpoints

USER, PASSWORD = "light-reader", "night-time secret"


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
        places: Addresses of the hosts, as the double writes them into its answers.
        endpoints: Where clients ask; the public addresses, or those of a double that has its own (`direct`).
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
        self.endpoints = Endpoints()
        self.places = {host: f"https://{host}" for host in HOSTS}

    @property
    def asked(self) -> list[str]:
        """Hosts and paths that were asked for, in order."""
        return [f"{seen.headers['Host']}{seen.path}" for seen in self.server.seen]

    # The Common Metadata Repository

    def cmr(self, request: Request) -> Answer:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self.tokens:
            return json_answer({"errors": ["Token does not exist"]}, 401)
        found = [granule for granule in self.granules.values() if granule.in_cmr and matches(granule, request)]
        start = int(request.headers.get("CMR-Search-After") or 0)
        size = min(int(request.query.get("page_size", ["10"])[0]), self.cmr_limit or 2000)
        page = found[start : start + size]
        headers = {"CMR_Hits": str(len(found))} | ({"CMR_Search_After": str(start + size)} if page else {})
        items = [
            {"meta": {"concept-id": f"G{i}-LAADS"}, "umm": umm(granule, self.places)} for i, granule in enumerate(page)
        ]
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
            return redirect_answer(f"{self.places[LOGIN]}/approve_app?client_id={request.query['client_id'][0]}")
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
        if self.places[SIGNED] == self.places[CLOUD]:  # no other host to send to: the token would arrive there
            return ranged(request, self.granules[name].body)
        return redirect_answer(
            f"{self.places[SIGNED]}/s3/{name}?A-userid={USER}&Expires=9999999999&Signature=signed", 303
        )

    def signed(self, request: Request) -> Answer:
        if request.headers.get("Authorization"):
            return Answer(400, b"<Error><Code>InvalidArgument</Code>Only one auth mechanism allowed</Error>")
        if request.query.get("Signature") != ["signed"]:
            return Answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        return ranged(request, self.granules[request.path.rpartition("/")[2]].body)

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
            and touch(granule.box, box)
        ]
        first = (int(request.query.get("page", ["1"])[0]) - 1) * self.laads_page
        return json_answer(
            {"content": [entry(granule, self.places) for granule in found[first : first + self.laads_page]]}
        )

    def laads_file(self, request: Request) -> Answer:
        refused = self._gate(request)
        if refused is not None:
            return refused
        granule = self.granules.get(request.path.rpartition("/")[2])
        return Answer(404, b"not found") if granule is None else ranged(request, granule.body)

    def laads_tree(self, request: Request) -> Answer:
        if request.path.endswith(".json"):
            folder = request.path.removeprefix("/archive/allData/").removesuffix(".json")
            there = [granule for granule in self.granules.values() if granule.folder == folder]
            listed = [{"name": granule.name, "size": granule.size} for granule in there]
            return self._gate(request) or (json_answer(listed) if listed else Answer(404, b"not found"))
        if self.licence_page:
            return redirect_answer(f"{self.places[LAADS]}/licence?resource={request.path}", 303)
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
        back = {"redirect_uri": f"https://{host}/login", "state": f"https://{host}{request.target}"}
        query = urlencode({"client_id": "a-client", "response_type": "code", **back, **app})
        return redirect_answer(f"{self.places[LOGIN]}/oauth/authorize?{query}")


@contextlib.contextmanager
def nasa(folder: Path, granules: Iterable[Granule], direct: bool = False) -> Iterator[Nasa]:
    """The double, running; `environment` leads clients to it.

    With `direct` it has addresses of its own, with a port: for clients that are given `endpoints`.
    """
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
        if direct:
            double.environment = {"REQUESTS_CA_BUNDLE": environment["REQUESTS_CA_BUNDLE"], "NETRC": str(netrc)}
            double.places = dict.fromkeys(HOSTS, server.url) | {LOGIN: server.other_url}
            login = server.other_url.removeprefix("https://")
            double.endpoints = Endpoints(cmr=f"{server.url}/search", earthdata_login=login, laads=server.url)
        yield double


def _knows_password(request: Request) -> bool:
    expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return request.headers.get("Authorization") == f"Basic {expected}"
