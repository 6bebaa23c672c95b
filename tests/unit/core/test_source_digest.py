"""A kept result must go when the code or a library that made it changes, and only then."""

import ast
from pathlib import Path

import pytest

from gvio.errors import ConfigError
from gvio.source import LIBRARIES, code_digest, digest_source, reachable, source_digest, uncovered

ROOT = Path(__file__).parents[3]
VERSIONS = ("numpy==2.4.0",)


@pytest.fixture
def tree(tmp_path):
    for name, text in {
        "gvio/__init__.py": "",
        "gvio/model/__init__.py": "",
        "gvio/model/deep/__init__.py": "",
        "gvio/model/deep/net.py": "A = 1\n",
        "gvio/model/panel.py": "B = 1\n",
        "gvio/model/templates/page.html": "<p>",
        "gvio/map/__init__.py": "",
        "gvio/map/linear.py": "C = 1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def of(tree, *packages, versions=VERSIONS):
    return digest_source(tree, packages, versions)


@pytest.mark.parametrize("name", ["gvio/model/panel.py", "gvio/model/deep/net.py", "gvio/model/templates/page.html"])
def test_an_edit_of_a_named_package_changes_the_digest(tree, name):
    before = of(tree, "gvio.model")
    (tree / name).write_text("A = 2\n")
    assert of(tree, "gvio.model") != before


def test_an_edit_elsewhere_does_not(tree):
    before = of(tree, "gvio.model"), of(tree, "gvio.model.panel")
    (tree / "gvio/map/linear.py").write_text("C = 2\n")
    assert of(tree, "gvio.model") == before[0]
    (tree / "gvio/model/deep/net.py").write_text("A = 2\n")
    assert of(tree, "gvio.model.panel") == before[1]


def test_a_new_a_renamed_and_a_moved_line_change_the_digest(tree):
    seen = {of(tree, "gvio.model")}
    (tree / "gvio/model/new.py").write_text("")
    seen.add(of(tree, "gvio.model"))
    (tree / "gvio/model/new.py").rename(tree / "gvio/model/other.py")
    seen.add(of(tree, "gvio.model"))
    (tree / "gvio/model/other.py").write_text("B = 1\n")
    (tree / "gvio/model/panel.py").write_text("")
    seen.add(of(tree, "gvio.model"))
    assert len(seen) == 4


def test_another_version_of_a_library_changes_the_digest(tree):
    assert of(tree, "gvio.model") != of(tree, "gvio.model", versions=("numpy==2.5.0",))


def test_order_and_repetition_of_the_names_do_not_matter(tree):
    assert of(tree, "gvio.model", "gvio.map") == of(tree, "gvio.map", "gvio.model", "gvio.map.linear")


def test_the_place_of_the_installation_does_not_matter(tree, tmp_path_factory):
    other = tmp_path_factory.mktemp("elsewhere")
    tree.joinpath("gvio").rename(other / "gvio")
    before = of(other, "gvio.model")
    other.joinpath("gvio").rename(tree / "gvio")
    assert of(tree, "gvio.model") == before


def test_an_unknown_package_is_refused(tree):
    with pytest.raises(ConfigError, match=r"there is no module gvio\.modle.*Correct the list of packages"):
        of(tree, "gvio.modle")


def test_our_own_source_has_a_digest_of_sixteen_digits():
    assert len(source_digest("gvio.types")) == 16
    assert int(source_digest("gvio.types"), 16) >= 0
    assert source_digest("gvio.types") != source_digest("gvio.errors")
    assert {"numpy", "scipy", "torch", "scikit-learn"} <= set(LIBRARIES)


def test_imports_are_followed_to_their_end():
    assert reachable("gvio.grid.align") == {"gvio.grid.align", "gvio.errors"}
    assert "gvio.sample.anomaly" in reachable("gvio.train.package"), "by way of gvio.train.fit and gvio.model.panel"


def test_imports_inside_functions_count_and_those_of_type_checkers_do_not(tree):
    lines = (
        "import numpy",
        "from typing import TYPE_CHECKING",
        "if TYPE_CHECKING:",
        "    from gvio.model.panel import B",
        "else:",
        "    import gvio.map.linear",
        "def f():",
        "    from gvio.model.deep import net",
    )
    (tree / "gvio/map/asks.py").write_text("\n".join(lines))
    expected = {"gvio.map.asks", "gvio.map.linear", "gvio.model.deep", "gvio.model.deep.net"}
    assert reachable("gvio.map.asks", tree) == expected


def test_what_a_list_of_packages_misses_is_named():
    assert uncovered(("gvio.grid", "gvio.types", "gvio.errors"), "gvio.grid.align") == ()
    assert uncovered(("gvio.grid",), "gvio.grid.align", "gvio.progress") == (
        "gvio.errors",
        "gvio.progress",
        "gvio.types",
    )


def test_imports_are_absolute_so_that_the_closure_is_whole():
    for path in (ROOT / "gvio").rglob("*.py"):
        relative = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom) and n.level]
        assert not relative, path


def test_code_is_a_module_and_what_it_imports_but_not_what_lies_beside_it():
    assert code_digest("gvio.grid.align") == source_digest("gvio.errors", "gvio.grid.align")
    assert code_digest("gvio.grid.align") != source_digest("gvio.errors", "gvio.grid")
    assert code_digest("gvio.errors", "gvio.grid.align") == code_digest("gvio.grid.align")
