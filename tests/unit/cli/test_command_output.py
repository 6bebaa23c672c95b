"""What commands print, and how errors leave."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gvio.cli.main import cli, main
from gvio.cli.output import emit, stage_lines
from gvio.run.report import StageLine

COMMANDS = {"demo", "run", "backfill", "fetch", "validate", "sample", "train", "evaluate", "decide", "map", "publish"}
COMMANDS |= {"registry", "status", "dashboard", "simulate", "serve", "verify", "repair", "history", "backup", "restore"}
COMMANDS |= {"replay"}


def test_every_command_of_the_contract_is_there() -> None:
    assert set(cli.commands) == COMMANDS
    assert set(cli.commands["registry"].commands) == {
        "list",
        "history",
        "promote",
        "rollback",
        "approve",
        "reject",
    }


def test_the_list_of_commands_cuts_no_description() -> None:
    cut = [name for name, command in cli.commands.items() if command.get_short_help_str(62).endswith("...")]
    assert cut == []


def test_help_imports_nothing_heavy() -> None:
    heavy = {
        "torch",
        "mlflow",
        "prefect",
        "great_expectations",
        "geopandas",
        "matplotlib",
        "sklearn",
        "rasterio",
        "numpy",
        "requests",
        "earthaccess",
        "boto3",
        "distributed",
    }
    code = f"import sys, gvio.cli.main; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_bringing_a_range_imports_nothing_of_the_model_and_no_library_of_a_provider() -> None:
    heavy = {"torch", "mlflow", "prefect", "great_expectations", "matplotlib", "sklearn", "earthaccess", "boto3"}
    code = f"import sys, gvio.stages.raw; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _line(stage: str, outcome: Any, **facts: Any) -> StageLine:
    return StageLine(stage=stage, month="2021-01", outcome=outcome, facts=facts)


def test_a_line_a_stage_says_what_is_worth_reading() -> None:
    reports = [
        _line("validate", "done", checks=60, warnings=("one",)),
        _line("train", "unchanged", reason="fine-tune", weights_sha256="0123456789abcdef"),
        _line("map", "done", city=1234.56, unit="CNY", grids=("2021-01",)),
    ]
    assert stage_lines(reports) == [
        "validate  2021-01  done      checks 60; 1 warning",
        "  warning: one",
        "train     2021-01  unchanged fine-tune; weights 0123456789ab",
        "map       2021-01  done      city 1,234.6",
    ]


@dataclasses.dataclass(frozen=True)
class _Nested:
    inner: tuple[StageLine, ...]


def test_json_is_the_whole_result(capsys: pytest.CaptureFixture[str]) -> None:
    emit(_Nested((_line("map", "done", city=1.5),)), ["a line"], as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document == {"inner": [{"stage": "map", "month": "2021-01", "outcome": "done", "facts": {"city": 1.5}}]}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["run"], 2, "Missing option '--region'"),
        (["fetch", "--region", "x", "--from", "2021-01"], 2, "--from and --to go together, and neither with --month"),
        (["fetch", "--region", "x", "--verify", "--month", "2021-01"], 2, "neither with --month nor with --verify"),
        (["runn"], 2, "No such command 'runn'"),
        (["demo", "--months", "12"], 2, "12 is not in the range x>=14"),
        (["simulate", "out", "--seed", "1", "--spec", "absent.yaml"], 2, "File 'absent.yaml' does not exist"),
        (
            ["simulate", "out", "--seed", "1", "--set", "month=14"],
            2,
            "unknown key 'month'; nearest known key is 'months'",
        ),
        (
            ["run", "--region", "absent", "--store", "s"],
            3,
            "absent/region.yaml: no such file. Name a region pack's folder",
        ),
    ],
)
def test_wrong_usage_leaves_with_its_code(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == code
    assert message in capsys.readouterr().err


def test_errors_are_json_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--region", "absent", "--store", "s", "--json"])
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document == {"error": "PackError", "exit_code": 3, "retryable": False, "message": document["message"]}
    assert printed.err == f"gvio: {document['message']}\n"


def test_wrong_usage_is_json_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert (document["error"], document["exit_code"]) == ("UsageError", 2)
    assert document["message"] == "Missing option '--region'."


def test_a_fault_of_the_file_system_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(**flags: Any) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "samples.npz"))

    monkeypatch.setattr("gvio.cli.run.request_from", full)
    with pytest.raises(SystemExit) as left:
        main(["run", "--region", "p", "--store", "s"])
    assert left.value.code == 1
    told = capsys.readouterr().err
    assert told == f"gvio: {tmp_path}/samples.npz: No space left on device. Check its rights and the free space.\n"


def test_a_library_that_is_absent_is_told_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where only what reads releases is installed; a module of our own that is lost is a defect, and is shown."""

    def lacks(name: str) -> None:
        def fail(**_: Any) -> None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        monkeypatch.setattr(cli.commands["status"], "callback", fail)

    lacks("scipy.sparse")
    with pytest.raises(SystemExit) as left:
        main(["status", "--store", "s3://bucket"])
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert (
        told
        == "gvio: the library 'scipy' is not installed. This command needs all of gvio: `pip install 'gvio[run]'`.\n"
    )
    lacks("gvio.nothing")
    with pytest.raises(ModuleNotFoundError):
        main(["status", "--store", "s3://bucket"])
