"""What the servers of a stack must hold before anybody uses them: buckets, keys, users, deployments. Once or often."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.request

from gvio.errors import ConfigError, UpstreamUnavailable
from gvio.files import sha256, write_json
from infra.stack.binaries import find_beside
from infra.stack.mlflow_users import ADMIN
from infra.stack.programs import ARTIFACTS, BUCKET, ROOT, pipeline_environment, shared_environment
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
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers={"Authorization": f"Basic {login}"}), timeout=_PATIENCE_S
        ):
            return True
    except OSError:
        return False


def _identity(settings: Settings, name: str, buckets: list[str], *actions: str) -> dict[str, object]:
    keys = {"accessKey": settings[f"S3_{name.upper()}_KEY"], "secretKey": settings[f"S3_{name.upper()}_SECRET"]}
    allowed = [f"{action}:{bucket}" for bucket in buckets for action in actions]
    return {"name": name, "credentials": [keys], "actions": allowed}
