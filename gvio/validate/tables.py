"""The one doorway to Great Expectations: evaluates the rules of `suites` on tables, in memory, and writes Data Docs.

Great Expectations is one producer of `CheckResult`s, not their owner: severity travels in each expectation's `meta`
and the gate decides. Nothing leaves the machine: this version has no usage statistics any more, the configuration
refuses them all the same (`analytics_enabled=False`) for versions that have, and the context id, which Data Docs
append to the addresses of their remote logo and styles, is a constant of zeros. No environment variable is needed.
"""

from __future__ import annotations

import html
import re
import shutil
import uuid
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gvio.config import INVENTED
from gvio.types import CheckResult
from gvio.validate.frames import Table
from gvio.validate.suites import Rule
from gvio.validate.verdicts import name_some, verdict

with warnings.catch_warnings():
    # Importing it touches `sre_constants`, deprecated in the standard library; our own warnings stay errors.
    warnings.simplefilter("ignore", DeprecationWarning)
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

_NO_ID = uuid.UUID(int=0)
_SHOWN = 5


def check_tables(
    tables: Sequence[Table], folder: Path, invented: bool = False, *, documented: bool = True
) -> list[CheckResult]:
    """Evaluate every rule of every table and write the run's Data Docs.

    Args:
        tables: Tables with their rules, from `frames`.
        folder: The run's folder; Data Docs of an earlier run under `folder/data-docs` are replaced.
        invented: The data are simulated, which every page of the Data Docs says first.
        documented: Whether Data Docs are written; they take half of the time.

    Returns:
        One result per rule, in the order of tables and rules. `folder/data-docs/index.html` is written.
    """
    docs = folder / "data-docs"
    shutil.rmtree(docs, ignore_errors=True)
    context = _open_context(docs)
    results = [result for table in tables for result in _check_table(context, table)]
    if documented:
        context.build_data_docs()
    if documented and invented:
        _mark_invented(docs)
    return results


def _mark_invented(docs: Path) -> None:
    """A line at the head of every page; Great Expectations has no place for one that all its pages show."""
    line = f"<p style='margin:0;padding:.5rem 1rem;color:#b42318;font-weight:bold'>{html.escape(INVENTED)}</p>"
    for page in docs.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r"<body[^>]*>", lambda found: found[0] + line, text, count=1), encoding="utf-8")


def _open_context(docs: Path) -> Any:
    """A context in memory whose only file output is the Data Docs site at `docs`."""
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs.resolve())},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_context_id=_NO_ID,
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        data_docs_sites={"gvio": site},
    )
    return gx.get_context(project_config=config, mode="ephemeral")


def _check_table(context: Any, table: Table) -> list[CheckResult]:
    asset = context.data_sources.add_pandas(table.name).add_dataframe_asset(table.name)
    batch = asset.add_batch_definition_whole_dataframe("all rows")
    suite = context.suites.add(gx.ExpectationSuite(name=table.name, expectations=[_expect(r) for r in table.rules]))
    definition = gx.ValidationDefinition(name=table.name, data=batch, suite=suite)
    outcome = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": table.frame},
        result_format={
            "result_format": "SUMMARY",
            "unexpected_index_column_names": [k for k in table.key if k in table.frame],
            "partial_unexpected_count": _SHOWN,
        },
    )
    # Great Expectations returns failed evaluations first; the order of the suite is the order of importance.
    found = {r.expectation_config.meta["check"]: r.to_json_dict() for r in outcome.results}
    return [_translate(rule, table, found[rule.name]) for rule in table.rules]


def _expect(rule: Rule) -> Any:
    """The expectation object of a rule; its name and severity travel in `meta`."""
    meta = {"check": rule.name, "required": rule.required}
    severity = "critical" if rule.required else "warning"
    expectation = getattr(gxe, rule.expectation)
    return expectation(**rule.options, meta=meta, severity=severity, notes=[rule.what, rule.hint])


def _translate(rule: Rule, table: Table, outcome: Mapping[str, Any]) -> CheckResult:
    result = outcome["result"] or {}
    meta = outcome["expectation_config"]["meta"]
    return verdict(
        rule.name,
        outcome["success"] is True,
        required=bool(meta["required"]),
        subject=table.name,
        expected=rule.what,
        found=_describe(rule, table, result),
        hint=rule.hint,
        observed={
            "rows": len(table.frame),
            "unexpected": result.get("unexpected_count"),
            "value": result.get("observed_value"),
        },
    )


def _describe(rule: Rule, table: Table, result: Mapping[str, Any]) -> str:
    """What was found, in words: the observed value, or how many rows offend and the first of them by name."""
    rows = len(table.frame)
    if "observed_value" in result:
        return f"{_plain(result['observed_value'])} ({rows} rows)"
    if "unexpected_count" not in result:
        absent = [c for c in _columns(rule) if c not in table.frame]
        return f"no column {name_some(absent)}" if absent else "an expectation that could not be evaluated"
    count = int(result["unexpected_count"])
    if not count:
        return f"all {rows} rows"
    names = dict.fromkeys(_name_row(row, table.key) for row in result.get("partial_unexpected_index_list") or ())
    return f"{count} of {rows} rows otherwise, first {name_some(names)}{_first_value(result)}"


def _columns(rule: Rule) -> list[str]:
    options = rule.options
    named = [options[k] for k in ("column", "column_A", "column_B") if k in options]
    return [*named, *options.get("column_list", ())]


def _name_row(row: Mapping[str, Any], key: Sequence[str]) -> str:
    return " ".join(str(row.get(k)) for k in key)


def _first_value(result: Mapping[str, Any]) -> str:
    values = result.get("partial_unexpected_list") or [None]
    return "" if values[0] is None or isinstance(values[0], dict) else f" ({_plain(values[0])})"


def _plain(value: Any) -> str:
    """A value of Great Expectations as people write it."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping) and "values" in value:
        return ", ".join(_plain(v) for v in value["values"])
    if isinstance(value, (list, tuple)):
        return " and ".join(_plain(v) for v in value)
    return str(value)
