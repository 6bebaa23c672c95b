"""docs/checks.md and the source name the same checks, and say the same about whether they are required."""

import re
from pathlib import Path

from gvio.config import ValidateParams
from gvio.validate.suites import district_rules, factory_rules, ledger_rules, light_rules

ROOT = Path(__file__).parents[3]
FAMILIES = "drift|store|raw|light|grid|product|pack|statistics|factories|districts|ledger"
FAMILIES += "|light_table|factories_table|districts_table|ledger_table"
IN_SOURCE = re.compile(rf'"((?:{FAMILIES})\.[a-z0-9_]+)"')
IN_DOCS = re.compile(rf"^\| `((?:{FAMILIES})\.[a-z0-9_]+)` \|.*\| (yes|no|only [^|]*) \| [^|]+ \|$", re.MULTILINE)
FILES = re.compile(r"\.(npz|csv|geojson|gpkg|parquet|tif|html|json|py)$")


def _rules():
    bounds = (0.0, 0.0, 1.0, 1.0)
    return [*factory_rules(bounds), *district_rules(), *ledger_rules(), *light_rules(1, ValidateParams())]


def _in_source() -> set[str]:
    packages = ("drift", "validate", "ledger", "region", "sources", "archives", "stages", "store")
    folders = [ROOT / "gvio" / name for name in packages]
    text = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    literal = {name for name in IN_SOURCE.findall(text) if not FILES.search(name)}
    return literal | {rule.name for rule in _rules()}  # some rules' names are composed


def _in_docs() -> dict[str, str]:
    return dict(IN_DOCS.findall((ROOT / "docs" / "checks.md").read_text(encoding="utf-8")))


def test_every_check_is_documented():
    assert sorted(_in_source() - set(_in_docs())) == []


def test_every_documented_check_exists():
    assert sorted(set(_in_docs()) - _in_source()) == []


def test_no_check_is_documented_twice():
    names = [name for name, _ in IN_DOCS.findall((ROOT / "docs" / "checks.md").read_text(encoding="utf-8"))]
    assert sorted(names) == sorted(set(names))


def test_the_tables_severity_is_documented_as_it_is():
    docs = _in_docs()
    assert {r.name: docs[r.name] for r in _rules()} == {r.name: "yes" if r.required else "no" for r in _rules()}


def test_rules_have_distinct_names():
    names = [rule.name for rule in _rules()]
    assert len(names) == len(set(names))


def test_every_documented_check_is_named_by_a_test():
    """A check that no test has seen fail may be one that cannot fail."""
    told = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    composed = {name for name in _in_docs() if name.startswith("light_table.")}  # by test_validate_tables.py, in parts
    assert sorted(name for name in set(_in_docs()) - composed if name not in told) == []
