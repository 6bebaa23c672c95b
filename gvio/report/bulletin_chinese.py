"""The bulletin in Chinese: the same figures, said by templates of its own.

Names of areas stay as the pack writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from gvio.report.basis import Basis, basis_of
from gvio.report.bulletin import (
    CHANGED_PERCENT,
    Bulletin,
    Facts,
    Labels,
    by_hash,
    moved_districts,
    short_title,
    table_rows,
)
from gvio.report.changes import MONTH, YEAR, Change, change_of, changes
from gvio.report.numbers import interval_percent, level_and_bounds, measure, signed_percent
from gvio.report.scores import MODELS, show
from gvio.report.story import NAMED, gap_of_sums, moved_against, moved_beyond_noise
from gvio.report.tables import AreaMonth, area_month
from gvio.report.verdict import best_naive, skill_of
from gvio.revisions.news import PARTS
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import ENOUGH_NATS, LAST_YEAR_SHARES, PERSISTENCE, SEASONAL_NAIVE
from gvio.types import CheckResult

_INVENTED = "数据为虚构：至少工厂和官方统计是模拟的。此处内容不描述真实地点。"
_UNITS: Mapping[str, str] = {"100 million CNY": "亿元", "10,000 CNY": "万元", "million CNY": "百万元"}
_STATUS: Mapping[str, str] = {"official": "官方", "fitted": "由合计推得", "nowcast": "即时预测"}
_BASIS: Mapping[Basis, str] = {
    "official": "本月官方数已公布，估计与之一致",
    "fitted": "已公布的较长时期的数字涵盖本月",
    "nowcast": "尚无其自身已公布的数字涵盖本月",
}
_SKILLS: Mapping[str, str] = {
    "proven": "技能已证实：按时间样本外检验，模型优于最好的朴素预测，且非偶然所能解释。",
    "weak": "技能弱：模型并不明显优于最好的朴素预测，变化应谨慎使用。",
    "none": "无技能：最好的朴素预测同样好或更好，地图只宜看作已知总量的分配。",
    "untested": "技能未经检验：历史太短，无法按时间作样本外检验，不能说模型优于或劣于朴素预测。",
    "unknown": "技能未知：本次发布未说明模型与朴素预测的比较。",
}
_NAIVE: Mapping[str, str] = {
    SEASONAL_NAIVE: "去年同月",
    PERSISTENCE: "上月",
    LAST_YEAR_SHARES: "去年份额乘全市总量",
}
_PARTS: Mapping[str, str] = {
    "pack": "区域数据包变更",
    "reprocessed_light": "夜光数据重新处理",
    "model": "模型更换",
    "new_light": "新的夜光",
    "revised_figures": "官方数修订",
    "new_figures": "新公布的官方数",
    "raking": "与已公布总量取齐",
}
_LABELS = Labels(
    what="由夜间灯光估计的工业产值",
    map="分布",
    map_note="每个 {km:.2g} 公里方格之和，{unit}/月。灰色：无已知工业。",
    trend="全区域",
    trend_note="{unit}/月。线：估计。带：80 % 区间。点：官方数；一、二月合为一点。",
    nowcast_note="灰底：即时预测。",
    table="{month}各区，{unit}",
    head=("", "估计", "80 % 区间", "同比", "环比", "依据"),
    table_note="▲ ▼ 超出噪声：变化的 80 % 区间不含零。",
    news="较上一次发布",
    verdict="可信程度",
    cite="引用",
    data="同一文件夹中",
    no_pdf="无 PDF：发布所用机器没有中文字体",
)


def chinese(facts: Facts) -> Bulletin:
    """The page in Chinese."""
    month = _month(facts.month)
    return Bulletin(
        language="zh",
        title=f"{short_title(facts.title)} {month}",
        subtitle=_LABELS.what,
        mark=_INVENTED if facts.invented else "",
        headline=_headline(facts),
        details=tuple(filter(None, (_basis(facts), _movers(facts)))),
        warning=_gap(facts) + _against(facts),
        rows=table_rows(facts, _STATUS, " 至 "),
        news=_news(facts),
        verdict=_verdict(facts),
        citation=f"{facts.title}：由夜间灯光估计的月度工业产值，{month}。gvio {facts.code}，区域 {facts.region}，"
        f"estimates.parquet 的 SHA-256 为 {by_hash(facts.sha256)}…。",
        made=f"已知官方数截至 {facts.public_until}。" if facts.public_until else "",
        labels=_LABELS.filled(unit_in_chinese(facts.unit), month, facts.square_km),
    )


def unit_in_chinese(unit: str) -> str:
    """The unit as a Chinese reader writes it, where it is one of the usual; else as the pack does."""
    return _UNITS.get(unit, unit)


def _month(month: str) -> str:
    return f"{int(month[:4])}年{int(month[5:7])}月"


def _city(facts: Facts) -> str | None:
    districts = facts.estimates.loc[facts.estimates["month"] == facts.month, "area_id"]
    return facts.city or (str(districts.iloc[0]) if len(districts) == 1 else None)


def _row(facts: Facts) -> AreaMonth | None:
    city = _city(facts)
    return None if city is None else area_month(facts.estimates, city, facts.month)


def _headline(facts: Facts) -> str:
    row, city, month = _row(facts), _city(facts), _month(facts.month)
    if row is None or city is None:
        return f"{month}：本次发布没有全区域的数字。"
    value, low, high = level_and_bounds(row.estimate, row.lower80, row.upper80)
    compared = [
        _compared(word, change_of(changes(facts.estimates, facts.month, back), city))
        for word, back in (("同比", YEAR), ("环比", MONTH))
    ]
    told = "；".join(filter(None, compared)) or "无较早月份可比"
    unit = measure(unit_in_chinese(facts.unit))
    return f"{month}，{facts.names.get(city, city)}工业产值 {value}{unit}（80 % 区间 {low} 至 {high}）：{told}。"


def _compared(word: str, change: Change) -> str:
    if not change.known:
        return ""
    noise = "超出噪声" if change.direction else "在噪声之内"
    return f"{word} {signed_percent(change.percent)}，{noise}（{_between(change)}）"


def _between(change: Change) -> str:
    return interval_percent(change.low, change.high).replace(" to ", " 至 ")


def _basis(facts: Facts) -> str:
    rows = facts.estimates[(facts.estimates["month"] == facts.month) & (facts.estimates["area_id"] != facts.city)]
    found = [basis_of(float(v), str(k)) for v, k in zip(rows["official"], rows["kind"], strict=True)]
    row = _row(facts)
    of_city = "" if row is None else f"全市：{_BASIS[basis_of(row.official, row.kind)]}。"
    counts = "、".join(f"{_STATUS[basis]} {found.count(basis)} 个" for basis in _BASIS if basis in found)
    split = facts.month[5:] in {"01", "02"} and "official" not in found
    return of_city + (f"各区：{counts}。" if counts else "") + (_SPLIT if split else "")


_SPLIT = "多数统计部门只公布一、二月合计：本月所占份额由模型推定。"


def _movers(facts: Facts) -> str:
    table = changes(facts.estimates, facts.month, YEAR)
    moved = moved_beyond_noise(table, [str(area) for area in table.index if str(area) != facts.city])
    if moved is None:
        return ""
    if not moved:
        return "各区同比变化均在噪声之内。"
    return f"同比变化超出噪声：{_first(facts, moved)}。"


def _first(facts: Facts, moved: Mapping[str, Change]) -> str:
    said = [f"{facts.names.get(a, a)} {signed_percent(c.percent)}" for a, c in list(moved.items())[:NAMED]]
    return "、".join(said) + (f" 等 {len(moved)} 个" if len(moved) > len(said) else "")


def _against(facts: Facts) -> str:
    table, city = changes(facts.estimates, facts.month, YEAR), _city(facts)
    other = moved_against(table, city, [str(area) for area in table.index if str(area) != facts.city])
    if not other:
        return ""
    said = "上升，但下降" if change_of(table, city).percent > 0 else "下降，但上升"
    return f"全市同比{said}超出噪声的有：{_first(facts, other)}。"


def _gap(facts: Facts) -> str:
    found = gap_of_sums(facts.estimates, facts.month, facts.city)
    if found is None:
        return ""
    (column, gap), whats = found, {"estimate": "估计", "official": "官方数"}
    return f"全市与各区不一致：各区{whats[column]}之和比全市{'多' if gap > 0 else '少'} {abs(gap):.1f} %。"


def _news(facts: Facts) -> tuple[str, ...]:
    rows = moved_districts(facts)
    if rows is None:
        return ()
    return tuple(_told(row) for _, row in rows.iterrows()) or ("各区最新估计均无变化。",)


def _told(row: pd.Series) -> str:
    largest = sorted(PARTS, key=lambda part: -abs(float(row[part])))[:2]
    parts = [part for part in largest if abs(float(row[part])) >= CHANGED_PERCENT]
    said = [f"{_PARTS[part]}（{signed_percent(float(row[part]))}）" for part in parts]
    amount = signed_percent(float(row["change"]))
    return f"{row['name']}：较上一次发布 {amount}，主要来自{said[0]}" + (f"，其次{said[1]}。" if said[1:] else "。")


def _verdict(facts: Facts) -> tuple[str, ...]:
    board = facts.scoreboard
    return tuple(filter(None, (_SKILLS[skill_of(board)], _scores(board), _set_aside(board), _checks(facts))))


def _scores(scoreboard: Scoreboard) -> str:
    """Out of time, what share of the change within districts the model explains, beside the best naive forecast."""
    compared = best_naive(scoreboard)
    if compared is None:
        return ""
    ours, best, theirs = compared
    of_ours, of_theirs = show(ours, "number"), show(theirs, "number")
    return f"样本外区内 R²：模型 {of_ours}，最好的朴素预测（{_NAIVE.get(best, MODELS[best])}）{of_theirs}。"


def _set_aside(scoreboard: Scoreboard) -> str:
    evidence = scoreboard.light_evidence
    if evidence is None or evidence >= ENOUGH_NATS:
        return ""
    return f"本月夜光不予采用：官方数未给出夜光反映产值的理由（证据不足 {ENOUGH_NATS:.0f} 奈特），估计只依据官方数。"


def _checks(facts: Facts) -> str:
    checks: Sequence[CheckResult] = facts.checks
    if not checks:
        return "本次发布没有附带检查。"
    failed = [check for check in checks if not check.passed]
    warnings = sum(not check.required for check in failed)
    if len(failed) > warnings:
        return f"{len(failed) - warnings} 项必需检查未通过：不应发布。"
    return f"共 {len(checks)} 项检查，必需检查全部通过" + (f"，{warnings} 项警告。" if warnings else "。")
