"""The table of the house, on a package small enough to count by hand."""

import textwrap

import pytest

from benchmarks import house

FILES = {
    "gvio/__init__.py": '"""One line."""\n',
    "gvio/low.py": '''
        """Low: two lines
        of prose."""

        from collections.abc import Mapping
        from typing import Any

        LIMIT = 3  # why three


        def open_low(a, b, c, d, e, f, g, h, *, i) -> dict[str, Any]:
            """Nine parameters."""
            # a comment of its own
            return {}


        def _hidden(x: Mapping[str, Any]) -> dict[str, int]:
            return {}
    ''',
    "gvio/middle.py": '''
        import gvio.low


        class Thing:
            def method(self, a, b, c, d, e, f, g, h):
                return """not
        a docstring"""
    ''',
    "gvio/top.py": """
        def run():
            from gvio.low import open_low
            from gvio import middle
            return open_low, middle
    """,
    "flows/month.py": "from gvio import top\n",
}


@pytest.fixture
def checkout(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return tmp_path


def test_the_rows_are_what_the_definitions_say(checkout):
    rows = house.measure(checkout, ["gvio"])
    assert rows["modules"] == "3"
    assert rows["depth of imports"] == "3", "top → middle → low, though top imports inside of a function"
    assert rows["fan-out, median and most"] == "1, 2"
    assert rows["public names"] == "3", "open_low, Thing, run"
    assert rows["untyped records (`dict[str, Any]`)"] == "2"
    assert rows["functions over 8 parameters"] == "1", "a method's self is none of its eight"
    assert rows["files over 250 lines"] == "0"
    # low: 2 imports, LIMIT, 2 × def, 2 × return; middle: import, class, def, 2 of the text; top: 4.
    assert rows["comments per 100 code lines"] == f"{100 * 2 / 16:.1f}"


def test_other_packages_count_when_asked_for(checkout):
    rows = house.measure(checkout, ["gvio", "flows"])
    assert (rows["modules"], rows["depth of imports"]) == ("4", "4")


def test_every_checkout_has_its_column(checkout):
    rows = house.measure(checkout, ["gvio"])
    lines = house.table({"before": rows, "after": rows}).splitlines()
    assert lines[:3] == ["| | before | after |", "| --- | ---: | ---: |", "| modules | 3 | 3 |"]
    assert len(lines) == 2 + len(rows)


def test_a_cycle_and_a_folder_without_a_package_are_refused(checkout, tmp_path):
    with pytest.raises(ValueError, match=r"cycle of imports: gvio\.low → gvio\.low2 → gvio\.low"):
        house.depth({"gvio.low": {"gvio.low2"}, "gvio.low2": {"gvio.low"}})
    with pytest.raises(ValueError, match="no module of nothing in"):
        house.measure(tmp_path, ["nothing"])
