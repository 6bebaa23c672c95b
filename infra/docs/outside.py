"""Links that leave the folder of the documentation: on GitHub they work as written, a site names the file instead."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from mkdocs.structure.pages import Page

_LINK = re.compile(r"\[([^\]]*)\]\((\.\./[^)\s]*)\)")
_HERE = "docs"


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """The page's source with the name of every file that is not part of the site; called by mkdocs."""

    def named(found: re.Match[str]) -> str:
        target = found[2].partition("#")[0]
        place = posixpath.normpath(posixpath.join(_HERE, posixpath.dirname(page.file.src_uri), target))
        return found[0] if place.startswith(f"{_HERE}/") else f"{found[1]} (`{place}`)"

    return _LINK.sub(named, markdown)
