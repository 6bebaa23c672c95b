"""What a registry that cannot be opened tells: the driver to install, and no password."""

from __future__ import annotations

import pytest

from gvio.errors import ModelError
from gvio.registry.versions import list_versions


@pytest.mark.parametrize(
    ("scheme", "told"),
    [
        (
            "postgresql",
            r"needs a driver that is not installed \(psycopg2\)\. Install it beside gvio \(for PostgreSQL: pip",
        ),
        ("foo", "unsupported URI 'foo://u:\\*\\*\\*@127.0.0.1:1/db'"),
    ],
)
def test_a_registry_that_cannot_be_opened_is_one_line(scheme: str, told: str) -> None:
    with pytest.raises(ModelError, match=told) as caught:
        list_versions(f"{scheme}://u:secret@127.0.0.1:1/db", "testland")
    assert "secret" not in str(caught.value)
