"""Starts the dashboard as a process of its own: what `gvio dashboard` calls."""

from __future__ import annotations

import importlib.util
import signal
import socket
import subprocess
import sys
from pathlib import Path

from gvio.errors import ConfigError
from gvio.words import MANNERS

_APP = Path(__file__).with_name("app.py")
_LOOPBACK = "127.0.0.1"
_FONTS = tuple(font for manner in MANNERS.values() for font in manner.fonts)
"""After Streamlit's own: of languages that it has no glyphs for, also in charts and the pictures saved of them."""


def command(store: str, port: int | None, headless: bool, *, address: str = _LOOPBACK) -> list[str]:
    """The command line that serves the dashboard over `store`. It holds no address of a server: that may hold a
    password, and every user of the machine can read command lines.

    Everything Streamlit could read from a configuration file is passed here, so that the page looks and behaves the
    same from any folder: no usage statistics, no file watcher, the theme that the browser prefers.
    """
    flags = {
        "server.address": address,
        "server.headless": str(headless).lower(),
        "server.fileWatcherType": "none",
        "server.port": None if port is None else str(port),
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "theme.font": ", ".join(["Source Sans", *_FONTS, "sans-serif"]),
        "theme.light.primaryColor": "#7b1f5c",
        "theme.dark.primaryColor": "#d06ab0",
    }
    options = [f"--{name}={value}" for name, value in flags.items() if value is not None]
    return [sys.executable, "-m", "streamlit", "run", str(_APP), *options, "--", "--store", store]


def launch(store: str, port: int | None = None, headless: bool = True, *, address: str = _LOOPBACK) -> int:
    """Serve the dashboard until it is stopped (Ctrl-C or SIGTERM); Streamlit prints the address. Main thread only.

    Args:
        store: Folder, `file://` or `s3://bucket/prefix`; credentials and `AWS_ENDPOINT_URL` come from the environment.
        port: Port to serve on; None takes the first free one from 8501.
        headless: False also opens the browser.
        address: Interface to listen on; `0.0.0.0` shows the page to the network.

    Returns:
        Exit code: 0 when stopped by the user.

    Raises:
        ConfigError: The port is taken, or only what reads releases is installed.
    """
    if importlib.util.find_spec("streamlit") is None:  # or the process that is started would say so, in its own words
        hint = "The page needs all of gvio: `pip install 'gvio[run]'`."
        raise ConfigError("the library 'streamlit' is not installed", hint=hint)
    if port is not None and not _is_free(address, port):
        raise ConfigError(f"port {port} is already in use", hint="Choose another with --port, or leave it out.")
    arguments = command(store, port, headless, address=address)
    with subprocess.Popen(arguments) as process:
        before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # or the page would outlive us
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            code = process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    return 0 if code == -signal.SIGTERM else code


def _is_free(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
