"""Tables as other programs meet them: dates, units and meanings in the files, CSV beside them, one dictionary."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from gvio.publish import changes, counts, estimates, evidence, explanations, news, outlines, vintages
from gvio.publish.columns import TABLES, page
from gvio.publish.estimates import estimates_parquet, read_estimates
from gvio.publish.tables import DATES, csv_twin, parquet_bytes
from gvio.types import Month

DICTIONARY = Path(__file__).parents[3] / "docs/data-dictionary.md"
SCHEMAS = {
    "estimates": estimates.SCHEMA,
    "changes": changes.SCHEMA,
    "explanations": explanations.SCHEMA,
    "evidence": evidence.READINGS,
    "figures": evidence.LEDGER,
    "news": news.SCHEMA,
    "counts": counts.SCHEMA,
    "vintages": vintages.SCHEMA,
    "districts": outlines.SCHEMA,
}


@pytest.fixture
def parquet(release_products) -> bytes:
    frame = release_products()["estimates"]
    return estimates_parquet(frame, "CITY", Month(2021, 1), Month(2021, 3), "million CNY")


def test_the_dictionary_has_every_column_of_every_table_and_no_other() -> None:
    assert set(TABLES) == set(SCHEMAS)
    for table, schema in SCHEMAS.items():
        assert [name for name in TABLES[table] if name not in DATES] == schema.names


def test_the_page_of_the_dictionary_is_the_codes() -> None:
    told = "Write it again: everything after the line of dashes is `gvio.publish.columns.page()`."
    assert DICTIONARY.read_text().partition("\n---\n\n")[2] == page(), told


def test_months_are_dates_beside_the_texts(parquet: bytes) -> None:
    table = pq.read_table(io.BytesIO(parquet))
    assert str(table.schema.field("month_start").type) == "date32[day]"
    assert table.schema.names[:-1] == estimates.SCHEMA.names, "what is read by position stays where it was"
    frame = table.to_pandas()
    assert [str(day) for day in frame["month_start"]] == [f"{month}-01" for month in frame["month"]]


def test_a_period_has_its_first_and_last_day() -> None:
    row = {"area_id": "A", "start": "2020-01", "end": "2020-02", "value": 1.0, "kind": "current"}
    frame = pd.DataFrame([row | {"published": pd.Timestamp("2020-03-16").date(), "series": "", "source": ""}])
    table = pq.read_table(io.BytesIO(parquet_bytes(frame, evidence.LEDGER, {}, "figures", "CNY"))).to_pandas()
    assert (str(table["period_start"][0]), str(table["period_end"][0])) == ("2020-01-01", "2020-02-29")


def test_columns_say_what_they_hold_and_in_which_unit(parquet: bytes) -> None:
    schema = pq.read_schema(io.BytesIO(parquet))
    for field in schema:
        assert field.metadata[b"description"].decode() == TABLES["estimates"][field.name].said
    assert schema.field("upper95").metadata[b"unit"] == b"million CNY"
    assert b"unit" not in schema.field("kind").metadata


def test_the_reader_gives_what_was_written_also_of_files_without_dates(parquet: bytes, release_products) -> None:
    wanted = release_products()["estimates"].sort_values(["area_id", "month"], ignore_index=True)
    old = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(parquet)).drop_columns(["month_start"]).replace_schema_metadata({}), old)
    for data in (parquet, old.getvalue()):
        back = read_estimates(data)
        assert list(back.columns) == estimates.SCHEMA.names
        pd.testing.assert_series_equal(back["estimate"], wanted["estimate"])


def test_the_csv_twin_holds_the_same(parquet: bytes) -> None:
    wanted = pq.read_table(io.BytesIO(parquet)).to_pandas()
    twin = csv_twin(parquet)
    assert twin == csv_twin(parquet)
    found = pd.read_csv(io.BytesIO(twin), dtype_backend="numpy_nullable")
    assert list(found.columns) == list(wanted.columns)
    for name in ("estimate", "lower80", "official"):
        pd.testing.assert_series_equal(found[name].astype(float), wanted[name].astype(float))
    assert list(found["month_start"]) == [str(day) for day in wanted["month_start"]]
    assert found["official_published"].isna().sum() == wanted["official_published"].isna().sum()
