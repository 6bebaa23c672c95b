"""The Earth Observation Group on loopback: index pages, OpenID Connect login, and `.tgz` tiles.

    tiles = [write_tile(tmp_path, Month(2021, 12))]
    with eog(tiles) as double:
        monkeypatch.setenv(name, value)  # for each of double.environment
        eog_archive(BOUNDS, CREDENTIALS, double.endpoints)

URL layout, index markup (Apaxy theme over Apache's listing) and token fields as public code shows them; error codes are
Keycloak's. Where a tile lies follows from its name: `j01` below `NOAA-20/`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
from affine import Affine
from loopback import Answer, LoopbackServer, Request, html_answer, json_answer, loopback, ranged, redirect_answer
from odc.geo.geobox import GeoBox
from pydantic import SecretStr

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.retry import RetryPolicy
from gvio.grid.region import region_geobox
from gvio.simulate.formats.vnl import pack_vnl, vnl_stem, write_vnl
from gvio.sources.vnl import open_month, recognise
from gvio.types import Month

USER, PASSWORD = "light.reader@example.org", "night-time secret"
CLIENT, CLIENT_SECRET = "eogdata-reader", "c1ient-5ecret"
CREDENTIALS = Credentials(
    eog_username=SecretStr(USER),
    eog_password=SecretStr(PASSWORD),
    eog_client_id=SecretStr(CLIENT),
    eog_client_secret=SecretStr(CLIENT_SECRET),
)
BOUNDS = (121.0, 31.0, 121.2, 31.1)
MONTH = Month(2021, 12)
STEM = "SVDNB_npp_20211201-20211231_75N060E_vcmslcfg_v10_c202201121200"
QUICK = RetryPolicy(attempts=3, first_wait=0.01, longest_wait=0.02)
ROOT = "/nighttime_light/"
TOKEN = "/realms/eog/protocol/openid-connect/token"
LOGIN = "/realms/eog/protocol/openid-connect/auth"
PIXEL = 1 / 240


def tile_grid(west: float = 120.9, north: float = 31.2, shape: tuple[int, int] = (72, 96)) -> GeoBox:
    """A small grid on VNL's lattice: edges half a pixel west and north of multiples of 15 arc-seconds."""
    return GeoBox(shape, Affine(PIXEL, 0, west - PIXEL / 2, 0, -PIXEL, north + PIXEL / 2), "EPSG:4326")


