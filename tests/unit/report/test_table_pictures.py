"""Tables as pictures: everything the table says stands in them, and what it is and where it is from."""

import io

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from gvio.report.fonts import chinese_font
from gvio.report.identity import Identity
from gvio.report.table_picture import MOST_ROWS, readable, table_png
from gvio.words import speaking

IDENTITY = Identity("demo", "Demo", "100 million CNY", "2021-12-abc", True)


def test_a_picture_says_the_table_and_where_it_is_from(said):
    rows = pd.DataFrame({"District": ["Minhang", "Jing'an"], "Estimate": [105.62, np.nan], "Chance": ["**0.01**", "–"]})
    pixels = matplotlib.image.imread(io.BytesIO(table_png(rows, "December 2021, 100 million CNY", IDENTITY)))
    assert pixels.shape[1] > 300
    assert {"District", "Minhang", "105.6", "–", "0.01", "December 2021, 100 million CNY"} <= set(said)
    assert {"Demo", "release 2021-12-abc · INVENTED DATA", IDENTITY.citation} <= set(said)


def test_an_index_with_a_name_is_a_column_and_further_rows_are_counted(said):
    rows = pd.DataFrame({"n": range(MOST_ROWS + 3)}, index=pd.RangeIndex(MOST_ROWS + 3, name="Key"))
    table_png(rows, "Many", IDENTITY)
    assert {"Key", "… and 3 further rows, in the CSV"} <= set(said)
    assert str(MOST_ROWS) not in said


@pytest.mark.skipif(chinese_font() is None, reason="no font with Chinese glyphs; install gvio[zh]")
def test_chinese_is_drawn_where_there_is_a_font():
    with speaking("zh"):
        assert table_png(pd.DataFrame({"区": ["闵行"]}), "各区", IDENTITY).startswith(b"\x89PNG")


def test_without_a_font_the_picture_is_english(monkeypatch):
    monkeypatch.setattr("gvio.report.table_picture.chinese_font", lambda: None)
    assert [readable("zh"), readable("en")] == ["en", "en"]
