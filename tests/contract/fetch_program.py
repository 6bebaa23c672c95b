"""Fetches files as an archive does, in a process of its own that can be killed: URL FOLDER NAME SIZE NAME SIZE …"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import requests

from gvio.archives.archive import RemoteFile
from gvio.archives.download import download
from gvio.archives.transfer import fetch_all
from gvio.sources.vnp46a3_names import recognise


def main(url: str, folder: str, *listed: str) -> None:
    files = []
    for name, size in zip(listed[::2], listed[1::2], strict=True):
        known = recognise(name)
        if known is None:
            raise SystemExit(f"no product file: {name}")
        files.append(RemoteFile(name, known.month, f"{url}/{name}", int(size)))
    with requests.Session() as session:
        get = partial(_get, session)
        fetch_all(files, lambda remote, into, stop: download(get, remote, into, "HDF5", stop=stop), Path(folder))


def _get(session: requests.Session, url: str, headers: dict[str, str]) -> requests.Response:
    return session.get(url, headers=headers, stream=True, timeout=(10, 60))


if __name__ == "__main__":
    main(*sys.argv[1:])
