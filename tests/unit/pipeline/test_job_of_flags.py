"""A job from texts: what is wrong with a text is said in one line before anything is read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from gvio.errors import ConfigError, InputRefused, PackError, RunHeld
from gvio.pipeline.job import held, make_job, read_json, write_bytes, write_json
from gvio.types import Month


@pytest.fixture
def pack(tmp_path: Path, region_yaml: str) -> str:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "region.yaml").write_text(region_yaml)
    return str(tmp_path / "pack")


def test_a_job_is_made_of_texts(pack: str, tmp_path: Path) -> None:
    job = make_job(pack, "store", str(tmp_path / "w"), "2021-05", "2021-06-20")
    assert (job.region, job.month, job.as_of) == ("testland", Month(2021, 5), dt.date(2021, 6, 20))
    assert job.path("light.npz") == tmp_path / "w" / "testland" / "light.npz"
    assert not job.folder.exists()


def test_the_day_is_today_unless_said(pack: str) -> None:
    before = dt.datetime.now(dt.UTC).date()
    assert before <= make_job(pack, "s", "w").as_of <= dt.datetime.now(dt.UTC).date()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"month": "2021-5"}, r"month '2021-5' is not valid \(not a month: '2021-5'; write it as YYYY-MM"),
        ({"month": "2020-12"}, r"--month: month 2020-12 is before the region's first month 2021-01. Ask for a later"),
        ({"as_of": "20.6.2021"}, r"as-of date '20\.6\.2021' is not valid .* See `gvio run --help`"),
        ({"params_file": "absent.yaml"}, r"absent\.yaml: no such file. Check --params"),
    ],
)
def test_a_wrong_text_is_a_matter_of_configuration(pack: str, words: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_job(pack, "s", "w", **words)


def test_a_folder_without_region_yaml_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"region\.yaml: no such file. Name a region pack's folder"):
        make_job(str(tmp_path), "s", "w")


def test_region_yaml_that_is_no_text_is_refused(pack: str) -> None:
    (Path(pack) / "region.yaml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(PackError, match=r"region\.yaml: cannot be read \(UnicodeDecodeError\). Name a region pack's"):
        make_job(pack, "s", "w")


def test_one_run_at_a_time_holds_a_region(pack: str, tmp_path: Path) -> None:
    job = make_job(pack, "s", str(tmp_path / "w"))
    with held(job), pytest.raises(RunHeld, match=r"another run holds this region. Wait for it to end"), held(job):
        pass
    with held(job):
        pass


def test_the_region_is_free_again_after_a_refusal(pack: str, tmp_path: Path) -> None:
    job = make_job(pack, "s", str(tmp_path / "w"))
    with pytest.raises(InputRefused), held(job):
        raise InputRefused("refused")
    with held(job):
        pass


def test_a_stage_that_has_not_run_is_named(pack: str, tmp_path: Path) -> None:
    job = make_job(pack, "s", str(tmp_path / "w"))
    with pytest.raises(InputRefused, match=r"fetch\.json cannot be read \(FileNotFoundError\). Run `gvio fetch` with"):
        read_json(job, "fetch.json", "fetch")
    write_bytes(job.path("fetch.json"), b"{half")
    with pytest.raises(InputRefused, match=r"fetch\.json cannot be read \(JSONDecodeError\). Run `gvio fetch` with"):
        read_json(job, "fetch.json", "fetch")


def test_files_appear_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_json(path, {"b": 1, "a": [2]})
    assert path.read_text() == '{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(path, {"a": float("nan")})
    assert path.read_text().startswith('{\n  "a": [')
    assert [p.name for p in path.parent.iterdir()] == ["file.json"]


def test_a_workspace_that_cannot_be_is_named(pack: str, tmp_path: Path) -> None:
    (tmp_path / "w").write_text("a file")
    job = make_job(pack, "s", str(tmp_path / "w"))
    with (
        pytest.raises(ConfigError, match=r"w.testland: cannot be created \(\w+\). Choose another --workspace"),
        held(job),
    ):
        pass
