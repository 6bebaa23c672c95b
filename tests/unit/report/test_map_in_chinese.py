"""The map's picture in Chinese: drawn with glyphs where there is a font, in English where there is none."""

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

import gvio.report.map_file as map_file
from gvio.report.about import unit_words
from gvio.report.fonts import chinese_font
from gvio.report.identity import Identity
from gvio.words import speaking, tr

IDENTITY = Identity("demo", "Demo", "100 million CNY", "2021-12-abc", True)


def picture() -> bytes:
    geobox = GeoBox((6, 6), Affine(0.1, 0, 121, 0, -0.1, 31.6), 4326)

    def show() -> map_file.Drawn:
        unit = tr("{unit} per pixel and month", unit=unit_words(IDENTITY.unit))
        return map_file.Drawn(np.full((6, 6), 2.0), geobox, "log", tr("Estimate"), unit)

    return map_file.month_png(show, [], IDENTITY, "2021-12")


@pytest.mark.skipif(chinese_font() is None, reason="no font with Chinese glyphs; install gvio[zh]")
def test_words_are_chinese_and_every_glyph_is_there(said):
    with speaking("zh"):
        assert picture().startswith(b"\x89PNG")  # a missing glyph is a warning, and so an error
    assert {"Demo，2021年12月", "估计 · 发布 2021-12-abc · 虚构数据", "亿元/像元·月"} <= set(said)
    assert any(text.startswith("虚构数据：") for text in said)


def test_without_a_font_it_stays_english(said, monkeypatch):
    monkeypatch.setattr(map_file, "chinese_font", lambda: None)
    with speaking("zh"):
        picture()
    assert {
        "Demo, December 2021",
        "Estimate · release 2021-12-abc · INVENTED DATA",
        "100 million CNY per pixel and month",
    } <= set(said)
