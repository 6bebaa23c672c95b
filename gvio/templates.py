"""How pages are made of templates: every value is escaped, and one that is not given is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined

Callables: TypeAlias = Mapping[str, Callable[..., object]]


def page_templates(package: str, filters: Callables, functions: Callables = MappingProxyType({})) -> Environment:
    """The templates of `<package>/templates`, with filters and functions of their own."""
    pages = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= filters
    pages.globals |= functions
    return pages
