"""One run per region, on whatever machines: a concurrency limit of the Prefect server, held by a lease.

The lease ends by itself when its holder was killed. The limit only saves work: that nothing is published twice is kept
by the region's lock on one machine and by the store's conditional write everywhere. So a run goes on without a slot
where the server is gone.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.settings import PREFECT_API_URL

from flows.patience import best_effort
from gvio.errors import RunHeld

LEASE_S = 120.0  # renewed after 90 s; how long the slot of a killed run stays taken
PATIENCE_S = 3600.0


@contextlib.contextmanager
def region_slot(region: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the region among all runs of this Prefect server; wait for another one that holds it.

    Raises:
        RunHeld: Another run still holds it after `patience_s`.
    """
    with contextlib.ExitStack() as stack:
        if PREFECT_API_URL.value():  # a temporary server serves one process
            _take(stack, slot_name(region), region, patience_s)
        yield


def slot_name(region: str) -> str:
    """Name of the limit of a region."""
    return f"gvio-{region}"


def _take(stack: contextlib.ExitStack, name: str, region: str, patience_s: float) -> None:
    with best_effort(f"the slot {name}"):
        with get_client(sync_client=True) as client:
            client.upsert_global_concurrency_limit_by_name(name, 1)
        slot = concurrency(
            name, timeout_seconds=patience_s, lease_duration=LEASE_S, raise_on_lease_renewal_failure=False
        )
        try:
            slot.__enter__()
        except TimeoutError:
            hint = "Wait for it to end; Prefect's page of concurrency limits shows who it is."
            raise RunHeld(f"another run has held this region for {patience_s:.0f} s", where=region, hint=hint) from None

        def give_back(*_: object) -> None:
            with best_effort(f"the end of the slot {name}"):
                slot.__exit__(*sys.exc_info())

        stack.push(give_back)
