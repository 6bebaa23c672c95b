"""The open bucket `globalnightlight` on loopback: S3's XML listing and ranges, as boto3 and GDAL meet them unsigned.

    write_month(tmp_path, Month(2021, 12))
    with open_s3(tmp_path) as double:
        light_every_night_archive(BOUNDS, double.endpoints)

Whatever lies below the folder is an object. A request that is signed is refused, as it would hide that credentials were
sent. ETags are MD5 digests in quotation marks, as S3 gives them to objects of one part.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from affine import Affine
from loopback import Answer, LoopbackServer, Request, loopback, ranged
from odc.geo.geobox import GeoBox

from gvio.archives.access import Endpoints
from gvio.simulate.formats.light_every_night import write_light_every_night
from gvio.types import Month

BUCKET = "globalnightlight"
BOUNDS = (121.0, 31.0, 121.2, 31.1)
PIXEL = 1 / 240
GRID = GeoBox((1600, 1600), Affine(PIXEL, 0, 115 - PIXEL / 2, 0, -PIXEL, 35 + PIXEL / 2), "EPSG:4326")
SMALL = GeoBox((96, 144), Affine(PIXEL, 0, 120.8 - PIXEL / 2, 0, -PIXEL, 31.3 + PIXEL / 2), "EPSG:4326")
PAGE = 5  # objects a listing holds; a real server gives a thousand


def month_light(month: Month, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Radiance without zeros (noise that compresses badly), and counts of at least 1, of one month."""
    rng = np.random.default_rng(month.ordinal)
    return rng.gamma(2, 10, shape).astype(np.float32) + 1, rng.integers(1, 20, shape).astype(np.uint16)


def write_month(
    folder: Path, month: Month, grid: GeoBox = SMALL, config: str = "ecm-slcorr", run: str = "ops"
) -> tuple[Path, Path]:
    """A month's pair of cloud-optimised GeoTIFFs under its key."""
    radiance, counts = month_light(month, tuple(grid.shape))
    return write_light_every_night(folder, month, radiance, counts, grid, config=config, run=run)


@dataclasses.dataclass
class OpenS3Double:
    """`denied`: the bucket is not open any longer."""

    server: LoopbackServer
    folder: Path
    denied: bool = False

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(light_every_night=self.server.url, light_every_night_bucket=BUCKET)

    def key_path(self, path: Path) -> str:
        """Where a file of the folder lies on the server."""
        return f"/{BUCKET}/{path.relative_to(self.folder).as_posix()}"

    def bucket(self, request: Request) -> Answer:
        if self.denied or request.headers.get("Authorization") or "X-Amz-Signature" in request.query:
            return _error("AccessDenied", 403)
        key = request.path.removeprefix(f"/{BUCKET}").lstrip("/")
        if not key:
            return self._listing(request)
        path = self.folder / key
        return ranged(request, path, _etag(path), "image/tiff") if path.is_file() else _error("NoSuchKey", 404)

    def _listing(self, request: Request) -> Answer:
        prefix = request.query.get("prefix", [""])[0]
        names = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())
        keys = sorted(key for key in names if key.startswith(prefix))
        first = int(request.query.get("continuation-token", ["0"])[0])
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2022-01-20T04:05:06.000Z</LastModified>"
            f"<ETag>&quot;{_etag(self.folder / key)}&quot;</ETag><Size>{(self.folder / key).stat().st_size}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
            for key in keys[first : first + PAGE]
        )
        more = first + PAGE < len(keys)
        token = f"<NextContinuationToken>{first + PAGE}</NextContinuationToken>" if more else ""
        page = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><MaxKeys>{PAGE}</MaxKeys>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{items}</ListBucketResult>"
        )
        return Answer(200, page.encode(), (("Content-Type", "application/xml"),))


@contextlib.contextmanager
def open_s3(folder: Path, tls: bool = False) -> Iterator[OpenS3Double]:
    """The double; `folder` plays the bucket."""
    with loopback({}, tls=tls) as server:
        double = OpenS3Double(server, folder)
        server.routes[f"/{BUCKET}"] = server.routes[f"/{BUCKET}/"] = double.bucket
        yield double


def _error(code: str, status: int) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>no</Message></Error>'
    return Answer(status, body.encode(), (("Content-Type", "application/xml"),))


def _etag(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()
