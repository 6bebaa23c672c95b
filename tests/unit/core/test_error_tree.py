"""The error tree: one line each, an exit code each, whole again on the other side of a process."""

import copy
import pickle

import pytest

from gvio import errors
from gvio.errors import GvioError

CLASSES = sorted(
    (c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, GvioError)), key=lambda c: c.__name__
)
# Contract §2: 2 wrong usage or configuration, 3 input refused, 4 upstream not available, 5 another run holds the month.
EXIT_CODES = {
    "ConfigError": 2,
    "ConflictError": 1,
    "DamagedModel": 1,
    "DamagedStore": 1,
    "GateRefused": 3,
    "GvioError": 1,
    "InputRefused": 3,
    "LedgerError": 3,
    "ModelError": 1,
    "OutdatedModel": 1,
    "PackError": 3,
    "ProductAbsent": 4,
    "ProductError": 3,
    "RunHeld": 5,
    "StoreError": 1,
    "TaskFailed": 1,
    "UpstreamUnavailable": 4,
    "WorkersUnavailable": 4,
}


def test_exit_codes_are_those_of_the_contract():
    assert {c.__name__: c.exit_code for c in CLASSES} == EXIT_CODES


def test_only_what_can_pass_by_itself_is_retried():
    assert [c.__name__ for c in CLASSES if c.retryable] == [
        "ConflictError",
        "UpstreamUnavailable",
        "WorkersUnavailable",
    ]


@pytest.mark.parametrize("cls", CLASSES)
def test_the_docstring_draws_every_class_with_its_exit_code(cls: type[GvioError]):
    lines = [line for line in (errors.__doc__ or "").splitlines() if cls.__name__ in line.split()]
    assert lines, f"{cls.__name__} is not in the tree"
    if "(" in lines[0] and cls is not GvioError:
        assert f"({cls.exit_code})" in lines[0]


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_crosses_a_process_with_its_parts(cls: type[GvioError]):
    error = cls("value -3", where="statistics.csv, line 7", hint="Correct the row.")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is cls
        assert (again.what, again.where, again.hint) == (error.what, error.where, error.hint)
        assert str(again) == str(error)


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (("broken", "", ""), "broken"),
        (("broken", "a.tif", ""), "a.tif: broken"),
        (("broken", "", "Fetch it again."), "broken. Fetch it again."),
        (("broken.", "a.tif", "Fetch it again."), "a.tif: broken. Fetch it again."),
        (("not YAML\n  line 3\n\tcolumn 2", "x", "Correct it."), "x: not YAML line 3 column 2. Correct it."),
    ],
)
def test_a_message_is_one_line_of_what_where_and_next_action(parts: tuple[str, str, str], line: str):
    what, where, hint = parts
    assert str(GvioError(what, where=where, hint=hint)) == line
