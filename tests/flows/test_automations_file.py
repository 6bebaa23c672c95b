"""`flows/automations.yaml` says what Prefect's own model accepts; a server keeps it once however often it is given."""

from __future__ import annotations

from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client

from flows.automations import BLOCK, automations, install
from flows.told import Told


def test_every_outcome_that_wants_a_person_has_an_automation() -> None:
    block = uuid4()
    found = {one.name: one for one in automations(str(block))}
    assert set(found) == {f"gvio: {what}" for what in ("refused", "late", "failed", "crashed")}
    for what in ("refused", "late", "failed"):
        assert found[f"gvio: {what}"].trigger.expect == {Told("", ("testland", "2021-03", what)).event}
    assert found["gvio: crashed"].trigger.expect == {"prefect.flow-run.Crashed"}
    for one in found.values():
        (action,) = one.actions
        assert (action.type, action.block_document_id) == ("call-webhook", block)


@pytest.mark.enable_socket
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_given_twice_there_is_one_of_each() -> None:
    assert install("http://127.0.0.1:9/first") == install("http://127.0.0.1:9/second")
    with get_client(sync_client=True) as client:
        names = [one.name for one in client.read_automations() if one.name.startswith("gvio: ")]
        assert sorted(names) == ["gvio: crashed", "gvio: failed", "gvio: late", "gvio: refused"]
        (block,) = [one for one in client.read_block_documents() if one.name == BLOCK]
        assert str(block.data["url"]).endswith("/second")
