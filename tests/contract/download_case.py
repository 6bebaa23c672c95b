"""One file at an archive's true address on loopback, and its download, for the suites of faults and refusals."""

import dataclasses
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from loopback import LoopbackServer

from gvio.archives.archive import Checksum, RemoteFile
from gvio.archives.download import download
from gvio.archives.manifest import RawFile
from gvio.archives.retry import RetryPolicy
from gvio.types import Month

NAME = "VNP46A3.A2021060.h30v05.002.2025123456789.h5"
PATH = f"/archive/allData/5200/VNP46A3/2021/060/{NAME}"
DATA = b"\x89HDF\r\n\x1a\n" + random.Random(3).randbytes(3 * 2**20)
QUICK = RetryPolicy(attempts=4, first_wait=0.01, longest_wait=0.02, longest_asked=2.0)


def fetcher(server: LoopbackServer, session: requests.Session, folder: Path) -> Callable[..., RawFile]:
    """Downloads `NAME`; `listing` changes what is listed, keyword arguments those of `download`."""

    def get(url, headers):
        return session.get(url, headers=dict(headers), stream=True, timeout=(5, 5))

    def fetch(listing: dict[str, Any] | None = None, **kwargs: Any) -> RawFile:
        md5 = Checksum("md5", hashlib.md5(DATA).hexdigest())
        remote = RemoteFile(NAME, Month(2021, 3), server.url + PATH, len(DATA), md5)
        remote = dataclasses.replace(remote, **(listing or {}))
        arguments = {"get": get, "magic": "HDF5", "archive": "LAADS", "version": "002/1", "retry": QUICK} | kwargs
        return download(remote=remote, into=folder, **arguments)

    return fetch


def assert_whole(folder: Path, found: RawFile) -> None:
    assert (folder / NAME).read_bytes() == DATA
    assert found.sha256 == hashlib.sha256(DATA).hexdigest()
    assert (found.path, found.name, found.size, found.month) == (NAME, NAME, len(DATA), "2021-03")
    assert not list(folder.glob("*.partial"))


def ranges(server: LoopbackServer) -> list[str | None]:
    return [seen.headers.get("Range") for seen in server.seen]
