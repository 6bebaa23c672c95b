"""Documents that can be read: a short README, no long page, and an index that lists every page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
MOST_WORDS = 4000
MOST_WORDS_OF_README = 900
LINK = re.compile(r"\]\(([^)#\s]+)\)")


def _words(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").split())


def test_the_readme_is_read_in_minutes():
    assert _words(ROOT / "README.md") <= MOST_WORDS_OF_README


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_is_long(page: Path):
    assert _words(page) <= MOST_WORDS


@pytest.mark.parametrize("folder", ["docs", "docs/measurements"])
def test_the_index_lists_every_page_of_its_folder(folder: str):
    listed = LINK.findall((ROOT / folder / "README.md").read_text(encoding="utf-8"))
    pages = {path.name for path in (ROOT / folder).glob("*.md")} - {"README.md"}
    assert len(pages) > 8
    assert pages - set(listed) == set()
