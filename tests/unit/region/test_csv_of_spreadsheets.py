"""Tables as spreadsheet programs write them: read where they are unambiguous, otherwise refused with what to do."""

import pytest

from gvio.errors import PackError
from gvio.region.files import PackFile
from gvio.region.pack import read_pack
from gvio.region.tables import read_text_table

PLAIN = "factory_id,lon,lat,category\nF0,121.05,31.05,a b\nF1,121.15,31.15,\n"


def table_of(tmp_path, text, encoding="utf-8"):
    (tmp_path / "f.csv").write_bytes(text.encode(encoding))
    return read_text_table(PackFile(tmp_path / "f.csv"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (PLAIN, "utf-8-sig"),
        (PLAIN.replace(",", ";"), "utf-8"),
        (PLAIN.replace(",", "\t"), "utf-16"),  # Excel's "Unicode text"
        (PLAIN.replace("\n", "\r\n"), "utf-8"),
        (PLAIN.replace("\n", "\r"), "utf-8"),
        (PLAIN.replace("\n", ",,,\n"), "utf-8"),
        (PLAIN + ",,,\n\n,,,\n", "utf-8"),
        ("\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.split("\n")), "utf-8"),
        (PLAIN.replace("F1,121.15,31.15,\n", "F1,121.15,31.15\n"), "utf-8"),
        (PLAIN.replace(",", " , "), "utf-8"),
        (PLAIN.rstrip("\n"), "utf-8"),
    ],
    ids=["mark", "semicolons", "tabs", "crlf", "cr", "empty columns", "empty rows", "quotes", "short", "spaces", "end"],
)
def test_the_same_table_in_many_dialects(tmp_path, text, encoding):
    table = table_of(tmp_path, text, encoding)
    assert table.columns.tolist() == ["factory_id", "lon", "lat", "category"]
    assert table.to_numpy().tolist() == [["F0", "121.05", "31.05", "a b"], ["F1", "121.15", "31.15", ""]]


def test_a_stated_separator_counts_and_lines_keep_their_numbers(tmp_path):
    table = table_of(tmp_path, "sep=;\nfactory_id;note\n\nF0;a,b\n")
    assert table.to_numpy().tolist() == [["F0", "a,b"]]
    assert table.index.tolist() == [4]


def test_commas_inside_cells_of_semicolons_are_text(tmp_path):
    assert table_of(tmp_path, "id;name\n1;x, y\n2;z\n")["name"].tolist() == ["x, y", "z"]


def test_a_cell_of_several_lines_does_not_shift_the_numbers(tmp_path):
    table = table_of(tmp_path, 'id,name\n1,"two\nlines"\n2,x\n')
    assert table.index.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a CSV table: it is empty. Export it again, as CSV in UTF-8"),
        ("id,name;group\n1,a;b\n", "its columns are separated by ',' and ';', or by one of them. Export it again"),
        ('id,name\n1,"x\n2,y\n', r"line 2: not a CSV table \(unexpected end of data\). Export it again"),
        ('id,name\n1,"x"y\n', r"line 2: not a CSV table .* Export it again"),
        (
            "id,name\n1,a,b\n",
            "line 2: not a CSV table: 3 cells under 2 columns. Put cells that hold a separator into qu",
        ),
        ("id,,name\n1,x,y\n", "line 2: column 2 has no name and holds 'x'. Name it or remove it"),
        ("id,id\n1,2\n", "column 'id' appears twice. Remove one of them"),
    ],
)
def test_what_is_ambiguous_or_broken_is_refused(tmp_path, text, words):
    with pytest.raises(PackError, match=rf"f\.csv(, |: ){words}"):
        table_of(tmp_path, text)


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_a_spreadsheet_under_the_name_of_a_table_is_named(tmp_path, head):
    (tmp_path / "f.csv").write_bytes(head + bytes(100))
    with pytest.raises(PackError, match=r"f\.csv: is a spreadsheet, not a CSV table\. Save it as CSV in UTF-8"):
        read_text_table(PackFile(tmp_path / "f.csv"))


def test_utf16_without_its_mark_is_refused_with_the_cure(tmp_path):
    with pytest.raises(PackError, match=r"f\.csv: is not in UTF-8, and its encoding cannot be told\. Save it as UTF-8"):
        table_of(tmp_path, PLAIN, "utf-16-le")
    (tmp_path / "f.csv").write_bytes(PLAIN.encode("utf-16-le"))
    assert len(read_text_table(PackFile(tmp_path / "f.csv").described("utf-16-le"))) == 2


def test_decimal_commas_are_refused_with_what_to_write(pack_dir):
    (pack_dir / "factories.csv").write_text("factory_id;lon;lat\nF0;121,05;31,05\n")
    with pytest.raises(
        PackError, match=r"position \('121,05', '31,05'\) is not a pair of numbers\. Write numbers with a"
    ):
        read_pack(pack_dir)


def test_a_pack_of_semicolons_is_the_same_pack(pack_dir):
    before = read_pack(pack_dir)
    for name in ("factories.csv", "statistics.csv"):
        text = (pack_dir / name).read_text().replace(";", "/").replace(",", ";")
        (pack_dir / name).write_text(text, encoding="utf-8-sig")
    after = read_pack(pack_dir)
    assert after.factories["weight"].tolist() == before.factories["weight"].tolist()
    assert after.ledger.rows["value"].tolist() == before.ledger.rows["value"].tolist()
