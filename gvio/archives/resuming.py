"""A remote file as a stream that is read once, from front to end, over as many connections as that takes."""

from __future__ import annotations

import hashlib
import io
import random
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from urllib3.exceptions import HTTPError

from gvio.archives.retry import RETRY_POLICY, RetryPolicy
from gvio.errors import UpstreamUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from requests import Response

_CHUNK = 2**18
_CONNECTIONS = 100  # in all: half a gigabyte over a line that breaks more often than this is better left for later


class ResumingStream(io.RawIOBase):
    """Bytes of a remote file in order; a connection that breaks is opened again where it broke.

    Memory is constant. Whoever reads to the end may trust `sha256`: it is that of one version of the file, since a
    continuation must carry the same ETag and size, and a server that begins anew must repeat the same bytes.
    """

    def __init__(
        self,
        connect: Callable[[Mapping[str, str]], Response],
        where: str,
        retry: RetryPolicy = RETRY_POLICY,
        stop: threading.Event | None = None,
    ) -> None:
        """Asks for nothing yet.

        Args:
            connect: Takes additional headers; answers 200, 206 or 416 with an unread body, or raises.
            where: What messages name.
            retry: How often a connection may break without having brought a byte.
            stop: Ends the reading when set.
        """
        self._connect = connect
        self._where = where
        self._patience = retry
        self._stop = stop or threading.Event()
        self._response: Response | None = None
        self._digest = hashlib.sha256()
        self._fruitless = 0
        self.connections = 0
        self.offset = 0
        self.size: int | None = None
        self.etag: str | None = None

    @property
    def sha256(self) -> str:
        """Digest of what was read so far, in hex."""
        return self._digest.hexdigest()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as one read of the connection does; 0 at the end of the file.

        Raises:
            UpstreamUnavailable: The connection breaks again and again, or the file changed meanwhile.
        """
        view = memoryview(buffer).cast("B")
        data = self._next(min(len(view), _CHUNK))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give the connection back."""
        self._hang_up()
        super().close()

    def _next(self, count: int) -> bytes:
        while True:
            if self._stop.is_set():
                raise UpstreamUnavailable("was stopped while it was read", where=self._where, hint="Run again.")
            try:
                response = self._response or self._open()
                # Never decoded: some servers declare a .tgz as content encoding, and offsets count bytes on the wire.
                # One read of the socket at a time: what came before the line broke is kept.
                data = bytes(response.raw.read1(count, decode_content=False) or b"")
            except (HTTPError, OSError) as error:
                self._wait_or_give_up(error)
                continue
            if not data and self.size is not None and self.offset < self.size:
                self._wait_or_give_up(EOFError(f"ended after {self.offset} of {self.size} bytes"))
                continue
            self._fruitless = 0 if data else self._fruitless
            self._digest.update(data)
            self.offset += len(data)
            return data

    def _open(self) -> Response:
        self.connections += 1
        if self.offset == 0:
            response = self._connect({})
            self.etag = response.headers.get("ETag")
            length = response.headers.get("Content-Length")
            self.size = int(length) if length is not None and length.isdigit() else None
        else:
            response = self._connect(self._continuation())
            self._check_same(response)
        self._response = response
        if self.offset and response.status_code != 206:
            self._skip_what_was_read(response)
        return response

    def _continuation(self) -> dict[str, str]:
        headers = {"Range": f"bytes={self.offset}-"}
        if self.etag is not None and not self.etag.startswith("W/"):
            headers["If-Range"] = self.etag
        return headers

    def _check_same(self, response: Response) -> None:
        """Of a continuation: begins where it should, and belongs to the file that was begun."""
        etag = response.headers.get("ETag")
        same = response.status_code != 416 and (self.etag is None or etag is None or etag == self.etag)
        if response.status_code == 206:
            match = re.match(r"bytes (\d+)-\d*/(\d+|\*)", response.headers.get("Content-Range", ""))
            same = same and match is not None and int(match[1]) == self.offset
            same = same and (match is None or self.size is None or match[2] in {"*", str(self.size)})
        if not same:
            response.close()
            raise self._changed()

    def _skip_what_was_read(self, response: Response) -> None:
        """A server that ignores Range sends everything again; believed only if it is the same so far."""
        digest, left = hashlib.sha256(), self.offset
        while left:
            data = response.raw.read(min(left, _CHUNK), decode_content=False)
            if not data:
                raise OSError("broke off before the place where the last connection broke")
            digest.update(data)
            left -= len(data)
        if digest.digest() != self._digest.digest():
            raise self._changed()

    def _changed(self) -> UpstreamUnavailable:
        self._hang_up()
        what = "the file changed at the archive while it was being read"
        return UpstreamUnavailable(what, where=self._where, hint="Run again: it is read from its beginning.")

    def _wait_or_give_up(self, error: Exception) -> None:
        self._hang_up()
        self._fruitless += 1
        if self._fruitless >= self._patience.attempts or self.connections >= _CONNECTIONS:
            what = f"the connection broke {self.connections} times, last after {self.offset} bytes"
            hint = "Check the network, then run again."
            raise UpstreamUnavailable(what, where=self._where, hint=hint) from error
        longest = min(self._patience.first_wait * 2 ** (self._fruitless - 1), self._patience.longest_wait)
        self._stop.wait(random.uniform(0, longest))

    def _hang_up(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
