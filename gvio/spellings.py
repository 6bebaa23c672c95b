"""One spelling of the names that a pack gives: coordinate systems, encodings of text."""

from __future__ import annotations

import codecs
import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def _named_crs(value: str) -> str:
    """One spelling of the systems that have a short name; what the others mean is asked where they are used."""
    text = value.strip()
    if text.lower() in {"wgs84", "gcj02", "bd09"}:
        return text.lower()
    if re.fullmatch(r"EPSG:\d+|(?!EPSG:)[A-Z]+:\w+", text, re.IGNORECASE):
        return text.upper()  # an authority's code, EPSG:32651 or ESRI:102025
    if "[" in text or text.startswith(("{", "+", "urn:")):
        return text  # WKT, PROJJSON, a PROJ string or a URN
    raise ValueError(f"unknown coordinate system {value!r}; use wgs84, gcj02, bd09 or EPSG:<code>, or WKT")


def _python_codec(value: str) -> str:
    try:
        return codecs.lookup(value.strip()).name
    except LookupError:
        raise ValueError(f"unknown encoding {value!r}; use utf-8, gb18030, cp1252 or another name of Python") from None


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Crs = Annotated[str, AfterValidator(_named_crs)]
Encoding = Annotated[str, AfterValidator(_python_codec)]
