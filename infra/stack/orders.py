"""Orders runs at a Prefect server and follows them, by its REST interface; a server that is away is waited for."""

from __future__ import annotations

import base64
import dataclasses
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping

from gvio.errors import UpstreamUnavailable

LOOK = "gvio-daily-look/daily-look"
_BACK_S = 180.0  # how long a killed server may stay away
_FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


@dataclasses.dataclass(frozen=True)
class Run:
    """A flow run: its state's type and one line."""

    number: str
    state: str
    message: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in _FINAL

    @property
    def works(self) -> bool:
        """Whether its process has begun."""
        return self.state == "RUNNING"


class Orders:
    """A client of one Prefect server."""

    def __init__(self, url: str, login: str) -> None:
        self._url = url
        self._headers = {
            "Content-Type": "application/json",
            "Authorization": f"Basic {base64.b64encode(login.encode()).decode()}",
        }

    def pause(self, deployment: str = LOOK) -> str:
        """Let a deployment run only when it is ordered; its id."""
        number = str(self._ask("GET", f"deployments/name/{deployment}")["id"])
        self._ask("PATCH", f"deployments/{number}", {"paused": True})
        return number

    def order(self, deployment: str, request: Mapping[str, str]) -> Run:
        """Order a run of a deployment by its id."""
        made = self._ask(
            "POST", f"deployments/{deployment}/create_flow_run", {"parameters": {"request": dict(request)}}
        )
        return _run(made)

    def look(self, number: str) -> Run:
        """The run as it is now."""
        return _run(self._ask("GET", f"flow_runs/{number}"))

    def open_ends(self) -> list[str]:
        """Runs and steps that have not ended, without those that a schedule has planned; a line each."""
        live = {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING", "PAUSED"]}}
        runs = self._list("flow_runs/filter", {"flow_runs": {"state": live}})
        steps = self._list("task_runs/filter", {"task_runs": {"state": live}})
        return [f"run {one['name']}" for one in runs] + [f"step {one['name']}" for one in steps]

    def slots(self) -> dict[str, int]:
        """Taken slots of each concurrency limit, by name."""
        limits = self._list("v2/concurrency_limits/filter", {"limit": 200})
        return {str(one["name"]): int(str(one["active_slots"])) for one in limits}

    def _list(self, path: str, body: Mapping[str, object]) -> list[dict[str, object]]:
        found = self._send("POST", path, body)
        return [dict(one) for one in found] if isinstance(found, list) else []

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        found = self._send(method, path, body)
        return dict(found) if isinstance(found, dict) else {}

    def _send(self, method: str, path: str, body: Mapping[str, object] | None) -> object:
        data = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + _BACK_S
        while True:
            request = urllib.request.Request(f"{self._url}/{path}", data, self._headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.loads(answer.read() or b"{}")
            except (urllib.error.HTTPError, OSError) as error:
                lasting = isinstance(error, urllib.error.HTTPError) and error.code < 500
                if lasting or time.monotonic() > deadline:
                    hint = "See stack-status and the server's log."
                    raise UpstreamUnavailable(f"Prefect refuses or is away ({error})", where=path, hint=hint) from None
            time.sleep(1)


def _run(told: Mapping[str, object]) -> Run:
    state = told.get("state")
    message = state.get("message") if isinstance(state, dict) else None
    return Run(str(told["id"]), str(told.get("state_type") or "PENDING"), str(message or ""))
