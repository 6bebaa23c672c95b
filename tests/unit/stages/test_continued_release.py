"""A release is not published when readers have another one by now than it continues: it would be lost to vintages."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gvio.errors import ConflictError
from gvio.publish.knowledge import Knowledge
from gvio.stages.publish import _require_continued
from gvio.store.local import LocalStore
from gvio.store.writing import write_release
from gvio.types import Month


def mapped(predecessor: str | None) -> Any:
    inputs = SimpleNamespace(input_key="ours", figures_public_until="2021-03-18", predecessor=predecessor)
    model = SimpleNamespace(weights_sha256="ours", config_sha256="ours")
    return SimpleNamespace(head=SimpleNamespace(month="2021-03", as_of="2021-04-20", inputs=inputs, model=model))


def test_what_was_published_meanwhile_is_continued_by_another_run(tmp_path: Path, make_release: Any) -> None:
    store = LocalStore(tmp_path / "store")
    request = SimpleNamespace(supersede=None)
    context: Any = SimpleNamespace(store=store, region="testland", request=request)
    _require_continued(context, mapped(None))
    other = make_release("2021-02", knowledge=Knowledge(Month(2021, 2), "2021-02-18", "2021-03-20"))
    write_release(store, "testland", other)
    _require_continued(context, mapped(other.id))
    with pytest.raises(
        ConflictError, match=rf"{other.id}, not None: it was published since the map was made"
    ) as caught:
        _require_continued(context, mapped(None))
    assert caught.value.retryable, "the run begins again"
