"""JSON documents as frozen values: read without surprises, written as they were read.

A key that a document lacks is None (or empty) when it is read and stays absent when it is written: pydantic knows which
fields were set. Keys that this version does not know are left out.
"""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, StrictFloat, ValidationError

from gvio.errors import GvioError, StoreError

Document = dict[str, JsonValue]
"""A JSON object on its way into a file."""

_DAMAGED = "The store was edited or damaged: publish the month again, or restore the object."


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


Score = Annotated[StrictFloat | None, AfterValidator(_finite)]
"""A finite number, or None where it could not be computed; text and booleans are refused."""


class Part(BaseModel):
    """A document or a part of one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def document(self) -> Document:
        """As JSON values: the keys that were set, None for scores without a value."""
        return self.model_dump(mode="json", exclude_unset=True)

    @classmethod
    def parse(cls, data: bytes | str, where: str, error: type[GvioError] = StoreError, hint: str = _DAMAGED) -> Self:
        """Read the document.

        Args:
            data: JSON.
            where: The file or object, for the message.
            error: What to raise.
            hint: The next action of the reader, where the document is damaged.

        Raises:
            StoreError: (or `error`) It is not JSON, or a key holds what it must not.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as fault:
            what = f"cannot be read as a {cls.__name__.lower()}: {first_fault(fault)}"
            raise error(what, where=where, hint=hint) from None


def first_fault(error: ValidationError) -> str:
    """The first of pydantic's complaints in one line: the key and what is wrong with it."""
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    return f"{key}: {first['msg']}" if key else first["msg"]
