"""What a replay is asked, as one frozen value."""

from __future__ import annotations

from pydantic import ValidationError

from gvio.errors import ConfigError
from gvio.run.request import MonthText
from gvio.sections import Frozen


class ReplayRequest(Frozen):
    """What a replay is asked. Its registry is always the one in its workspace: a replay must not touch a true one."""

    pack: str
    store: str
    workspace: str
    first: MonthText
    last: MonthText
    calendar: str | None = None
    params_file: str | None = None
    endpoint_url: str | None = None


def make_replay_request(**given: str | None) -> ReplayRequest:
    """A request from texts, as flags have them.

    Raises:
        ConfigError: A month is not valid; the flag is named.
    """
    try:
        return ReplayRequest.model_validate(given)
    except ValidationError as error:
        item = error.errors()[0]
        flag = {"first": "--from", "last": "--to"}.get(str(item["loc"][0]), "replay")
        what = f"month {item['input']!r} is not valid; write it as YYYY-MM"
        raise ConfigError(what, where=flag, hint="See `gvio replay --help`.") from None
