"""Lets Prefect call a webhook for runs that end refused, late, failed or crashed: `python -m flows.automations`.

Asks for `PREFECT_API_URL`, the server, and `GVIO_NOTIFY`, the webhook's address, which is a secret and therefore on no
command line. Done again, it updates what is there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import yaml
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import get_client
from prefect.events.schemas.automations import AutomationCore

FILE = Path(__file__).with_name("automations.yaml")
BLOCK = "gvio-notify"
_PLACE = "WEBHOOK"


def main() -> int:
    """Make webhook and automations; what was made, a line each."""
    given = {name: os.environ.get(name) for name in ("PREFECT_API_URL", "GVIO_NOTIFY")}  # noqa: TID251
    absent = [name for name, value in given.items() if not value]
    if absent:
        sys.stderr.write(f"{absent[0]} is not set: export it and run this again\n")
        return 2
    for name in install(str(given["GVIO_NOTIFY"])):
        sys.stdout.write(f"{name}\n")
    return 0


def install(address: str) -> list[str]:
    """Create or update the webhook and every automation of the file; their names."""
    block: Any = Webhook(method="POST", url=address, headers={"Content-Type": "application/json"})  # type: ignore[arg-type]
    number = str(block.save(BLOCK, overwrite=True, _sync=True))
    wanted = automations(number)
    with get_client(sync_client=True) as client:
        there = {one.name: one.id for one in client.read_automations()}
        for one in wanted:
            if one.name in there:
                client.update_automation(there[one.name], one)
            else:
                client.create_automation(one)
    return [one.name for one in wanted]


def automations(block: str) -> list[AutomationCore]:
    """The automations of the file, calling the webhook block of this id."""
    text = FILE.read_text(encoding="utf-8").replace(f"block_document_id: {_PLACE}", f"block_document_id: {block}")
    return [AutomationCore.model_validate(one) for one in yaml.safe_load(text)["automations"]]


if __name__ == "__main__":
    sys.exit(main())
