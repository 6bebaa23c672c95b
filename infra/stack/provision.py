"""What the servers of a stack must hold before anybody uses them: buckets, keys, users, deployments. Once or often."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.error
import urllib.request
from http import HTTPStatus

from gvio.errors import ConfigError, UpstreamUnavailable
from gvio.files import sha256, write_json
from infra.stack.binaries import find_beside
from infra.stack.programs import (
    ADMIN,
    ARTIFACTS,
    BUCKET,
    PIPELINE,
    ROOT,
    pipeline_environment,
    shared_environment,
)
from infra.stack.settings import Settings, write_private

_PATIENCE_S = 60.0
_DEPLOYMENT = "gvio-monthly/monthly"


def write_files(settings: Settings) -> None:
    """The files of servers that hold keys or passwords, each of mode 600: identities of S3, users of MLflow."""
    for name in ("s3/data", "mlflow", "worker", "prefect", "work"):
        (settings.folder / name).mkdir(parents=True, exist_ok=True)
    identities = [
        _identity(settings, "pipeline", [BUCKET], "Read", "Write", "List"),
        _identity(settings, "dashboard", [BUCKET], "Read", "List"),
        _identity(settings, "mlflow", [ARTIFACTS], "Read", "Write", "List"),
        _identity(settings, "keeper", [BUCKET, ARTIFACTS], "Read", "Write", "List"),
    ]
    write_private(settings.folder / "s3/s3.json", json.dumps({"identities": identities}, indent=2) + "\n")
    # Without a signed token nobody writes past the S3 keys, through the ports of the filer and the volumes.
    parts = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
    tokens = [f'[{part}]\nkey = "{settings["S3_SIGNING_SECRET"]}"\nexpires_after_seconds = 60\n' for part in parts]
    write_private(settings.folder / "s3/security.toml", "\n".join(tokens))
    database = settings.database("mlflow_users", "postgresql+psycopg")
    told = {
        "default_permission": "READ",  # of a model that nobody made yet, NO_PERMISSIONS would say 403 and not 404
        "database_uri": database,
        "admin_username": ADMIN,
        "admin_password": settings["MLFLOW_ADMIN_PASSWORD"],
        "auth_cache_ttl_seconds": "600",  # hashing the password at every request takes most of the time
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
    }
    lines = [f"{name} = {value}" for name, value in told.items()]
    write_private(settings.folder / "mlflow/auth.ini", "\n".join(["[mlflow]", *lines, ""]))


def make_buckets(settings: Settings) -> None:
    """The buckets of releases and of MLflow's files, where they are absent.

    Raises:
        UpstreamUnavailable: SeaweedFS does not make them.
    """
    master, filer = (f"127.0.0.1:{settings.s3_ports[n]}.{settings.s3_ports[n + 1]}" for n in (2, 6))
    command = [str(find_beside("weed")), "shell", f"-master={master}", f"-filer={filer}"]
    lines = "".join(f"s3.bucket.create -name {name}\n" for name in (BUCKET, ARTIFACTS))
    done = subprocess.run(
        command,
        input=lines + "s3.bucket.list\n",
        capture_output=True,
        text=True,
        cwd=settings.folder / "s3",
        timeout=_PATIENCE_S,
        check=False,
    )
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith((" ", "\t")) and line.split()}
    if missing := {BUCKET, ARTIFACTS} - listed:
        said = " ".join(done.stderr.split())[-200:]
        what = f"the bucket {min(missing)!r} could not be made ({said})"
        raise UpstreamUnavailable(what, where=settings.s3_url, hint=f"Read {settings.folder}/logs/s3.log.")


def make_users(settings: Settings) -> None:
    """The user of MLflow as whom the pipeline works: may make experiments and models, administers nothing.

    Raises:
        UpstreamUnavailable: MLflow refuses.
    """
    body = {"username": PIPELINE, "password": settings["MLFLOW_PIPELINE_PASSWORD"]}
    for method, path in (("POST", "users/create"), ("PATCH", "users/update-password")):
        if _ask_mlflow(settings, method, path, body) in (HTTPStatus.OK, HTTPStatus.CREATED):
            return
    what = "MLflow does not take the password of its administrator, or makes no user"
    hint = f"Was `.env` made anew? Put the old one back, or move {settings.folder}/postgres away to begin again."
    raise UpstreamUnavailable(what, where=settings.mlflow_url, hint=hint)


def deploy(settings: Settings) -> bool:
    """Register the deployments of `prefect.yaml` for the kept pack; True if that had to be done.

    Raises:
        ConfigError: Prefect refuses; its last line is told.
    """
    kept = settings.folder / "deployed.json"
    wanted = {
        "prefect.yaml": sha256((ROOT / "prefect.yaml").read_bytes()),
        "places": {k: v for k, v in pipeline_environment(settings).items() if k.startswith("GVIO_")},
    }
    same = kept.exists() and json.loads(kept.read_text()) == wanted
    if settings.pack is None or (same and _is_deployed(settings)):
        return False
    environment = shared_environment(os.environ) | pipeline_environment(settings)
    done = subprocess.run(
        ["sh", str(ROOT / "infra/deploy.sh")], capture_output=True, text=True, env=environment, cwd=ROOT, check=False
    )
    if done.returncode:
        said = (f"{done.stdout}\n{done.stderr}".strip().splitlines() or ["no word"])[-1]
        hint = "Correct it, then `make stack-up` again."
        raise ConfigError(f"the deployments could not be registered ({said})", where="prefect.yaml", hint=hint)
    write_json(kept, wanted)
    return True


def _is_deployed(settings: Settings) -> bool:
    login = base64.b64encode(f"gvio:{settings['PREFECT_PASSWORD']}".encode()).decode()
    url = f"{settings.prefect_url}/deployments/name/{_DEPLOYMENT}"
    return _status(urllib.request.Request(url, headers={"Authorization": f"Basic {login}"})) == HTTPStatus.OK


def _ask_mlflow(settings: Settings, method: str, path: str, body: dict[str, str]) -> int:
    login = base64.b64encode(f"{ADMIN}:{settings['MLFLOW_ADMIN_PASSWORD']}".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    url = f"{settings.mlflow_url}/api/2.0/mlflow/{path}"
    return _status(urllib.request.Request(url, json.dumps(body).encode(), headers, method=method))


def _status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code


def _identity(settings: Settings, name: str, buckets: list[str], *actions: str) -> dict[str, object]:
    keys = {"accessKey": settings[f"S3_{name.upper()}_KEY"], "secretKey": settings[f"S3_{name.upper()}_SECRET"]}
    allowed = [f"{action}:{bucket}" for bucket in buckets for action in actions]
    return {"name": name, "credentials": [keys], "actions": allowed}
