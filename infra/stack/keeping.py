"""Backup and restore of a stack: `gvio backup` and `gvio restore` with the keys and databases of the stack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from infra.stack import supervise
from infra.stack.programs import ROOT, STORE, keeper_environment, shared_environment
from infra.stack.settings import Settings

_GVIO = (sys.executable, "-c", "import sys; from gvio.cli.main import main; sys.exit(main())")
_USERS_OF_STATE = ("dashboard", "worker", "prefect", "mlflow")


def back_up(settings: Settings, folder: Path, *, replace: bool) -> int:
    """Back up databases, registry and store while the stack works; the exit code of `gvio backup`."""
    return _gvio(settings, "backup", f"--to={folder.absolute()}", *(["--replace"] if replace else []))


def stop_users(settings: Settings) -> None:
    """Stop whatever uses the databases; PostgreSQL and S3 go on."""
    for name in _USERS_OF_STATE:
        supervise.stop(settings, name)


def restore(settings: Settings, folder: Path) -> int:
    """Make databases, registry and store what a backup holds, after `stop_users`; the exit code of `gvio restore`.

    Servers make tables as soon as they start, so that a stack is never empty: what is there is replaced.
    """
    return _gvio(settings, "restore", f"--from={folder.absolute()}", "--replace")


def _gvio(settings: Settings, *words: str) -> int:
    environment = shared_environment(os.environ) | keeper_environment(settings)
    places = (f"--store={STORE}", f"--workspace={settings.folder / 'work'}")
    return subprocess.run([*_GVIO, *words, *places], env=environment, cwd=ROOT, check=False).returncode
