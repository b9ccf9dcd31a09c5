"""Amounts of money, and figures of a year that has gone: only a person can say the new ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from skills.draft.stale import years
from skills.draft.stale.lines import Found, Reading
from skills.draft.stale.years import Move

AMOUNT, RESULT = "金額", "実績"

# Bounded, and never begun inside a number: a page of digits must not cost a minute.
_N = (
    r"(?:(?<![0-9,.])(?:[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,12}(?:\.[0-9]{1,4})?)"
    r"|[一二三四五六七八九十百千]{1,8})"
)
_YEN = re.compile(
    r"(?!千円|百万円|千万円)(?:"  # a unit, as in （単位：千円）
    rf"[¥\\]\s?{_N}(?:-|円)?|{_N}(?:[十百千万億]{{0,2}}(?:{_N})?(?:[万千億])?)?円"
    rf"|{_N}(?:万|億|千万|百万)(?![人件台㎡本冊枚円名世個回歩kmt平0-9])(?:{_N}万?)?円?)"
)
_MONEY_HEAD = re.compile(
    r"金額|単価|予算|限度額|料金|費用|報酬|使用料|参加費|会費|価格|補助額|円|年度|決算|要求|差引|増減"
)
_BARE = re.compile(r"[¥]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{3,})")
# A bound in a rule or a condition is not this year's price.
_BOUND = re.compile(r"\s?(?:以上|以下|未満|を?超|を下回|を上回|の罰金|以下の過料|の過料)")
# 「地方自治法施行令別表第五に定める額（130万円）」: an amount that a law of the state fixes.
_BY_LAW = re.compile(r"法(?:施行令|施行規則)?(?:第[0-9]+条|別表)[^。、]{0,30}$")
_BY_LAW_AFTER = re.compile(r"[^。()]{0,40}[(][一-龥・]{2,20}法(?:施行令|施行規則)?第[0-9]+条")
_PAST_COST = re.compile(r"(?:明治|大正|昭和|平成)[^。、]{0,40}$")
_UNIT = (
    r"(?:人|名|件|団体|世帯|台|棟|戸|組|社|か所|箇所|校|回|事業|点|票|冊|トン|t|%|パーセント|歳|店|者"
    r"|万人|万件)"
)
_COUNTED = re.compile(
    rf"(?P<n>{_N}(?:[十百千万]{{1,2}}(?:{_N}[百千]?)?)?)(?P<unit>{_UNIT})"
    r"(?!以上|以下|未満|目|程度を|まで|以内|を?超|当たり|につき|ずつ|1組|分)"
)
_LAST_YEAR = re.compile(r"昨年|昨[夏秋冬春]|去年|前回|前年度?(?:を|より|から)|この一年")
_REACHED = re.compile(r"に達しました|に達した|を超えました|を突破")
_REPORT = re.compile(r"報告|実績|結果|状況|推移")
_AS_OF = re.compile(r"現在|最高齢")
_TOLD = re.compile(r"実績|でした|ました|した|となり|達し|現在|見込|いらっしゃ|最高齢")
_EVERY_TIME = re.compile(r"(?:月|週|年|日|1日|延べ\s?[0-9]+年で|連続|全|各)\s?$")


def find(readings: Sequence[Reading], move: Move) -> Iterator[tuple[int, Found]]:
    """Amounts and figures of the year before. Yields (line, find)."""
    for at, reading in enumerate(readings):
        for found in (*_amounts(reading), *_results(reading, move)):
            yield at, found


def _amounts(reading: Reading) -> Iterator[Found]:
    text = reading.plain
    why = "今年度の金額を確認してください。"
    for match in _YEN.finditer(text):
        before = text[: match.start()]
        if _BOUND.match(text[match.end() :]) or _PAST_COST.search(before):
            continue
        if _BY_LAW.search(before) or _BY_LAW_AFTER.match(text, match.end()):
            continue
        yield reading.found(*match.span(), AMOUNT, "", why)
    if _MONEY_HEAD.search(reading.line.head):
        for match in _BARE.finditer(text):
            if match[0] == text.strip():
                yield reading.found(*match.span(), AMOUNT, "", why)


def _results(reading: Reading, move: Move) -> Iterator[Found]:
    """Counts in a sentence or a row that tells what a year gone by, or today, amounts to."""
    line = reading.line
    if line.row and line.text != line.row[0] and years.row_moves_on(line.row, line.stub, move):
        is_told = True
    else:
        is_told = _goes_on_telling(reading, move)
    for match in _COUNTED.finditer(reading.plain):
        sentence = reading.sentence(match.start())
        clause = _clause(reading.plain, match.start())
        if not is_told and not _tells_of(sentence, clause, move):
            continue
        if not _EVERY_TIME.search(reading.plain[: match.start()]):
            why = "前の年度の数字です。新しい数字を確認してください。"
            yield reading.found(*match.span(), RESULT, "", why)


def _goes_on_telling(reading: Reading, move: Move) -> bool:
    """Figures below a line that names last year: 「相談164件、助言41件」, a table, a report."""
    reports = _REPORT.search(reading.heading) is not None
    if reports and years.has_year(reading.heading, (move.old - 1,)) and not reading.line.row:
        return _TOLD.search(reading.plain) is not None
    if not years.has_year(reading.before, (move.old - 1,)) or "。" in reading.plain:
        return False
    if reading.line.row:
        return _REPORT.search(reading.before) is not None
    return len(_COUNTED.findall(reading.plain)) > 1


def _tells_of(sentence: str, clause: str, move: Move) -> bool:
    if _REACHED.search(sentence):
        return True
    if re.search(r"(?:明治|大正|昭和|平成)[^、)]{0,30}$|目標[^、]{0,8}$", clause):
        return False  # 「昭和54年の…」 in the same clause tells of older things
    if years.has_year(sentence, (move.old - 2, move.old - 1)) or _LAST_YEAR.search(sentence):
        return True
    names_now = years.has_year(sentence, (move.old,)) or _AS_OF.search(sentence)
    return bool(names_now) and _TOLD.search(sentence) is not None


def _clause(text: str, at: int) -> str:
    start = max(text.rfind("、", 0, at), text.rfind("。", 0, at)) + 1
    return text[start:at]
