"""Titles of pictures in lines: by width, whatever the language."""

from gvio.report.lines import in_lines, width_of


def test_latin_words_stay_whole():
    assert in_lines("Harbour, Old Town: level, 100 million CNY a month", 20) == [
        "Harbour, Old Town:",
        "level, 100 million",
        "CNY a month",
    ]
    assert in_lines("", 20) == []
    assert in_lines("incomprehensibilities of it", 10) == ["incomprehensibilities", "of it"]


def test_chinese_is_twice_as_wide_and_begins_no_line_with_a_mark():
    assert width_of("产值 1") == 6
    lines = in_lines("上海、像元 121.470, 31.230（黄浦）：指数，2021年12月 = 100", 18)
    assert "".join(lines).replace(" ", "") == "上海、像元121.470,31.230（黄浦）：指数，2021年12月=100"
    assert all(line[0] not in "，。：；、）" for line in lines)
    assert [line for line in lines if width_of(line) > 18 + 2] == [], "a mark may stand over the edge"
    assert any("31.230" in line for line in lines), "numbers stay whole"
