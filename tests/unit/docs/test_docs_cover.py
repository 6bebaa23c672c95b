"""The documents name what exists, and everything that exists for users is in a document."""

import re
import tomllib
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from gvio.assimilate.hyper import START
from gvio.cli.main import cli
from gvio.config import Params, RegionConfig
from gvio.errors import GvioError

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "infra/README.md")]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md"))
LARGEST_PICTURE = 50_000
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
FOLDERS = ("gvio", "dashboards", "flows", "docs", "tests", "infra", "benchmarks")
OURS = re.compile(rf"(?:{'|'.join(FOLDERS)})(?:/[\w.-]+)*/?|[\w-]+\.(?:toml|md)|(?:dvc|params)\.yaml|constraints\.txt")
PUBLISHED = {"model-card.md", "terms.md"}  # by a run, not in the repository
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _fields(model: type[BaseModel], prefix: str = "") -> dict[str, object]:
    """Leaf fields by their dotted YAML names, with their defaults."""
    found: dict[str, object] = {}
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        inner = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        found |= {key: field.default} if inner is None else _fields(inner, f"{key}.")
    return found


def _table(document: str) -> dict[str, list[str]]:
    """First column (without backticks) → the other columns, of every table row."""
    rows = [line.strip("| ").split(" | ") for line in _text(document).splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


def test_every_field_of_the_region_pack_is_documented() -> None:
    assert set(_fields(RegionConfig)) - set(_table("docs/region-pack.md")) == set()


def test_every_parameter_is_documented_with_its_default() -> None:
    table = _table("docs/region-pack.md")
    expected = {
        name: ", ".join(f"{v:g}" for v in default)
        if isinstance(default, tuple)
        else str(default).lower()
        if isinstance(default, bool)
        else f"{default:.10g}"
        for name, default in _fields(Params).items()
    }
    assert {name: table.get(name, [""])[0] for name in expected} == expected


def test_no_field_is_documented_that_does_not_exist() -> None:
    known = set(_fields(RegionConfig)) | set(_fields(Params))
    sections = {name.split(".")[0] for name in known if "." in name}
    named = {name for name in _table("docs/region-pack.md") if name.split(".")[0] in sections and "." in name}
    assert len(named) > 25
    assert named - known == set()


def test_the_hyperparameters_are_documented_with_their_centres() -> None:
    table = _table("docs/model.md")
    assert {name: float(table[name][1]) for name in START.as_dict()} == START.as_dict()


def _commands(group: click.Group, prefix: str = "gvio") -> set[str]:
    found: set[str] = set()
    for name, command in group.commands.items():
        path = f"{prefix} {name}"
        found |= _commands(command, path) if isinstance(command, click.Group) else {path}
    return found


def test_the_table_of_commands_is_the_command_line() -> None:
    documented = {name for name in _table("docs/commands.md") if name.startswith("gvio ")}
    assert documented == _commands(cli)


def test_every_flag_that_documents_give_exists() -> None:
    flags = {option for command in _walk(cli) for p in command.params for option in p.opts}
    text = _text("README.md") + _text("docs/commands.md") + _text("docs/region-pack.md")
    used = set(re.findall(r"--[a-z][a-z-]+", text)) - {"--help", "--backend-store-uri"}  # the latter is MLflow's
    assert len(used) > 5
    assert used - flags == set()


def _walk(command: click.Command) -> list[click.Command]:
    inner = list(command.commands.values()) if isinstance(command, click.Group) else []
    return [command, *(found for child in inner for found in _walk(child))]


def _errors(error: type[GvioError]) -> set[type[GvioError]]:
    return {error} | {found for child in error.__subclasses__() for found in _errors(child)}


@pytest.mark.parametrize("document", ["README.md", "docs/commands.md"])
def test_every_exit_code_is_documented(document: str) -> None:
    codes = {str(error.exit_code) for error in _errors(GvioError)}
    assert codes - set(re.findall(r"^\| (\d+) \|", _text(document), re.MULTILINE)) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_link_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    spans = [span for span in IN_BACKTICKS.findall(text) if OURS.fullmatch(span) and span not in PUBLISHED]
    if document.parent.name == "adr":
        spans = []  # decisions also name what was not built
    missing = [span for span in spans if not (ROOT / span).exists() and not (document.parent / span).exists()]
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert missing + [link for link in links if not (document.parent / link).exists()] == []


def test_the_map_of_packages_is_whole() -> None:
    named = set(IN_BACKTICKS.findall(_text("docs/where-to-change.md").split("## Packages")[1]))
    found = {f"gvio/{p.name}" for p in (ROOT / "gvio").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert found - {"gvio/__init__.py"} - named == set()


def test_the_map_of_packages_is_in_the_order_of_the_import_contract() -> None:
    contracts = tomllib.loads(_text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract.get("exhaustive"))
    height = {name.strip(): -i for i, layer in enumerate(layers) for name in layer.split("|")}
    rows = re.findall(r"^\| `gvio/(\w+)", _text("docs/where-to-change.md").split("## Packages")[1], re.MULTILINE)
    assert set(rows) == set(height)
    assert [height[name] for name in rows] == sorted(height[name] for name in rows)


def test_pictures_are_small_and_used() -> None:
    pictures = sorted((ROOT / "docs" / "img").iterdir())
    assert pictures
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    assert [p.name for p in pictures if p.stat().st_size > LARGEST_PICTURE or f"img/{p.name}" not in text] == []


def test_every_decision_is_in_the_index() -> None:
    index = _text("docs/adr/README.md")
    pages = [p.name for p in (ROOT / "docs" / "adr").glob("0*.md")]
    assert len(pages) >= 8
    assert [name for name in pages if f"({name})" not in index] == []


def test_no_text_holds_the_marks_of_a_merge():
    texts = [path for path in ROOT.rglob("*.md") if not {".venv", "build"} & set(path.relative_to(ROOT).parts)]
    assert len(texts) > 15
    torn = [str(path) for path in texts if re.search(r"^(<{7}|>{7}) ", path.read_text(encoding="utf-8"), re.MULTILINE)]
    assert not torn
