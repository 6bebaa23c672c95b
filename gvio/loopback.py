"""Loopback is never proxied: a proxy of the environment does not lead back to this machine."""

from __future__ import annotations

from collections.abc import Mapping

_HOSTS = ("localhost", "127.0.0.1", "::1")
_NAMES = ("NO_PROXY", "no_proxy")  # libraries read one or the other; where both are there, they must agree


def direct_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to set so that every client, ours and the libraries', reaches this machine directly.

    Hosts that the user exempted stay exempted. Empty where no proxy is configured.
    """
    if not any(name.lower().endswith("_proxy") and name not in _NAMES for name in environment):
        return {}
    told = [host.strip() for name in _NAMES for host in environment.get(name, "").split(",")]
    hosts = ",".join(dict.fromkeys(host for host in [*told, *_HOSTS] if host))
    return dict.fromkeys(_NAMES, hosts)
