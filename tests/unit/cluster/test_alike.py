"""Workers of other code are refused, with both versions; and Dask is asked for by name where it is absent."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from gvio.cluster.alike import _question, require_same_code
from gvio.cluster.opening import local_cluster, require_installed
from gvio.errors import ConfigError, WorkersUnavailable
from gvio.source import source_digest
from gvio.version import code_version

OURS = ("0.4.0", "0123456789abcdef")
W = "tcp://10.0.0.7:9000"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (("0.3.9", OURS[1]), r"is gvio 0\.3\.9, this program is gvio 0\.4\.0"),
        (
            (OURS[0], "fedc"),
            r"is gvio 0\.4\.0, too, but of other source or numerical libraries \(digest fedc, here 0123",
        ),
        (None, r"has no gvio that works, this program is gvio 0\.4\.0"),
        (ImportError("No module named 'gvio'"), r"has no gvio that works"),
    ],
)
def test_other_code_is_refused_with_both_versions(told: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"worker {W}: {message}.*\. Start the workers from the same installation"):
        require_same_code({"tcp://10.0.0.6:9000": OURS, W: told}, OURS)


def test_the_same_code_may_work() -> None:
    require_same_code({W: OURS}, OURS)
    assert _question()() == (code_version(), source_digest("gvio"))


def test_absent_dask_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"--workers: the library 'distributed' is not installed\. Run `pip install"):
        require_installed("--workers")


def test_processes_that_do_not_start_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("Nanny failed to start.\nmore")

    monkeypatch.setattr("distributed.LocalCluster", fail)
    message = (
        r"^2 workers: do not start \(Nanny failed to start\.\)\. Ask for fewer --workers, or leave the option out\.$"
    )
    with pytest.raises(WorkersUnavailable, match=message), local_cluster(2, 10**9):
        pass
