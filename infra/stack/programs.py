"""The programs of a stack: how each is started, as whom it goes to the others, and how one sees that it is well.

No password is on a command line, which every user of a machine can read: passwords are in environments and in files
of mode 600.
"""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from flows.server_environment import server_environment
from gvio.backup.postgresql import find_program
from gvio.loopback import direct_loopback
from infra.stack import health
from infra.stack.binaries import find_beside
from infra.stack.mlflow_users import PIPELINE
from infra.stack.postgres import server_user
from infra.stack.settings import Settings

ROOT = Path(__file__).parents[2]
BUCKET, ARTIFACTS = "gvio", "mlflow"
STORE = f"s3://{BUCKET}"
POOL = "gvio"
_EXPORT = re.compile(r"export ([A-Z_]+)=(\S+)")
# What the shell says of other servers; credentials and addresses of the archives stay.
_OF_OTHERS = ("AWS_", "MLFLOW_", "PREFECT_", "PG", "GVIO_PACK", "GVIO_STORE", "GVIO_WORKSPACE", "GVIO_STACK")


@dataclasses.dataclass(frozen=True)
class Program:
    """One server or worker.

    Attributes:
        name: As logs, `make stack-status` and the supervisor call it.
        title: For people.
        command: Argument vector; holds no secret.
        environment: Beside what a stack's programs share.
        ports: All of which must be free before it starts, by their names in `.env`.
        check: Why it is not well, in a few words; None: it is.
        user: Whose rights it has; None: of whoever starts the stack.
        stop: Signal for an orderly end.
        outlived: Its children may go on without it: a run that has begun is left to publish, if it can.
    """

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ports: Mapping[str, int]
    check: Callable[[], str | None]
    user: str | None = None
    stop: str = "TERM"
    outlived: bool = False


def programs(settings: Settings) -> tuple[Program, ...]:
    """All programs, in the order in which they start: what a program needs stands before it."""
    return (
        _postgres(settings),
        _s3(settings),
        _mlflow(settings),
        _prefect(settings),
        _worker(settings),
        _page(settings),
    )


