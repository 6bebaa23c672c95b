from pathlib import Path

from gvio.simulate.presets import PRESETS
from gvio.simulate.spec import WorldSpec

TEXT = (Path(__file__).parents[3] / "docs" / "worlds.md").read_text(encoding="utf-8")
LONG = {"title"}  # abridged in the table


def rows():
    """Field → default, the presets' values, meaning."""
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in TEXT.splitlines() if line[:3] == "| `"]
    return {cells[0].strip("`"): cells[1:] for cells in lines if len(cells) == 3 + len(PRESETS)}


def shown(value):
    return "" if value is None else str(list(value) if isinstance(value, tuple) else value)


def test_every_field_stands_in_the_table_with_its_default_and_meaning():
    expected = {
        name: (shown(f.default), f.description) for name, f in WorldSpec.model_fields.items() if name not in LONG
    }
    assert {name: (cells[0], cells[-1]) for name, cells in rows().items() if name not in LONG} == expected


def test_every_preset_stands_in_the_table_with_its_values():
    for column, (name, preset) in enumerate(PRESETS.items(), start=1):
        told = {field: cells[column] for field, cells in rows().items() if cells[column]}
        assert told == {field: shown(value) for field, value in preset.items()}, name
