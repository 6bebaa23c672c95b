"""Up, status and down of a stack. Each may be asked often: what is done already is left as it is."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gvio.errors import ConfigError, RunHeld, UpstreamUnavailable
from gvio.files import held
from infra.stack import supervise
from infra.stack.launch import end, left_behind, until_gone
from infra.stack.mlflow_users import ADMIN, PIPELINE, make_pipeline_user
from infra.stack.postgres import make_cluster, make_databases, renew_passwords
from infra.stack.programs import (
    STORE,
    Program,
    dashboard_environment,
    pipeline_environment,
    programs,
)
from infra.stack.provision import deploy, make_buckets, write_files
from infra.stack.settings import ENV_FILE, Settings, is_free, load_or_make, write_private

PATIENCE_S = 240.0
_POLL_S = 0.5
_LAST_S = 40.0
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Line:
    """How one program is: `trouble` None is well."""

    name: str
    title: str
    word: str
    pid: int
    seconds: int
    trouble: str | None


def bring_up(folder: Path, pack: str | None, say: Say, patience_s: float = PATIENCE_S) -> Settings:
    """Start what does not run, in order, and return when every health check is green.

    Args:
        folder: Of the stack; made where absent.
        pack: Region pack for the deployments; None: the one that is kept, or none.
        say: Takes a line for people.
        patience_s: For each program.

    Raises:
        ConfigError: A program is absent, a port is taken, or a value of `.env` cannot be used.
        UpstreamUnavailable: A program does not come up.
        RunHeld: Another one is starting or ending this stack.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # PostgreSQL, which is not root's, passes through
    with _alone(folder):
        settings = load_or_make(folder, pack)
        ordered = programs(settings)
        if not supervise.is_up(settings):
            _require_free(settings, ordered)
        write_files(settings)
        _write_access(settings)
        make_cluster(settings)
        supervise.start_supervisor(settings, supervise.configure(settings, ordered))
        prepared: dict[str, Callable[[], object]] = {
            "postgres": lambda: _prepare_databases(settings),
            "s3": lambda: make_buckets(settings),
            "mlflow": lambda: make_pipeline_user(
                settings.mlflow_url, settings["MLFLOW_ADMIN_PASSWORD"], settings["MLFLOW_PIPELINE_PASSWORD"]
            ),
            "prefect": lambda: deploy(settings),
        }
        for group in (ordered[:2], ordered[2:4], ordered[4:]):
            for program in group:
                supervise.start(settings, program.name)
            for program in group:
                _await(settings, program, patience_s)
                prepared.get(program.name, lambda: None)()
                say(f"{program.title:<15} is well")
    return settings


def status(settings: Settings) -> list[Line]:
    """One line for each program, in order."""
    told = supervise.alive(settings)
    return [_line(program, told.get(program.name)) for program in programs(settings)]


def take_down(settings: Settings, say: Say) -> None:
    """End everything that belongs to the stack: programs in order, then what they left behind.

    Raises:
        UpstreamUnavailable: A process does not end.
    """
    with _alone(settings.folder):
        supervise.shut_down(settings)
        if ended := end(left_behind(settings.folder)):
            say(f"ended {ended} processes that had outlived their program")
        if left := until_gone(settings.folder, _LAST_S):
            what = f"process {left[0].pid} does not end"
            raise UpstreamUnavailable(what, where=str(settings.folder), hint=f"End it: kill -9 {left[0].pid}")


def addresses(settings: Settings) -> Iterator[str]:
    """Where everything is, for people."""
    yield f"dashboard   {settings.dashboard_url}   (reads {STORE} with a key that cannot write)"
    yield f"Prefect     {settings.prefect_url.removesuffix('/api')}   asks for gvio:PREFECT_PASSWORD"
    yield f"MLflow      {settings.mlflow_url}   asks for admin and MLFLOW_ADMIN_PASSWORD"
    yield f"S3          {settings.s3_url}"
    yield f"PostgreSQL  127.0.0.1:{settings['POSTGRES_PORT']}"
    yield f"passwords   {settings.folder / ENV_FILE}; logs: {settings.folder / 'logs'}"
    yield f"in a shell  . {settings.folder / 'pipeline.sh'}   then gvio run, gvio backfill, prefect deployment run …"
    if settings.pack is None:
        yield "no deployment yet: name a region pack, `make stack-up PACK=demo/pack`"
    else:
        yield f"deployed    {settings.pack} to {STORE}, looks every day at 6:00 UTC"


def _prepare_databases(settings: Settings) -> None:
    make_databases(settings)
    passwords = {ADMIN: settings["MLFLOW_ADMIN_PASSWORD"], PIPELINE: settings["MLFLOW_PIPELINE_PASSWORD"]}
    renew_passwords(settings, passwords)


def _write_access(settings: Settings) -> None:
    """Files to be sourced by a shell, for people who work beside the worker."""
    for name, told in (
        ("pipeline", pipeline_environment(settings)),
        ("dashboard", dashboard_environment(settings)),
    ):
        lines = [f"export {key}='{value}'\n" for key, value in told.items()]
        write_private(settings.folder / f"{name}.sh", "".join(lines))


def _await(settings: Settings, program: Program, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    trouble = program.check()
    while trouble is not None or not _runs(settings, program):
        if time.monotonic() > deadline:
            log = supervise.log_of(settings, program.name)
            what = f"{program.title} does not come up: it {trouble or 'does not stay alive'}"
            raise UpstreamUnavailable(what, where=str(log), hint="Read that file, then `make stack-up` again.")
        time.sleep(_POLL_S)
        trouble = program.check()


def _runs(settings: Settings, program: Program) -> bool:
    one = supervise.alive(settings).get(program.name)
    return one is not None and one.runs


def _require_free(settings: Settings, ordered: Sequence[Program]) -> None:
    end(left_behind(settings.folder))  # of a supervisor that was killed
    for program in ordered:
        for name, port in program.ports.items():
            if not is_free(port):
                what = f"port {port}, {name} of {program.title}, is in use by another program"
                hint = f"End that one, or write a free port into {settings.folder / ENV_FILE}, then `make stack-up`."
                raise ConfigError(what, where="stack-up", hint=hint)


def _line(program: Program, one: supervise.Alive | None) -> Line:
    if one is None:
        return Line(program.name, program.title, "DOWN", 0, 0, "is not started")
    trouble = program.check() if one.runs else "does not run"
    return Line(program.name, program.title, one.word, one.pid, one.seconds if one.runs else 0, trouble)


def _alone(folder: Path) -> contextlib.AbstractContextManager[None]:
    def refuse() -> RunHeld:
        return RunHeld("another command is starting or ending this stack", where=str(folder), hint="Wait for it.")

    return held(folder / ".lock", refuse)
