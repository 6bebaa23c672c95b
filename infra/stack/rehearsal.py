"""`make stack-test`: months through deployment and worker while servers are killed, beside an undisturbed replay.

A seeded world is lived month by month, each as of its day: once by `gvio run` into a folder, once by the stack, where
in every month another program gets SIGKILL in mid-run. Then the two stores must hold the same bytes.
"""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gvio.errors import StoreError
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.store.objects import ObjectStore, open_store
from gvio.types import Month, month_range
from infra.stack import supervise
from infra.stack.launch import kill_program, left_behind
from infra.stack.lifecycle import bring_up, take_down
from infra.stack.orders import LOOK, Orders, Run
from infra.stack.programs import ROOT, STORE, shared_environment
from infra.stack.settings import Settings

REGION = "rehearsal"
SEED = 7
VICTIMS = ("worker", "prefect", "run", "s3", "postgres", "mlflow")  # `run`: the worker and the run that it has begun
_FIRST_LIGHT, _HISTORY = Month(2018, 10), 26  # months of light before the first month that is published
_ORDERS = 5
_END_S = 1500.0
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Lived:
    """One month on the stack: who was killed how many seconds after its run began, and what it took."""

    month: Month
    victim: str
    killed_after_s: float
    orders: int
    seconds: float
    ends: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Rehearsal:
    """The two lives of the same months."""

    replay: ObjectStore
    replay_seconds: tuple[float, ...]
    lived: tuple[Lived, ...]
    settings: Settings
    orders: Orders


def rehearse(folder: Path, count: int, seed: int, say: Say) -> Rehearsal:
    """Live `count` months twice, and leave the stack running for what is asked of it next.

    Raises:
        StoreError: A month of the undisturbed replay fails.
        GvioError: The stack does not come up.
    """
    shutil.rmtree(folder / "replay", ignore_errors=True)
    pack = folder / "pack"
    if not (pack / "region.yaml").exists():
        simulate_pack(pack, _world(count), SEED)
    first = _FIRST_LIGHT + _HISTORY
    months = list(month_range(first, first + (count - 1)))
    replay_seconds = tuple(_replayed(folder, pack, month, say) for month in months)
    settings = bring_up(folder / "servers", str(pack), say)
    orders = Orders(settings.prefect_url, f"gvio:{settings['PREFECT_PASSWORD']}")
    deployment = orders.pause(LOOK)
    chance = random.Random(seed)
    lived = []
    for n, (month, usual) in enumerate(zip(months, replay_seconds, strict=True)):
        delay = chance.uniform(0.05, 0.9) * usual
        lived.append(_lived(settings, orders, deployment, month, VICTIMS[n % len(VICTIMS)], delay))
        say(line_of(lived[-1]))
    return Rehearsal(open_store(str(folder / "replay/store")), replay_seconds, tuple(lived), settings, orders)


def line_of(lived: Lived) -> str:
    """A row of the table."""
    ends = "; ".join(lived.ends)
    return (
        f"{lived.month}  kill -9 {lived.victim:<8} after {lived.killed_after_s:5.1f} s  "
        f"{lived.orders} order(s)  {lived.seconds:6.1f} s  {ends}"
    )


def clear(folder: Path, say: Say) -> None:
    """End the servers of an earlier rehearsal and remove all that it made."""
    from infra.stack.settings import ENV_FILE, load

    if (folder / "servers" / ENV_FILE).exists():
        take_down(load(folder / "servers"), say)
    shutil.rmtree(folder, ignore_errors=True)


def asked(month: Month, pack: Path | str, store: str, workspace: Path) -> dict[str, str]:
    """The request of a month as of the 20th of the month after."""
    day = (month + 1).first_day.replace(day=20)
    return {
        "pack": str(pack),
        "store": store,
        "workspace": str(workspace),
        "month": str(month),
        "as_of": str(day),
    }


def _world(count: int) -> WorldSpec:
    return WorldSpec(
        name=REGION,
        bounds=(121.0, 31.0, 121.15, 31.12),
        first_month=str(_FIRST_LIGHT),
        months=_HISTORY + count,
        n_districts=3,
        n_factories=36,
        least_factories=4,
        city_output=300,
        position_error_m=0.0,
    )


def _replayed(folder: Path, pack: Path, month: Month, say: Say) -> float:
    request = asked(month, pack, str(folder / "replay/store"), folder / "replay/work")
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in request.items() if name != "pack"]
    start = "import sys; from gvio.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "run", f"--region={request['pack']}", *flags]
    began = time.monotonic()
    done = subprocess.run(
        command, env=shared_environment(os.environ), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise StoreError(f"the undisturbed month failed ({said})", where=str(month), hint="Correct that first.")
    seconds = time.monotonic() - began
    say(f"{month}  undisturbed, in a folder: {seconds:.1f} s; {done.stdout.strip().splitlines()[-1]}")
    return seconds


def _lived(settings: Settings, orders: Orders, deployment: str, month: Month, victim: str, delay: float) -> Lived:
    """Order the month until it is told as done; kill once, in the first run."""
    request = asked(month, str(settings.pack), STORE, settings.folder / "work")
    began, killed_after, ends = time.monotonic(), 0.0, list[str]()
    for order in range(1, _ORDERS + 1):
        run = orders.order(deployment, request)
        if order == 1:
            run = _until(orders, run.number, lambda now: now.works or now.ended)
            at_work = time.monotonic()
            run = _until(orders, run.number, lambda now: now.ended, at_work + delay)
            killed_after = time.monotonic() - at_work
            _kill(settings, victim)
            if victim == "run":  # nobody is left to tell its end: the next order finds it dead
                ends.append("killed with its worker")
                continue
        run = _until(orders, run.number, lambda now: now.ended)
        ends.append(f"{run.state.lower()}: {run.message[:100]}")
        if run.state == "COMPLETED":
            return Lived(month, victim, killed_after, order, time.monotonic() - began, tuple(ends))
    return Lived(month, victim, killed_after, _ORDERS, time.monotonic() - began, tuple(ends))


def _until(orders: Orders, number: str, found: Callable[[Run], bool], deadline: float | None = None) -> Run:
    last = time.monotonic() + _END_S if deadline is None else deadline
    while not found(run := orders.look(number)) and time.monotonic() < last:
        time.sleep(0.5)
    return run


def _kill(settings: Settings, victim: str) -> None:
    """SIGKILL for the process that the supervisor started; for `run` also for the run, which would outlive it."""
    name = "worker" if victim == "run" else victim
    if victim == "run":
        for process in left_behind(settings.folder, "worker"):
            kill_program(settings.folder, process.pid)
        return
    one = supervise.alive(settings).get(name)
    if one is not None and one.pid:
        kill_program(settings.folder, one.pid)
