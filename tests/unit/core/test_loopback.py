"""A proxy of the environment is not used for this machine, in any library."""

from __future__ import annotations

import os
import urllib.request

import httpx
import pytest
from botocore.utils import get_environ_proxies
from requests.utils import should_bypass_proxies

from gvio.loopback import direct_loopback

PROXY = {"HTTP_PROXY": "http://proxy.example:3128", "https_proxy": "http://proxy.example:3128", "NO_PROXY": "intra.net"}


def test_every_client_goes_to_loopback_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in (PROXY | direct_loopback(PROXY)).items():
        monkeypatch.setenv(name, value)
    for host in ("127.0.0.1", "localhost", "intra.net"):
        assert urllib.request.proxy_bypass(f"{host}:4200")
        assert should_bypass_proxies(f"http://{host}:4200", None)
        assert get_environ_proxies(f"http://{host}:4200/b") == {}
        client = httpx.Client()
        assert client._transport_for_url(httpx.URL(f"http://{host}:4200")) is client._transport
    assert not urllib.request.proxy_bypass("example.org")


def test_without_a_proxy_nothing_is_set() -> None:
    assert direct_loopback({"HOME": "/", "NO_PROXY": "intra.net"}) == {}
