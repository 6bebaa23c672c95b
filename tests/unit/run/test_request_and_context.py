"""A request from texts, and the context it opens: what is wrong is said in one line before anything is computed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gvio.errors import ConfigError, InputRefused, PackError, RunHeld
from gvio.run.context import Context, open_context
from gvio.run.order import region_held
from gvio.run.request import RangeRequest, RunRequest, make_range, make_request, workers_asked
from gvio.types import Month


@pytest.fixture
def pack(tmp_path: Path, region_yaml: str) -> str:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "region.yaml").write_text(region_yaml)
    return str(tmp_path / "pack")


def opened(pack: str, workspace: Path | str = "w", **more: Any) -> Context:
    return open_context(make_request(pack=pack, store="s", workspace=str(workspace), **more))


def test_a_context_is_made_of_texts(pack: str, tmp_path: Path) -> None:
    context = opened(pack, tmp_path / "w", month="2021-05", as_of="2021-06-20")
    assert (context.region, context.month, context.as_of) == ("testland", Month(2021, 5), dt.date(2021, 6, 20))
    assert context.path("light.npz") == tmp_path / "w" / "testland" / "light.npz"
    assert not context.workspace.folder.exists()


def test_the_day_is_today_unless_said(pack: str) -> None:
    before = dt.datetime.now(dt.UTC).date()
    assert before <= opened(pack).as_of <= dt.datetime.now(dt.UTC).date()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"month": "2021-5"}, r"--month: month '2021-5' is not valid; write it as YYYY-MM. See `gvio run --help`"),
        ({"month": "2020-12"}, r"--month: month 2020-12 is before the region's first month 2021-01. Ask for a later"),
        ({"as_of": "20.6.2021"}, r"--as-of: as-of '20\.6\.2021' is not valid; write it as YYYY-MM-DD. See `gvio run"),
        ({"params_file": "absent.yaml"}, r"absent\.yaml: no such file. Check --params"),
    ],
)
def test_a_wrong_text_is_a_matter_of_configuration(pack: str, words: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        opened(pack, **words)


def test_the_months_of_a_range_are_named_by_their_flags() -> None:
    with pytest.raises(ConfigError, match=r"--to: last 'May' is not valid; write it as YYYY-MM"):
        make_range(pack="p", store="s", first="2021-01", last="May")


def test_a_request_survives_the_json_of_an_orchestrator() -> None:
    request = RunRequest(pack="p", store="s3://b/x", month="2021-05", as_of=dt.date(2021, 6, 1), also=("2021-01",))
    assert RunRequest.model_validate(request.model_dump(mode="json")) == request
    with pytest.raises(ValidationError, match="frozen"):
        request.month = None  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra_forbidden"):
        RunRequest(pack="p", store="s", mnth="2021-05")  # type: ignore[call-arg]


def test_a_range_asks_for_its_months_and_keeps_everything_else() -> None:
    asked = RangeRequest(pack="p", store="s", first="2021-01", last="2021-03", retrain=True, endpoint_url="http://s3")
    one = asked.of_month(Month(2021, 2))
    assert (one.month, one.retrain, one.endpoint_url, one.also) == ("2021-02", True, "http://s3", ())
    assert asked.of_month(Month(2021, 3), (Month(2021, 1),)).also == ("2021-01",)


def test_a_folder_without_region_yaml_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"region\.yaml: no such file. Name a region pack's folder"):
        opened(str(tmp_path))


def test_a_workspace_beside_which_the_registry_would_lie_is_refused(pack: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--workspace: the registry's database cannot lie under a name with '\?'"):
        opened(pack, tmp_path / "what?")
    assert opened(pack, tmp_path / "what").registry_uri.endswith("/what/mlflow.db")
    assert opened(pack, tmp_path / "what?", tracking_uri="http://127.0.0.1:9").region == "testland"
    assert not (tmp_path / "what").exists()


def test_region_yaml_that_is_no_text_is_refused(pack: str) -> None:
    (Path(pack) / "region.yaml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigError, match=r"region\.yaml: is not text in UTF-8\. Save it as UTF-8\."):
        opened(pack)


def test_one_run_at_a_time_holds_a_region(pack: str, tmp_path: Path) -> None:
    context = opened(pack, tmp_path / "w")
    hint = r"another run holds this region. Wait for it to end"
    with region_held(context), pytest.raises(RunHeld, match=hint), region_held(context):
        pass
    with region_held(context):
        pass


def test_the_region_is_free_again_after_a_refusal(pack: str, tmp_path: Path) -> None:
    context = opened(pack, tmp_path / "w")
    with pytest.raises(InputRefused), region_held(context):
        raise InputRefused("refused")
    with region_held(context):
        pass


def test_a_workspace_whose_lock_cannot_be_written_is_named(pack: str, tmp_path: Path) -> None:
    (tmp_path / "w" / "testland" / ".lock").mkdir(parents=True)
    hint = r"testland/\.lock: cannot be written \(.+\)\. Choose another --workspace"
    with pytest.raises(ConfigError, match=hint), region_held(opened(pack, tmp_path / "w")):
        pass


def test_a_workspace_that_cannot_be_is_named(pack: str, tmp_path: Path) -> None:
    (tmp_path / "w").write_text("a file")
    context = opened(pack, tmp_path / "w")
    hint = r"w.testland: cannot be created \(\w+\). Choose another --workspace"
    with pytest.raises(ConfigError, match=hint), region_held(context):
        pass


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"workers": 0}, r"--workers, or GVIO_WORKERS: workers 0 is not valid; write a whole number from 1 on"),
        ({"workers": "two"}, r"workers 'two' is not valid; write a whole number from 1 on"),
        (
            {"cluster": "10.0.0.1:8786"},
            r"GVIO_CLUSTER: cluster '10\.0\.0\.1:8786' is not valid; write it as tcp://host",
        ),
        ({"cluster": "tcp://host"}, r"cluster 'tcp://host' is not valid; write it as tcp://host:port"),
        ({"cluster": "tcp://host:99999"}, r"cluster 'tcp://host:99999' is not valid"),
        ({"workers": 2, "worker_memory": "lots"}, r"worker-memory 'lots' is not valid; write it as 2GB"),
        (
            {"workers": 2, "cluster": "tcp://h:1"},
            r"a cluster has workers of its own.* Give --cluster alone, or --workers",
        ),
        (
            {"worker_memory": "2GB"},
            r"--worker-memory: it is the limit of each of two or more --workers\. Add --workers 2",
        ),
    ],
)
def test_workers_that_cannot_be_are_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_request(pack="p", store="s", **words)


def test_workers_are_those_of_the_flags_then_of_the_environment() -> None:
    around = {"GVIO_WORKERS": "4", "GVIO_WORKER_MEMORY": "1.5GiB", "GVIO_CLUSTER": ""}
    made = make_request(pack="p", store="s", **workers_asked({}, around))
    assert (made.workers, made.cluster, made.worker_bytes) == (4, None, 3 * 2**29)
    flag = workers_asked({"cluster": "tls://[::1]:8786"}, around)
    assert make_request(pack="p", store="s", **flag).cluster == "tls://[::1]:8786"
    assert workers_asked({"workers": 1}, around) == {"workers": 1, "cluster": None, "worker_memory": None}
    both = workers_asked({}, {**around, "GVIO_CLUSTER": "tcp://h:1"})
    with pytest.raises(ConfigError, match="a cluster has workers of its own"):
        make_request(pack="p", store="s", **both)
