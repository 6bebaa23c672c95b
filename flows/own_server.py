"""The process of the Prefect server that `gvio serve` starts: python -m flows.own_server HOME PORT.

It holds a lock while it lives, so that there is one server for one database, and it ends when its standard input does,
which is a pipe from the process that started it: also when that one is killed.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

from gvio.errors import RunHeld
from gvio.files import held

LOCK, ADDRESS = "server.lock", "server.url"
TAKEN = 5  # exit code of RunHeld
_HANDOVER_S = 45.0  # a server whose starter was killed needs up to _GRACE_S to end
_GRACE_S = 30.0


def taken(home: Path) -> RunHeld:
    """What is raised where another server has this database."""
    address = home / ADDRESS
    url = address.read_text().strip() if address.exists() else "unknown"
    hint = f"Stop it, or set PREFECT_API_URL={url} to share its server, or use another --workspace."
    return RunHeld(f"another gvio serve or demo has its Prefect server here ({url})", where=str(home), hint=hint)


def main(home: Path, port: int) -> None:
    """Be the server until told to end, or until the starter is gone.

    Raises:
        RunHeld: Another server has this database, and keeps it.
    """
    with held(home / LOCK, lambda: taken(home), timeout_s=_HANDOVER_S):
        (home / ADDRESS).write_text(f"http://127.0.0.1:{port}/api\n")
        threading.Thread(target=_end_with_the_starter, daemon=True).start()
        sys.argv = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        runpy.run_module("prefect", run_name="__main__")


def _end_with_the_starter() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]))
    except RunHeld as error:
        sys.stderr.write(f"gvio: {error}\n")
        sys.exit(TAKEN)
