"""The version of the running code: of git where the package lies in its checkout, of the metadata elsewhere."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.version import Version

from gvio import version
from gvio.cli.main import cli

ROOT = Path(__file__).parents[3]
WHO = (
    "-c",
    "user.name=Test",
    "-c",
    "user.email=test@example.org",
    "-c",
    "init.defaultBranch=main",
    "-c",
    "safe.directory=*",
)
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is absent")


def git(folder: Path, *words: str) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ["git", *WHO, *words], cwd=folder, env=clean, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "code.py").write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", text)
    return "g" + git(folder, "rev-parse", "HEAD")[:9]


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "pyproject.toml").write_text('[project]\nname = "gvio"\n')
    commit(folder, "one")
    return folder


def test_a_tagged_commit_is_its_release(checkout):
    git(checkout, "tag", "v0.2.0")
    assert version.version_of_checkout(checkout) == "0.2.0"


def test_a_commit_after_the_tag_sorts_between_the_tag_and_the_next_release(checkout):
    git(checkout, "tag", "v0.2.9")
    commit(checkout, "two")
    node = commit(checkout, "three")
    told = version.version_of_checkout(checkout)
    assert told == f"0.2.10.dev2+{node}"
    assert Version("0.2.9") < Version(told) < Version("0.2.10")


def test_a_release_candidate_counts_towards_the_next_one(checkout):
    git(checkout, "tag", "v0.3.0rc1")
    node = commit(checkout, "two")
    assert version.version_of_checkout(checkout) == f"0.3.0rc2.dev1+{node}"


def test_changed_files_are_told_and_new_ones_are_not(checkout):
    git(checkout, "tag", "v0.2.0")
    node = "g" + git(checkout, "rev-parse", "HEAD")[:9]
    (checkout / "notes.txt").write_text("of nobody's business")
    assert version.version_of_checkout(checkout) == "0.2.0"
    (checkout / "code.py").write_text("changed")
    told = version.version_of_checkout(checkout)
    assert told == f"0.2.1.dev0+{node}.dirty"
    assert str(Version(told)) == told, "PEP 440 as it stands"


@pytest.mark.parametrize("tag", ["data-2020", "vintage", "release/1.0"])
def test_other_peoples_tags_are_no_versions(checkout, tag):
    git(checkout, "tag", "v0.2.0")
    node = commit(checkout, "two")
    git(checkout, "tag", tag)
    assert version.version_of_checkout(checkout) == f"0.2.1.dev1+{node}"


def test_without_any_tag_the_commits_are_counted(checkout):
    node = commit(checkout, "two")
    assert version.version_of_checkout(checkout) == f"0.0.1.dev2+{node}"
    (checkout / "code.py").write_text("changed")
    assert version.version_of_checkout(checkout) == f"0.0.1.dev2+{node}.dirty"


def test_a_shallow_clone_without_tags_still_names_its_commit(checkout, tmp_path):
    git(checkout, "tag", "v0.2.0")
    commit(checkout, "two")
    node = commit(checkout, "three")
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--no-tags", checkout.as_uri(), "shallow")
    assert version.version_of_checkout(tmp_path / "shallow") == f"0.0.1.dev1+{node}"


def test_a_linked_worktree_has_its_own_commit(checkout, tmp_path):
    git(checkout, "tag", "v0.2.0")
    git(checkout, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    node = commit(tmp_path / "linked", "elsewhere")
    assert version.version_of_checkout(tmp_path / "linked") == f"0.2.1.dev1+{node}"
    assert version.version_of_checkout(checkout) == "0.2.0"


def test_a_hook_of_another_repository_does_not_lend_its_version(checkout, tmp_path, monkeypatch):
    git(checkout, "tag", "v0.2.0")
    git(tmp_path, "init", "--quiet", "another")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "another" / "index"))
    assert version.version_of_checkout(checkout) == "0.2.0"


@pytest.mark.parametrize("pyproject", [None, '[project]\nname = "theirs"\n', b"\xff\xfe"])
def test_a_checkout_of_another_project_is_not_ours(checkout, pyproject):
    git(checkout, "tag", "v9.9.9")
    (checkout / "pyproject.toml").unlink()
    if pyproject is not None:
        (checkout / "pyproject.toml").write_bytes(pyproject if isinstance(pyproject, bytes) else pyproject.encode())
    assert version.version_of_checkout(checkout) is None


def test_a_repository_without_a_commit_or_with_a_broken_folder_tells_nothing(tmp_path):
    (tmp_path / "pyproject.toml").write_text('name = "gvio"')
    git(tmp_path, "init", "--quiet")
    assert version.version_of_checkout(tmp_path) is None
    shutil.rmtree(tmp_path / ".git")
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    assert version.version_of_checkout(tmp_path) is None


def test_without_git_the_installed_version_is_told(monkeypatch):
    monkeypatch.setattr(version.shutil, "which", lambda name: None)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"1.2.3+of.{name}")
    version.code_version.cache_clear()
    try:
        assert version.code_version() == "1.2.3+of.gvio"
        monkeypatch.setattr(importlib.metadata, "version", _not_installed)
        version.code_version.cache_clear()
        assert version.code_version() == "0.0.0"
    finally:
        version.code_version.cache_clear()


def _not_installed(name: str) -> str:
    raise importlib.metadata.PackageNotFoundError(name)


def test_the_process_keeps_one_version():
    told = version.code_version()
    assert str(Version(told)) == told
    assert version.code_version() is told
    if (ROOT / ".git").exists():
        assert git(ROOT, "rev-parse", "HEAD")[:9] in told or "+" not in told


def test_built_packages_take_their_version_from_git_too():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert any(line.startswith("setuptools-scm") for line in project["build-system"]["requires"])
    assert project["tool"]["setuptools_scm"]["fallback_version"] == version.UNKNOWN


def test_packages_of_a_clean_commit_say_what_the_checkout_says(checkout):
    shutil.copy(ROOT / "pyproject.toml", checkout)
    for act in (lambda: None, lambda: git(checkout, "tag", "v0.2.0"), lambda: commit(checkout, "after")):
        commit(checkout, str(act))
        act()
        built = subprocess.run([sys.executable, "-m", "setuptools_scm"], cwd=checkout, capture_output=True, check=True)
        assert built.stdout.decode().strip() == version.version_of_checkout(checkout)


def test_the_command_line_tells_the_version():
    done = CliRunner().invoke(cli, ["--version"])
    assert done.exit_code == 0
    assert done.output == f"gvio, version {version.code_version()}\n"
