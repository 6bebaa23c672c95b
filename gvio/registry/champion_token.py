"""A cheap text that changes whenever the champion may have changed, without MLflow's start-up cost."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping

from gvio.registry.connection import database_path, nothing_stored
from gvio.registry.record import CHAMPION, model_name

_NONE = "none"
_ALIAS = "/api/2.0/mlflow/registered-models/alias"
_NO_SUCH_ALIAS = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # no such model, no such alias
_SECONDS = 10


def champion_token(uri: str, region: str, credentials: Mapping[str, str]) -> str | None:
    """A text that differs from an earlier one whenever the champion, or what is said about it, may have changed.

    Args:
        uri: Registry, see `connection.connect`.
        region: Slug of the region.
        credentials: `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or `MLFLOW_TRACKING_TOKEN`, for a server
            that asks for them; other keys are ignored.

    Returns:
        `none` where there is no champion; None where it cannot be told cheaply, then the registry itself must be asked.
    """
    if nothing_stored(uri):
        return _NONE
    if (path := database_path(uri)) is not None:
        return _content(f"{path.as_uri()}?mode=ro")
    return _alias(uri, region, credentials) if uri.startswith(("http://", "https://")) else None


def _content(address: str) -> str | None:
    """SHA-256 of the database as committed, a write-ahead log included.

    SQLite reads it: opening the file past SQLite would drop the locks that this process holds on it.
    """
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=_SECONDS)) as database:
            return hashlib.sha256(database.serialize()).hexdigest()
    except sqlite3.Error:
        return None


def _alias(uri: str, region: str, credentials: Mapping[str, str]) -> str | None:
    server, login = _without_login(uri)
    query = urllib.parse.urlencode({"name": model_name(region), "alias": CHAMPION})
    request = urllib.request.Request(f"{server.rstrip('/')}{_ALIAS}?{query}")
    if authorization := _authorization(credentials, login):
        request.add_header("Authorization", authorization)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            version = json.load(answer)["model_version"]
    except urllib.error.HTTPError as error:
        with error:
            return _NONE if _error_code(error) in _NO_SUCH_ALIAS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no server, or an answer that is not MLflow's
    return hashlib.sha256(json.dumps(version, sort_keys=True).encode()).hexdigest()


def _error_code(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error_code"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _without_login(uri: str) -> tuple[str, str | None]:
    """The address, and `user:password` where it holds them."""
    parts = urllib.parse.urlsplit(uri)
    if parts.username is None:
        return uri, None
    host = parts.netloc.rpartition("@")[2]
    login = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
    return urllib.parse.urlunsplit(parts._replace(netloc=host)), login


def _authorization(credentials: Mapping[str, str], login: str | None) -> str | None:
    user, password = credentials.get("MLFLOW_TRACKING_USERNAME"), credentials.get("MLFLOW_TRACKING_PASSWORD")
    if user and password:
        login = f"{user}:{password}"
    if login is not None:
        return f"Basic {base64.b64encode(login.encode()).decode()}"
    token = credentials.get("MLFLOW_TRACKING_TOKEN")
    return f"Bearer {token}" if token else None
