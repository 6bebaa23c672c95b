"""A store and a registry that an older version wrote still open, and the next month continues them.

`older/` was made with the code of 0.2.0 (`e9e1475`) by `older/make_store.py`: two releases without history,
vintages, evidence, drift or models, and a registry whose versions name no configuration.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from badland import PARAMS, Region, call
from streamlit.testing.v1 import AppTest

from gvio.store.objects import open_store
from gvio.store.published import list_releases, read_release
from gvio.store.revisions import read_revisions
from gvio.types import Month

OLDER = Path(__file__).parent / "older"
NEXT, AS_OF = Month(2020, 12), "2021-01-20"
pytestmark = pytest.mark.usefixtures("quiet_process")


@pytest.fixture
def older(tmp_path: Path) -> Region:
    """The older region, free to be continued."""
    for part in OLDER.glob("*.tar.xz"):
        with tarfile.open(part) as archive:
            archive.extractall(tmp_path, filter="data")
    (tmp_path / "params.yaml").write_text(PARAMS)
    return Region(tmp_path)


def page(store: str) -> None:
    from dashboards.app import main

    main(["--store", store])


def test_an_older_store_and_registry_open_as_they_are(older: Region) -> None:
    before = older.published()
    (entry,) = call("status", "--store", older.store, "--json").document
    assert (entry["month"], entry["look"]) == ("2020-11", None)
    assert call("verify", "--store", older.store).code == 0
    history = older.registry("history", "--json").document
    assert [one["version"] for one in history] == [1, 2]
    app = AppTest.from_function(page, kwargs={"store": str(older.store)}, default_timeout=60)
    app.run()
    assert not app.exception
    assert older.published() == before, "nobody who reads writes"


def test_the_next_month_continues_an_older_store_with_a_model_of_its_own(older: Region) -> None:
    """The champion of an older version learned from figures: it is passed over and named, and a new one is trained."""
    first, second = list_releases(open_store(str(older.store)), "olden")
    before = older.published()
    report = older.run("run", "--json", month=NEXT, as_of=AS_OF).document
    assert (report["outcome"], report["release"][:7]) == ("published", str(NEXT))
    (training,) = [line["facts"] for line in report["stages"] if line["stage"] == "train"]
    assert training["reason"] == "retrain: no usable champion", "another network's weights are not read"
    after = older.published()
    assert {name for name in before if after.get(name) != before[name]} <= {
        f"olden/{name}" for name in ("latest.json", "catalog.json", "collection.json")
    }
    store = open_store(str(older.store))
    release = read_release(store, "olden")
    assert release.manifest.inputs["predecessor"] == second
    vintages = read_revisions(store, release.manifest).vintages
    assert vintages is not None
    assert set(vintages["release"].dropna()) == {first, second, release.manifest.release}, (
        "begun from the older estimates"
    )
    moves = [json.loads(path.read_text()) for path in sorted((older.store / "olden" / "history").iterdir())]
    assert [(move["decision"], move["release"]) for move in moves] == [
        ("found", second),
        ("published", release.manifest.release),
    ]
    assert call("verify", "--store", older.store).code == 0
    assert older.run("run", "--json", month=NEXT, as_of=AS_OF).document["outcome"] == "unchanged"
    assert older.published() == after
