"""The bytes of a remote file, in order, over as many connections as that takes: the only reader of ranges.

Downloads and streams read through it, so that both continue (`Range` with `If-Range`, RFC 9110 §13–14), retry and
translate errors in the same way. A file that changed between two connections is never a mixture: the reader starts over
where what was handed out can be taken back, and fails where it cannot.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import requests

from gvio.archives.archive import RemoteFile
from gvio.archives.http_errors import answering, check_answer, safe_url
from gvio.archives.retry import RETRY_POLICY, Attempts, RetryPolicy
from gvio.archives.version import Version
from gvio.errors import UpstreamUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Get = Callable[[str, Mapping[str, str]], requests.Response]
"""URL and headers → response opened with `stream=True` and a timeout, redirects followed, TLS verified."""

_PROGRESS = 2**12  # bytes that give all attempts anew: a proxy that sends less before it breaks off brings no file
_CONNECTIONS = 100  # without those that brought a chunk each: a line that breaks so often is better left for later
CHUNK = 2**20
_BLOCKS = (2**14, 2**19)  # least and most bytes read at a time: a TLS record, a core's own cache
_MOMENT = 0.05  # seconds; a block that takes longer is halved, so that a break on a slow line loses as little
_RANGE = re.compile(r"bytes (\d+)-\d*/(\d+|\*)")


@dataclasses.dataclass(frozen=True)
class Kept:
    """What the caller has of the file, and can take back.

    Attributes:
        offset: Bytes that are there: reading begins behind them.
        version: Which version they are of.
        restart: Called before bytes come from the first one (again), with their version; with None when what is there
            is of no use and nothing else has come yet.
        verified: Whether the caller compares a checksum at the end. Parts are joined only where a mixture of two
            versions would be noticed: by this, or by a validator.
    """

    offset: int
    version: Version | None
    restart: Callable[[Version | None], None]
    verified: bool


class _OtherPartError(Exception):
    """What comes does not continue what is there."""


class RangeReader(io.RawIOBase):
    """A remote file from front to end; asks for nothing before the first read. Memory is constant.

    Without `kept` nothing is taken back: a server that ignores `Range` must then repeat the same bytes, and `sha256` is
    that of one version of the file. Content is never decoded: some servers declare a .tgz as content encoding.
    """

    def __init__(
        self,
        get: Get,
        remote: RemoteFile,
        archive: str,
        retry: RetryPolicy = RETRY_POLICY,
        stop: threading.Event | None = None,
        kept: Kept | None = None,
    ) -> None:
        """Asks for nothing yet.

        Args:
            get: Asks for a URL with headers; what it raises of our own passes, and is tried again if it can get better.
            remote: The file; its url, month and listed size count.
            archive: What messages call the archive.
            retry: Attempts without progress.
            stop: Ends the reading when set.
            kept: What is there already; None reads from the first byte and takes nothing back.
        """
        self._get, self._remote, self._archive = get, remote, archive
        self._stop = stop or threading.Event()
        self._attempts = Attempts(retry, self._stop)
        self._kept = kept
        self._digest = hashlib.sha256()
        self._least = _BLOCKS[0]
        self._response: requests.Response | None = None
        self.version = kept.version if kept is not None and kept.offset else None
        self.offset = kept.offset if kept is not None else 0
        self._progress_at = self.offset
        self.connections = 0
        self.answer: requests.Response | None = None  # the last one, for messages about what it brought

    @property
    def sha256(self) -> str:
        """Digest in hex of all bytes so far; only without `kept`."""
        return self._digest.hexdigest()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as one block does; 0 at the end of the file. Raises as `block`."""
        view = memoryview(buffer).cast("B")
        data = self.block(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give the connection back."""
        self._hang_up()
        super().close()

    def block(self, most: int = _BLOCKS[1]) -> bytes:
        """The next bytes, as many as come in a moment; empty at the end of the file.

        Raises:
            ConfigError: Credential, licence or address, as `check_answer` and `answering` say.
            ProductError: The file is gone.
            UpstreamUnavailable: The connection breaks again and again, the server fails, the reading was stopped, or
                the file changed and what was handed out cannot be taken back.
        """
        while self.version is None or self.version.total is None or self.offset < self.version.total:
            if self._stop.is_set():
                raise self._failed("the download was stopped", "Run again: a file that lies here is continued.")
            try:
                data = self._next(most)
            except _OtherPartError as found:
                self._try_again(self._begun_anew(str(found)))
            except UpstreamUnavailable as error:
                self._try_again(error)
            else:
                self._count(data)
                return data
        return b""

    def _next(self, most: int) -> bytes:
        response = self._response or self._connect()
        # Every read, write and hash gives up Python's lock and must win it back from the other downloads: with blocks
        # of 16 KiB, as TLS hands them out, that took more time than all the hashing.
        started = time.monotonic()
        try:
            with answering(self._remote.url, self._archive):
                data: bytes = response.raw.read(min(self._least, most), decode_content=False)
        except UpstreamUnavailable as error:
            broke = f"{error.what}: the connection broke {self.connections} times, last after {self.offset} bytes"
            raise self._failed(broke, "Check the network, then run again.") from None
        least, largest = _BLOCKS
        quick = time.monotonic() - started < _MOMENT
        self._least = min(2 * self._least, largest) if quick else max(self._least // 2, least)
        return data

    def _count(self, data: bytes) -> None:
        self.offset += len(data)
        if self._kept is None:
            self._digest.update(data)
        if self.offset - self._progress_at >= _PROGRESS:
            self._progress_at = self.offset
            self._attempts.anew()

    def _connect(self) -> requests.Response:
        """Ask for what is missing, and judge what comes."""
        certain = self._kept is None or self._kept.verified or (self.version is not None and self.version.validator)
        if self.offset and not certain:
            self._forget()
        headers = {"Accept-Encoding": "identity"}
        if self.offset:
            headers["Range"] = f"bytes={self.offset}-"
            if self.version is not None and self.version.validator is not None:
                headers["If-Range"] = self.version.validator
        self.connections += 1
        with answering(self._remote.url, self._archive), contextlib.ExitStack() as refused:
            self.answer = response = self._get(self._remote.url, headers)
            refused.callback(response.close)
            self._judge(response)
            refused.pop_all()
        self._response, self._least = response, _BLOCKS[0]
        return response

    def _judge(self, response: requests.Response) -> None:
        """Return when the body continues what is there, or begins with the first byte and is taken as such."""
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            raise _OtherPartError("has less of it than was fetched before")
        check_answer(response, self._remote.url, self._archive, month=self._remote.month)
        if response.status_code == requests.codes.partial_content:
            self._continue(response)
        elif response.status_code == requests.codes.ok:
            self._begin(response)
        else:
            what = f"{self._archive} sent no file (HTTP {response.status_code})"
            raise self._failed(what, "Try again later.")

    def _continue(self, response: requests.Response) -> None:
        part = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        total = int(part[2]) if part is not None and part[2].isdecimal() else None
        found = _version(response, total)
        if part is None or int(part[1]) != self.offset or not found.may_be(self.version or found):
            raise _OtherPartError("sent another part or version than was asked for")
        if self.version is None:
            self._take(found)

    def _begin(self, response: requests.Response) -> None:
        length = response.headers.get("Content-Length", "")
        found = _version(response, int(length) if length.isdecimal() else None)
        if self._remote.size is not None and found.total not in {None, self._remote.size}:
            what = f"{self._archive} offers {found.total} bytes, {self._remote.size} were listed"
            raise self._failed(what, "Run again later: the listing is then read anew.")
        if self._kept is not None or not self.offset:
            self._take(found)
        elif found.may_be(self.version or found):
            self._skip(response)
        else:
            raise _OtherPartError

    def _take(self, found: Version) -> None:
        """Bytes come from the first one."""
        if self._kept is not None:
            self._kept.restart(found)
        self.version, self.offset = found, 0

    def _skip(self, response: requests.Response) -> None:
        """A server that ignores Range sends everything again; believed only if it is the same so far."""
        digest, left = hashlib.sha256(), self.offset
        while left:
            data = response.raw.read(min(left, _BLOCKS[1]), decode_content=False)
            if not data:
                what = f"{self._archive} broke off before byte {self.offset}, where the last connection broke"
                raise self._failed(what, "Check the network, then run again.")
            digest.update(data)
            left -= len(data)
        if digest.digest() != self._digest.digest():
            raise _OtherPartError

    def _begun_anew(self, reason: str) -> UpstreamUnavailable:
        """Forget what is there; the error to tell if this happens at every attempt.

        Raises:
            UpstreamUnavailable: What was handed out cannot be taken back.
        """
        if self._kept is None:
            what = "the file changed at the archive while it was being read"
            raise self._failed(what, "Run again: it is read from its beginning.")
        self._forget()
        return self._failed(f"{self._archive} {reason}", "Run again: the file starts over.")

    def _forget(self) -> None:
        if self._kept is not None:
            self._kept.restart(None)
        self.version, self.offset = None, 0

    def _try_again(self, error: UpstreamUnavailable) -> None:
        self._hang_up()
        if self.connections >= _CONNECTIONS + self.offset // CHUNK:
            raise error
        self._attempts.failed(error)

    def _failed(self, what: str, hint: str) -> UpstreamUnavailable:
        return UpstreamUnavailable(what, where=safe_url(self._remote.url), hint=hint)

    def _hang_up(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None


def _version(response: requests.Response, total: int | None) -> Version:
    etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    strong = etag if etag is not None and etag.startswith('"') else None
    return Version(strong or modified, etag, total)