def shared_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What every program is told: the shell's own environment without other servers, no telemetry, no proxy to here."""
    kept = {name: value for name, value in environment.items() if not name.startswith(_OF_OTHERS)}
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    shown = {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
    return kept | dict(_EXPORT.findall((ROOT / "infra/env.sh").read_text())) | shown | direct_loopback(kept)


def pipeline_environment(settings: Settings) -> dict[str, str]:
    """Who runs months: may write the store, uses the registry as a user without administration, orders runs."""
    return {
        **_s3_access(settings, "PIPELINE"),
        "MLFLOW_TRACKING_URI": settings.mlflow_url,
        "MLFLOW_TRACKING_USERNAME": PIPELINE,
        "MLFLOW_TRACKING_PASSWORD": settings["MLFLOW_PIPELINE_PASSWORD"],
        "PREFECT_API_URL": settings.prefect_url,
        "PREFECT_API_AUTH_STRING": f"gvio:{settings['PREFECT_PASSWORD']}",
        "PREFECT_HOME": str(settings.folder / "worker"),
        "GVIO_STORE": STORE,
        "GVIO_WORKSPACE": str(settings.folder / "work"),
        **({"GVIO_PACK": settings.pack} if settings.pack else {}),
    }


def dashboard_environment(settings: Settings) -> dict[str, str]:
    """Who reads releases: a key that cannot write, and no other server."""
    return {**_s3_access(settings, "DASHBOARD"), "GVIO_STORE": STORE}


def keeper_environment(settings: Settings) -> dict[str, str]:
    """Who backs up and restores: the databases, the registry's files and the store."""
    databases = [settings.database(name) for name in ("prefect", "mlflow", "mlflow_users")]
    return {
        **_s3_access(settings, "KEEPER"),
        "GVIO_DATABASE_URLS": " ".join(databases),
        "GVIO_ARTIFACTS": f"s3://{ARTIFACTS}",
    }


def _s3_access(settings: Settings, who: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": settings.s3_url,
        "AWS_ACCESS_KEY_ID": settings[f"S3_{who}_KEY"],
        "AWS_SECRET_ACCESS_KEY": settings[f"S3_{who}_SECRET"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _postgres(settings: Settings) -> Program:
    port, folder = settings.port("POSTGRES_PORT"), settings.folder / "postgres" / "data"
    told = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "64MB"}
    flags = [part for name, value in told.items() for part in ("-c", f"{name}={value}")]
    return Program(
        "postgres",
        "PostgreSQL",
        (find_program("postgres"), "-D", str(folder), "-p", str(port), *flags),
        {},
        {"POSTGRES_PORT": port},
        lambda: health.postgres(port, settings["POSTGRES_PASSWORD"]),
        user=server_user(),
        stop="INT",  # ends sessions; TERM would wait until their clients go by themselves
    )


def _s3(settings: Settings) -> Program:
    s3, s3_grpc, *others = settings.s3_ports
    inner = zip(("master", "volume", "filer"), others[::2], others[1::2], strict=True)
    ports = [f"-s3.port={s3}", f"-s3.port.grpc={s3_grpc}"]
    for name, http, grpc in inner:
        ports += [f"-{name}.port={http}", f"-{name}.port.grpc={grpc}"]
    folder = settings.folder / "s3"
    fixed = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false", "-master.peers=none", "-volume.max=0"]
    fixed += ["-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", "-s3.autoCreateBucket=false"]
    fixed += [
        "-s3.allowDeleteBucketNotEmpty=false",
        "-master.volumeSizeLimitMB=1024",
        f"-s3.config={folder / 's3.json'}",
    ]
    return Program(
        "s3",
        "SeaweedFS S3",
        (str(find_beside("weed")), "server", f"-dir={folder / 'data'}", *ports, *fixed),
        {"HOME": str(folder), "GOMEMLIMIT": "1GiB"},  # less, and its garbage collector never rests
        {f"S3_PORT+{n}" if n else "S3_PORT": port for n, port in enumerate(settings.s3_ports)},
        lambda: health.s3(settings.s3_url),
    )


def _mlflow(settings: Settings) -> Program:
    port = settings.port("MLFLOW_PORT")
    command = ("server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--app-name", "basic-auth")
    return Program(
        "mlflow",
        "MLflow",
        (str(find_beside("mlflow")), *command, "--artifacts-destination", f"s3://{ARTIFACTS}"),
        {
            **_s3_access(settings, "MLFLOW"),
            "MLFLOW_S3_ENDPOINT_URL": settings.s3_url,
            "MLFLOW_BACKEND_STORE_URI": settings.database("mlflow", "postgresql+psycopg"),
            "MLFLOW_AUTH_CONFIG_PATH": str(settings.folder / "mlflow" / "auth.ini"),
            "MLFLOW_FLASK_SERVER_SECRET_KEY": settings["MLFLOW_SESSION_SECRET"],
        },
        {"MLFLOW_PORT": port},
        lambda: health.answers(f"{settings.mlflow_url}/health"),
    )


def _prefect(settings: Settings) -> Program:
    port = settings.port("PREFECT_PORT")
    return Program(
        "prefect",
        "Prefect server",
        (sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)),
        {
            **server_environment(settings.folder / "prefect", port),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": settings.database("prefect", "postgresql+asyncpg"),
            "PREFECT_SERVER_API_AUTH_STRING": f"gvio:{settings['PREFECT_PASSWORD']}",
        },
        {"PREFECT_PORT": port},
        lambda: health.answers(f"{settings.prefect_url}/health"),
    )


def _worker(settings: Settings) -> Program:
    port = settings.port("WORKER_PORT")
    health_page = {"PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1", "PREFECT_WORKER_WEBSERVER_PORT": str(port)}
    words = ("worker", "start", "--pool", POOL, "--type", "process", "--limit", "1", "--with-healthcheck")
    return Program(
        "worker",
        "Prefect worker",
        (sys.executable, "-m", "prefect", *words),
        {**pipeline_environment(settings), **health_page},
        {"WORKER_PORT": port},
        lambda: health.answers(f"http://127.0.0.1:{port}/health"),
        outlived=True,
    )


def _page(settings: Settings) -> Program:
    port = settings.port("DASHBOARD_PORT")
    start = "import sys; from gvio.cli.main import main; sys.exit(main())"
    return Program(
        "dashboard",
        "Dashboard",
        (sys.executable, "-c", start, "dashboard", "--store", STORE, "--port", str(port)),
        dashboard_environment(settings),
        {"DASHBOARD_PORT": port},
        lambda: health.answers(f"{settings.dashboard_url}/_stcore/health"),
    )
