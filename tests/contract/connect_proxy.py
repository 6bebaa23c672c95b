"""A CONNECT proxy on loopback that brings every HTTPS host to one server: clients keep the true host names.

    with loopback(routes) as server, named(server, ["cmr.earthdata.nasa.gov"], folder) as environment:
        # environment: HTTPS_PROXY and REQUESTS_CA_BUNDLE, as any program behind a company's proxy has them

The certificate is for the true names, so TLS is verified by the clients as on the open network; a host that is not
among `hosts` is refused.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import trustme
from loopback import LoopbackServer


class _Tunnel(socketserver.StreamRequestHandler):
    server: _Proxy

    def handle(self) -> None:
        host = self.rfile.readline().split()[1].decode().partition(":")[0]
        while self.rfile.readline().strip():
            """The other headers say nothing that matters."""
        if host not in self.server.hosts:
            self.wfile.write(b"HTTP/1.1 502 no such host here\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self.server.port)) as there:
            self.wfile.write(b"HTTP/1.1 200 connected\r\n\r\n")
            back = threading.Thread(target=_pour, args=(there, self.connection))
            back.start()
            _pour(self.connection, there)
            back.join()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes until one side ends; the other side is told that it ended."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, hosts: Sequence[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.port, self.hosts = port, frozenset(hosts)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that break off are no error here."""


@contextlib.contextmanager
def named(server: LoopbackServer, hosts: Sequence[str], folder: Path) -> Iterator[dict[str, str]]:
    """Environment in which HTTPS to any of `hosts` ends at `server`, which from now on speaks TLS under those names."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts, "127.0.0.1", "localhost").configure_cert(context)
    ca_file = folder / "named-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    if server.ca_file:  # clients may also go to the server's own address
        with ca_file.open("ab") as bundle, Path(server.ca_file).open("rb") as own:
            shutil.copyfileobj(own, bundle)
    server.context, server.scheme = context, "https"
    with _Proxy(server.server_port, hosts) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,))
        thread.start()
        try:
            address = f"http://127.0.0.1:{proxy.server_address[1]}"
            yield {"HTTPS_PROXY": address, "https_proxy": address, "REQUESTS_CA_BUNDLE": str(ca_file), "NO_PROXY": ""}
        finally:
            proxy.shutdown()
            thread.join()
