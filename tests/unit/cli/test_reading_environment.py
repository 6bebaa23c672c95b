"""Where only what reads releases is installed, a command that needs more says so in one line."""

from __future__ import annotations

import importlib.util

import pytest

from dashboards.launch import launch
from gvio.errors import ConfigError


def test_the_page_names_what_is_absent_and_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"'streamlit' is not installed\. .*pip install 'gvio\[run\]'"):
        launch("store")
