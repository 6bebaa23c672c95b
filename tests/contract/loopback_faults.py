"""Faults for the loopback server: put into `server.faults[path]`, each meets one request; then the file is served."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from email.message import Message

from loopback import Answer, Fault, Request, Route, html_answer, redirect_answer


def served(request: Request, route: Route) -> Answer:
    """No fault: a place holder in a list of faults."""
    return route(request)


def refuse(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"no") -> Fault:
    """Any status, for example 500, 503 or 429 with Retry-After."""
    return lambda request, route: Answer(status, body, tuple((headers or {}).items()))


def drop_after(count: int) -> Fault:
    """The connection breaks after `count` bytes of the body, though Content-Length promised all of it."""
    return lambda request, route: dataclasses.replace(route(request), cut=count)


def truncate(count: int) -> Fault:
    """Only the first `count` bytes, and Content-Length says that this is all."""

    def fault(request: Request, route: Route) -> Answer:
        answer = route(request)
        return dataclasses.replace(answer, body=answer.content()[:count], span=None)

    return fault


def garble(request: Request, route: Route) -> Answer:
    """The right length with one wrong byte in the last place."""
    answer = route(request)
    data = answer.content()
    return dataclasses.replace(answer, body=data[:-1] + bytes([data[-1] ^ 1]), span=None)


def login_page(request: Request, route: Route) -> Answer:
    """What an expired token gets: an HTML page, and status 200."""
    return html_answer("Earthdata Login")


def ignore_range(request: Request, route: Route) -> Answer:
    """The whole body with status 200, whatever part was asked for."""
    headers = Message()
    for name, value in request.headers.items():
        if name.lower() not in {"range", "if-range"}:
            headers[name] = value
    return route(dataclasses.replace(request, headers=headers))


def drip(pause: float, piece: int = 65536) -> Fault:
    """A slow line: pieces of `piece` bytes, each after `pause` seconds."""
    return lambda request, route: dataclasses.replace(route(request), pause=pause, piece=piece)


def without_length(request: Request, route: Route) -> Answer:
    """No Content-Length: the body ends when the connection does."""
    return dataclasses.replace(route(request), length=False)


def redirect(url: str, status: int = 302) -> Fault:
    return lambda request, route: redirect_answer(url, status)
