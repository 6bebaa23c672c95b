"""The user of MLflow as whom the pipeline works; `python -m infra.stack.mlflow_users` for `infra/compose.yaml`."""

from __future__ import annotations

import base64
import json
import os
import sys
import urllib.error
import urllib.request
from http import HTTPStatus

from gvio.errors import GvioError, UpstreamUnavailable

ADMIN, PIPELINE = "admin", "pipeline"
_PATIENCE_S = 60.0


def make_pipeline_user(url: str, admin_password: str, password: str) -> None:
    """A user who may make experiments and models, and administers nothing; one that exists gets this password.

    Args:
        url: Of the MLflow server.
        admin_password: Of its administrator.
        password: Of the user.

    Raises:
        UpstreamUnavailable: MLflow refuses, or does not answer.
    """
    body = {"username": PIPELINE, "password": password}
    login = base64.b64encode(f"{ADMIN}:{admin_password}".encode()).decode()
    codes = []
    for method, path in (("POST", "users/create"), ("PATCH", "users/update-password")):
        codes.append(_status(f"{url}/api/2.0/mlflow/{path}", method, login, body))
        if codes[-1] == HTTPStatus.OK:
            return
    what = f"MLflow makes no user {PIPELINE!r} (answers {codes[0]}, then {codes[1]})"
    hint = "Does it know MLFLOW_ADMIN_PASSWORD of `.env`? See its log."
    raise UpstreamUnavailable(what, where=url, hint=hint)


def _status(url: str, method: str, login: str, body: dict[str, str]) -> int:
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code
    except OSError as error:
        hint = "See stack-status and its log."
        raise UpstreamUnavailable(f"MLflow does not answer ({error})", where=url, hint=hint) from None


def main() -> None:
    """As the environment says."""
    names = ("MLFLOW_TRACKING_URI", "MLFLOW_ADMIN_PASSWORD", "MLFLOW_PIPELINE_PASSWORD")
    try:
        make_pipeline_user(*(os.environ[name] for name in names))
    except GvioError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
