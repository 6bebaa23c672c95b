"""How pages are made of templates: every value is escaped, and one that is not given is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from gvio.words import tr


def page_templates(package: str, filters: Mapping[str, Callable[..., object]]) -> Environment:
    """The templates of `<package>/templates`, with filters of their own; `tr` is that of `gvio.words`."""
    pages = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= filters
    pages.globals["tr"] = tr
    return pages
