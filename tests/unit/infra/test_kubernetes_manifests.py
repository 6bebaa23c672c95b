"""`infra/kubernetes`: valid for Kubernetes, and what `gvio run --cluster` asks of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gvio.cli.run import run
from gvio.cluster.opening import _OURS
from gvio.run.request import make_request

ROOT = Path(__file__).parents[3]
FILE = {one["kind"]: one for one in yaml.safe_load_all((ROOT / "infra/kubernetes/cluster.yaml").read_text())}
CLUSTER = FILE["DaskCluster"]["spec"]
PODS = {
    "scheduler": CLUSTER["scheduler"]["spec"],
    "worker": CLUSTER["worker"]["spec"],
    "run": FILE["Job"]["spec"]["template"]["spec"],
}
CONTAINERS = {name: pod["containers"][0] for name, pod in PODS.items()}
OBJECTS = [one for kind, one in FILE.items() if kind != "DaskCluster"] + [
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": pod} for name, pod in PODS.items()
]
OBJECTS.append(
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": CLUSTER["scheduler"]["service"]}
)


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_an_object_is_what_kubernetes_knows(one: dict[str, Any]) -> None:
    kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)


def test_the_cluster_has_the_fields_of_its_operator() -> None:
    assert FILE["DaskCluster"]["apiVersion"] == "kubernetes.dask.org/v1"
    assert {name: set(part) for name, part in CLUSTER.items()} == {
        "scheduler": {"spec", "service"},
        "worker": {"spec", "replicas"},
    }


def test_every_pod_is_one_image_without_rights_and_shares_the_workspace() -> None:
    assert {container["image"] for container in CONTAINERS.values()} == {"gvio:latest"}
    assert "--extra cluster" in (ROOT / "infra/Dockerfile").read_text()
    for container in CONTAINERS.values():
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["runAsNonRoot"]
    assert CONTAINERS["worker"]["volumeMounts"] == CONTAINERS["run"]["volumeMounts"]
    assert PODS["worker"]["volumes"] == PODS["run"]["volumes"]


def test_a_worker_works_as_those_of_this_machine_do() -> None:
    words = CONTAINERS["worker"]["args"]
    told = dict(zip(words[::2], words[1::2], strict=False))
    assert told["--nthreads"] == "1"
    limit, pod = told["--memory-limit"], CONTAINERS["worker"]["resources"]["limits"]["memory"]
    assert float(limit.removesuffix("GiB")) < float(pod.removesuffix("Gi"))
    around = {one["name"]: one["value"] for one in CONTAINERS["worker"]["env"]}
    for name in ("target", "spill", "pause"):
        assert around[f"DASK_DISTRIBUTED__WORKER__MEMORY__{name.upper()}"] == str(
            _OURS[f"distributed.worker.memory.{name}"]
        )


def test_the_run_asks_this_cluster_with_flags_that_there_are() -> None:
    words = CONTAINERS["run"]["args"]
    flags = dict(zip(words[1::2], words[2::2], strict=True))
    assert words[0] == run.name
    assert set(flags) <= {option for parameter in run.params for option in parameter.opts}
    name, (port, _) = FILE["DaskCluster"]["metadata"]["name"], CLUSTER["scheduler"]["service"]["ports"]
    asked = make_request(pack="p", store="s", cluster=flags["--cluster"])
    assert asked.cluster == f"tcp://{name}-scheduler:{port['port']}"