def tile_light(month: Month, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Radiance without zeros, and counts of at least 1, of one month."""
    rng = np.random.default_rng(month.ordinal)
    return rng.gamma(2, 10, shape).astype(np.float32) + 1, rng.integers(1, 20, shape).astype(np.uint16)


def write_tile(
    folder: Path,
    month: Month,
    *,
    tile: str = "75N060E",
    satellite: str = "npp",
    config: str = "vcmslcfg",
    stamp: str | None = None,
    grid: GeoBox | None = None,
) -> Path:
    """A `.tgz` under its official name: the true members, in a grid of a few pixels about the region."""
    box = tile_grid() if grid is None else grid
    stem = vnl_stem(month, satellite=satellite, tile=tile, config=config, stamp=stamp)
    return pack_vnl(*write_vnl(folder, month, *tile_light(month, tuple(box.shape)), box, stem))


@dataclasses.dataclass
class EogDouble:
    """`tokens` and `refresh_tokens` are those that are still accepted; `grants` are the grant types that were asked."""

    server: LoopbackServer
    tiles: dict[str, Path]
    tokens: set[str] = dataclasses.field(default_factory=set)
    refresh_tokens: set[str] = dataclasses.field(default_factory=set)
    grants: list[str] = dataclasses.field(default_factory=list)
    lifetime: int = 300
    sends_to_login: bool = False  # an invalid token gets a login page with status 200 instead of 401
    open_index: bool = False
    complete: bool = True  # whether the account has accepted the terms
    headers: tuple[tuple[str, str], ...] = ()  # additional, with every tile
    numbers: Iterator[int] = dataclasses.field(default_factory=itertools.count)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(eog=f"{self.server.url}/nighttime_light", eog_token=self.server.url + TOKEN)

    @property
    def environment(self) -> dict[str, str]:
        return {"REQUESTS_CA_BUNDLE": self.server.ca_file}

    def path(self, name: str) -> str:
        """Where a tile lies."""
        return next(path for path in self.tiles if path.endswith(f"/{name}"))

    def site(self, request: Request) -> Answer:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        is_index = request.path.endswith("/")
        if token not in self.tokens and not (is_index and self.open_index):
            return redirect_answer(self.server.other_url + LOGIN) if self.sends_to_login else Answer(401, b"denied")
        if is_index:
            return self._index(request.path)
        if request.path not in self.tiles:
            return Answer(404, b"not found")
        answer = ranged(request, self.tiles[request.path], media_type="application/x-gzip")
        return dataclasses.replace(answer, headers=(*answer.headers, *self.headers))

    def _index(self, folder: str) -> Answer:
        below = [path.removeprefix(folder) for path in self.tiles if path.startswith(folder)]
        if not below:
            return Answer(404, b"not found")
        names = sorted({f"{name.partition('/')[0]}/" if "/" in name else name for name in below})
        rows = "".join(
            f'<tr><td class="indexcolicon"><a href="{name}"><img src="/icons/compressed.gif" alt="[   ]"/></a></td>'
            f'<td class="indexcolname"><a href="{name}">{name}</a></td>'
            '<td class="indexcollastmod">2022-01-05 04:19  </td><td class="indexcolsize">532M</td></tr>'
            for name in names
        )
        page = (
            f"<!DOCTYPE html><html><head><title>Index of {folder.rstrip('/')}</title></head><body>"
            f'<table id="indexlist"><tr><th><a href="?C=N;O=D">Name</a></th></tr>{rows}</table></body></html>'
        )
        return Answer(200, page.encode(), (("Content-Type", "text/html;charset=UTF-8"),))

    def token(self, request: Request) -> Answer:
        fields = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.grants.append(fields.get("grant_type", ""))
        if request.headers.get("Authorization"):
            return json_answer({"error": "invalid_request"}, 400)
        if (fields.get("client_id"), fields.get("client_secret")) != (CLIENT, CLIENT_SECRET):
            description = "Invalid client or Invalid client credentials"
            return json_answer({"error": "invalid_client", "error_description": description}, 401)
        if fields["grant_type"] == "refresh_token":
            if fields["refresh_token"] not in self.refresh_tokens:
                return json_answer({"error": "invalid_grant", "error_description": "Token is not active"}, 400)
        elif (fields.get("username"), fields.get("password")) != (USER, PASSWORD):
            return json_answer({"error": "invalid_grant", "error_description": "Invalid user credentials"}, 401)
        elif not self.complete:
            return json_answer({"error": "invalid_grant", "error_description": "Account is not fully set up"}, 400)
        return json_answer(self._issue())

    def _issue(self) -> dict[str, object]:
        number = next(self.numbers)
        access, refresh = f"access-{number}-secret", f"refresh-{number}-secret"
        self.tokens.add(access)
        self.refresh_tokens = {refresh}
        return {
            "access_token": access,
            "expires_in": self.lifetime,
            "refresh_expires_in": 1800,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": "openid email profile",
        }


@contextlib.contextmanager
def eog(tiles: Iterable[Path]) -> Iterator[EogDouble]:
    """The double, with TLS; `double.environment` makes clients trust it."""
    with loopback({}, tls=True) as server:
        double = EogDouble(server, {f"{ROOT}monthly/v10/{_folder(path.name)}{path.name}": path for path in tiles})
        server.routes[ROOT] = double.site
        server.routes[TOKEN] = double.token
        server.routes[LOGIN] = lambda request: html_answer("Sign in to eog")
        yield double


def _folder(name: str) -> str:
    file = recognise(name)
    if file is None:
        raise ValueError(f"{name!r} is no official name")
    satellite = "NOAA-20/" if file.satellite == "j01" else ""
    return f"{file.month.year}/{file.month.year}{file.month.month:02d}/{satellite}{file.processing}/"


def check_window(into: Path, month: Month = MONTH) -> None:
    """The file pair, read as a user does, equals the same window of what the tile holds."""
    named = [(path, recognise(path.name)) for path in sorted(into.glob("*.tif"))]
    files = [dataclasses.replace(file, path=path) for path, file in named if file is not None and file.month == month]
    grid = region_geobox(BOUNDS, tile_grid())
    with open_month(files) as opened:
        light = opened.read(grid)
    radiance, counts = tile_light(month, tuple(tile_grid().shape))
    np.testing.assert_array_equal(light.radiance, radiance[24:49, 24:73])
    np.testing.assert_array_equal(light.observations, counts[24:49, 24:73])
    assert light.radiance.shape == (25, 49)  # half a pixel off the bounds on every side


def left_over(into: Path) -> list[str]:
    return sorted(p.name for p in into.rglob("*") if p.is_file() and p.name not in {".fetch.lock", ".manifest.lock"})
