import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from gvio.errors import GateRefused
from gvio.types import CheckResult
from gvio.validate.gate import failed_required, refuse_failed
from gvio.validate.verdicts import name_some, verdict


def _result(name: str, passed: bool, required: bool) -> CheckResult:
    return CheckResult(name, passed, required, "2021-12", f"{name} happened.")


def test_passed_checks_and_failed_warnings_go_through():
    results = [_result("a.a", True, True), _result("b.b", False, False)]
    assert failed_required(results) == []
    refuse_failed(results)


def test_one_line_carries_every_failed_required_check():
    results = [_result("a.a", False, True), _result("b.b", False, False), _result("c.c", False, True)]
    with pytest.raises(GateRefused) as refused:
        refuse_failed(results)
    line = str(refused.value)
    assert line.startswith("2021-12: 2 required checks failed: [a.a] a.a happened; [c.c] c.c happened.")
    assert "b.b" not in line
    assert "\n" not in line
    assert "last release stands" in line
    assert refused.value.exit_code == 3
    assert str(pickle.loads(pickle.dumps(refused.value))) == line


def test_one_failed_check_is_counted_in_the_singular():
    with pytest.raises(GateRefused, match=r"1 required check failed: \[a\.a\]"):
        refuse_failed([_result("a.a", False, True)])


def test_a_verdict_speaks_differently_of_success_and_failure():
    words = {"required": True, "subject": "s", "expected": "at least 50 % seen", "found": "12 %", "hint": "Wait."}
    assert verdict("a.a", True, **words).message == "at least 50 % seen: 12 %"
    assert verdict("a.a", False, **words).message == "expected at least 50 % seen; found 12 %. Wait."


def test_a_nan_is_not_a_pass():
    nan = float("nan")
    assert not verdict("a.a", nan >= 0.5, required=True, subject="s", expected="e", found="f").passed


@pytest.mark.parametrize(
    ("items", "text"),
    [([], "none"), (["a"], "a"), ("abcde", "a, b, c, d, e"), ("abcdefg", "a, b, c, d, e and 2 more")],
)
def test_long_lists_are_cut_and_counted(items, text):
    assert name_some(items) == text


def test_what_was_observed_is_json_even_where_it_is_not_finite():
    words = {"required": True, "subject": "s", "expected": "e", "found": "f"}
    observed = {"level": float("nan"), "range": (float("-inf"), 2.0), "months": ["2021-12"]}
    assert verdict("a.a", True, **words, observed=observed).observed == {
        "level": None,
        "range": [None, 2.0],
        "months": ["2021-12"],
    }


def test_only_the_doorway_imports_great_expectations():
    folder = Path(__file__).parents[3] / "gvio" / "validate"
    pure = sorted(f"gvio.validate.{p.stem}" for p in folder.glob("*.py") if p.stem not in {"__init__", "tables"})
    assert "gvio.validate.suites" in pure
    program = f"import sys, {', '.join(pure)}; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=folder.parents[1], check=False).returncode == 0
