"""What a Prefect server of ours is told by its environment; imports nothing of Prefect, which costs seconds."""

from __future__ import annotations

from pathlib import Path


def server_environment(home: Path, port: int) -> dict[str, str]:
    """Where its state is, where its pages find it, leases that outlive it, and runs that do not stay for ever."""
    address = f"http://127.0.0.1:{port}"
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_API_URL": f"{address}/api",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_UI_URL": address,
        # In memory, the default, the leases die with the server, and the slots that they held stay taken for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # Off by default: every run, step, log line and artifact stays for ever. So they go after 90 days.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "true",
    }
