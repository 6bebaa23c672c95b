"""What makes an artifact is named in one list: it covers what the stage imports, and DVC watches the same files."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from gvio.run.code import CODE, source_of, source_of_release
from gvio.run.order import STAGES
from gvio.source import LIBRARIES, imported_libraries, uncovered

ROOT = Path(__file__).parents[3]
GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
WATCHED = [stage for stage in STAGES if stage in GRAPH]


@pytest.mark.parametrize("stage", STAGES)
def test_the_list_covers_what_the_stage_imports(stage: str) -> None:
    assert uncovered(tuple(f"gvio.{name}" for name in CODE[stage]), f"gvio.stages.{stage}") == ()


@pytest.mark.parametrize("stage", WATCHED)
def test_dvc_watches_the_same_source(stage: str) -> None:
    watched = {dep for dep in GRAPH[stage]["deps"] if dep.startswith("gvio/")}
    listed = {f"gvio/{name.replace('.', '/')}" for name in CODE[stage]}
    assert watched == {name if (ROOT / name).is_dir() else f"{name}.py" for name in listed}
    assert all((ROOT / name).exists() for name in watched)


def test_every_stage_has_a_list_and_its_own_digest() -> None:
    assert set(CODE) == set(STAGES)
    digests = {source_of(stage) for stage in STAGES}
    assert len(digests) == len(STAGES)
    assert source_of_release() not in digests


NO_NUMBERS = {
    "alembic": "the registry's database",
    "boto3": "brings bytes, which are verified",
    "botocore": "brings bytes, which are verified",
    "cloudpickle": "carries tasks to workers, whose bytes stay",
    "dask": "carries tasks to workers, whose bytes stay",
    "distributed": "carries tasks to workers, whose bytes stay",
    "earthaccess": "brings bytes, which are verified",
    "filelock": "locks",
    "great_expectations": "says whether a table passes, and changes no value",
    "babel": "the page in other languages than English",
    "jinja2": "pages",
    "markupsafe": "pages",
    "matplotlib": "pictures",
    "mlflow": "keeps packages, whose bytes are verified",
    "pydantic": "checks types; what it read is in the key itself",
    "pystac": "words of the catalogue",
    "requests": "brings bytes, which are verified",
    "sqlalchemy": "the registry's database",
    "statsmodels": "charts of the page; a judge, whose version is in the key of its answers",
    "statsforecast": "a judge, whose version is in the key of its answers",
    "hierarchicalforecast": "a judge, whose version is in the key of its answers",
    "tempdisagg": "a judge, whose version is in the key of its answers",
    "gpboost": "a judge, whose version is in the key of its answers",
    "tenacity": "tries again",
    "threadpoolctl": "one thread, whatever its version",
    "urllib3": "brings bytes, which are verified",
    "yaml": "reads configuration; what it read is in the key itself",
}


def test_every_library_that_stages_import_is_in_their_digest_or_makes_no_number() -> None:
    used = imported_libraries(*sorted({f"gvio.{name}" for names in CODE.values() for name in names}))
    distributions = packages_distributions()
    counted = {name for name in used if set(distributions.get(name, ())) & set(LIBRARIES)}
    assert used - counted - set(NO_NUMBERS) == set(), "add it to LIBRARIES of gvio/source.py, or say why not"
    assert set(NO_NUMBERS) <= used - counted, "no longer imported, or counted"
    assert {distribution for name in counted for distribution in distributions[name]} == set(LIBRARIES)


def test_an_experiment_ends_with_the_evaluation() -> None:
    assert [stage for stage in GRAPH if stage != "pack"] == WATCHED == list(STAGES[:5])
    assert not {"decide", "map", "publish"} & set(GRAPH), "an experiment registers and publishes nothing"
