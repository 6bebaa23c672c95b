import datetime as dt

import pytest

from gvio.errors import LedgerError, PackError
from gvio.region.pack import read_pack
from gvio.types import Month


def test_rows_keep_their_line_and_types(pack_dir):
    rows = read_pack(pack_dir).ledger.rows
    assert rows.index.tolist() == [2, 3]
    first = rows.loc[2]
    assert (first["area_id"], first["value"], first["kind"], first["source"]) == ("CITY", 40.5, "current", "bulletin")
    assert (first["start"], first["end"]) == (Month(2020, 1).ordinal, Month(2020, 2).ordinal)
    assert first["published"] == dt.date(2020, 3, 17)
    assert rows["value"].dtype == "float64"


def test_rows_of_another_series_are_left_out_and_rows_without_one_are_kept(pack_dir):
    assert read_pack(pack_dir).ledger.rows["series"].tolist() == ["main", ""]


def test_without_a_configured_series_every_row_counts(pack_dir, rewrite):
    rewrite("region.yaml", ", series: main", "")
    assert len(read_pack(pack_dir).ledger) == 3


def test_series_and_source_may_be_absent(pack_dir):
    (pack_dir / "statistics.csv").write_text(
        "area_id,start,end,value,kind,published\nCITY,2020-01,2020-02,40.5,current,2020-03-17\n"
    )
    assert read_pack(pack_dir).ledger.rows[["series", "source"]].to_numpy().tolist() == [["", ""]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("W,2020", "X,2020", r"statistics\.csv, line 3: area_id 'X' is neither a district nor the city 'CITY'"),
        ("CITY,2020", "City,2020", r"line 2: area_id 'City' is neither .*the nearest is"),
        ("2020-01,2020-02", "Jan-20,2020-02", r"line 2: start 'Jan-20' cannot be read\. Write months as YYYY-MM"),
        ("2020-01,2020-02", "2020-01,2020-13", r"line 2: end '2020-13' cannot be read"),
        ("40.5", "1 040.5", r"line 2: value '1 040\.5' cannot be read\. Write numbers plainly"),
        ("40.5", "1_040", r"line 2: value '1_040' cannot be read\. Write numbers plainly"),
        ("40.5", "", r"line 2: value '' cannot be read\. Leave unknown figures out"),
        ("40.5", "nan", r"line 2: value nan is not a positive number"),
        ("40.5", "inf", r"line 2: value inf is not a positive number"),
        ("40.5", "0", r"line 2: value 0 is not a positive number"),
        ("40.5", "-40.5", r"line 2: value -40.5 is not a positive number.*enter sums, not growth rates"),
        ("cumulative", "ytd", r"line 3: kind 'ytd' cannot be read\. Use current or cumulative"),
        ("2020-03-17", "17.3.2020", r"line 2: published '17\.3\.2020' cannot be read\. Write days as YYYY-MM-DD"),
        ("2020-01,2020-02", "2020-02,2020-01", r"line 2: the period ends before it starts"),
        ("2020-01,2020-02", "2019-01,2020-01", r"line 2: the period is longer than a year\. Correct its months"),
        ("2020-03-17", "2020-02-28", r"line 2: published on 2020-02-28, before the period was over"),
        ("2020-03-17", "2202-03-17", r"line 2: published on 2202-03-17, decades after the period\. Correct the year"),
        ("W,2020-01", "W,2020-02", r"line 3: kind is cumulative, but the period does not start in January\. Write"),
        ("W,2020-01", "W,2020-03", r"line 3: kind is cumulative, but the period does not start in January\. Write"),
    ],
)
def test_impossible_rows_are_refused_by_line(pack_dir, rewrite, old, new, message):
    rewrite("statistics.csv", old, new)
    with pytest.raises(LedgerError, match=message):
        read_pack(pack_dir)


def test_a_missing_column_is_refused(pack_dir, rewrite):
    rewrite("statistics.csv", "published", "publishd")
    with pytest.raises(PackError, match=r"statistics\.csv: no column 'published'; the nearest is 'publishd'"):
        read_pack(pack_dir)


def test_a_file_in_another_encoding_is_refused(pack_dir):
    (pack_dir / "statistics.csv").write_bytes("area_id,start\nZürich,2020".encode("cp1252"))
    with pytest.raises(PackError, match="not in UTF-8, and its encoding cannot be told"):
        read_pack(pack_dir)


def test_an_empty_file_is_refused(pack_dir):
    (pack_dir / "statistics.csv").write_text("")
    with pytest.raises(PackError, match="not a CSV table"):
        read_pack(pack_dir)


def test_a_configured_series_that_no_row_has_is_refused_with_those_there_are(pack_dir, rewrite):
    rewrite("region.yaml", "series: main", "series: mian")
    text = (pack_dir / "statistics.csv").read_text().replace("2020-04-17,,", "2020-04-17,main,")
    (pack_dir / "statistics.csv").write_text(text)
    with pytest.raises(LedgerError, match=r"no row has the series 'mian'; the file has 'main', 'other'\. Correct"):
        read_pack(pack_dir)
    rewrite("region.yaml", "series: mian", "series: main")
    assert len(read_pack(pack_dir).ledger) == 2


@pytest.mark.parametrize(("unit", "fits"), [("100 million CNY", True), ("10 thousand CNY", False)])
def test_a_column_of_units_says_the_packs(pack_dir, unit, fits):
    path = pack_dir / "statistics.csv"
    path.write_text(f"area_id,start,end,value,kind,published,unit\nCITY,2020-03,2020-03,9,current,2020-04-17,{unit}\n")
    if fits:
        assert len(read_pack(pack_dir).ledger) == 1
    else:
        with pytest.raises(LedgerError, match=r"line 2: unit '10 thousand CNY' is not the pack's, '100 million CNY'"):
            read_pack(pack_dir)


def test_rows_of_a_spreadsheet_are_read_as_what_they_can_only_be(pack_dir):
    head = "area_id,start,end,value,kind,published\r\n"
    (pack_dir / "statistics.csv").write_bytes(
        (head + '"W","2020/1","202003","１２．５","Cumulative","2020/4/17"\r\n').encode("utf-8-sig")
    )
    row = read_pack(pack_dir).ledger.rows.loc[2]
    assert (row["start"], row["end"]) == (Month(2020, 1).ordinal, Month(2020, 3).ordinal)
    assert (row["value"], row["kind"], row["published"]) == (12.5, "cumulative", dt.date(2020, 4, 17))
