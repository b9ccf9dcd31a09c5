"""Numbers with their units in Japanese text: dates, amounts, counts, articles.

Kanji numerals, units of ten thousand and era years become plain values, so that 「令和六年」 and
「2024年」 or 「三千円」 and 「3,000円」 are the same quantity.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from fractions import Fraction

Quantity = tuple[Fraction, str]

_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
_SMALL = {"十": 10, "百": 100, "千": 1_000}
_LARGE = {"万": 10_000, "億": 100_000_000}
# The first year of an era minus one. Source: the Cabinet Orders naming each era (改元).
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}

_UNITS = (
    "ヶ月|ケ月|カ月|か月|箇月|週間|時間|日間|年間|年度|年|月|週|日|時|分|秒|円|人|名|回|件|枚|部|歳|才"
    "|条|項|号|章|節|%|割|倍|km|m|kg|g|親等|級|箇所|か所|カ所|ヶ所|ページ|度|冊|台|泊|弱|強|センチ|メートル"
)
_SAME_UNIT = {
    "ヶ月": "か月", "ケ月": "か月", "カ月": "か月", "箇月": "か月", "日間": "日", "年間": "年",
    "週間": "週", "名": "人", "才": "歳", "年度": "年",
    "箇所": "か所", "カ所": "か所", "ヶ所": "か所",
}  # fmt: skip
_ENGLISH = {
    "day": "日", "week": "週", "month": "か月", "year": "年", "hour": "時間", "minute": "分",
    "yen": "円", "time": "回", "copy": "枚",
}  # fmt: skip
_ISO_DATE = re.compile(r"(?<![0-9])([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?![0-9])")
_ERA_YEAR = re.compile(
    rf"({'|'.join(_ERAS)})([0-9]{{1,2}}|元|[〇一二三四五六七八九十]{{1,4}})(年度?)"
)
_NUMBER = r"[0-9]{1,12}(?:,[0-9]{3}){0,4}(?:\.[0-9]{1,6})?"
_ARABIC = re.compile(
    rf"({_NUMBER}(?:[十百千万億]{{1,2}}(?:[0-9]{{1,4}}(?![0-9]))?){{0,4}})"
    rf"({_UNITS}|[ -]?(?:{'|'.join(_ENGLISH)})(?=s?\b))?"
)
_TOKEN = re.compile(rf"{_NUMBER}|[〇一二三四五六七八九十百千万億]")
# Kanji numerals count only before a unit: 「一部」 and 「十分」 are words.
_KANJI = re.compile(
    rf"(?<![0-9〇一二三四五六七八九十百千万億])([〇一二三四五六七八九十百千万億]{{1,16}})"
    rf"({_UNITS})(?!的|般|応)"
)
_WORDS = frozenset(("十分", "一部", "一度", "一時", "一名", "一節", "万一", "一号"))


def find(text: str) -> frozenset[Quantity]:
    """Every quantity of a text as (value, unit); the unit is "" where none is written."""
    plain = unicodedata.normalize("NFKC", text)
    found: set[Quantity] = set()

    def take_date(match: re.Match[str]) -> str:
        found.update(
            (Fraction(part), unit) for part, unit in zip(match.groups(), "年月日", strict=True)
        )
        return " "

    def take_era(match: re.Match[str]) -> str:
        era, number, _ = match.groups()
        year = 1 if number == "元" else _value(number)
        found.add((_ERAS[era] + Fraction(year), "年"))
        return " "

    plain = _ISO_DATE.sub(take_date, plain)
    plain = _ERA_YEAR.sub(take_era, plain)
    for match in _ARABIC.finditer(plain):
        found.add((_value(match[1]), _unit(match[2])))
    for match in _KANJI.finditer(plain):
        if match[0] not in _WORDS:
            found.add((_value(match[1]), _unit(match[2])))
    return frozenset(found)


def holds(quantities: Collection[Quantity], wanted: Quantity) -> bool:
    """Whether a quantity is among others; a cell of a table often leaves the unit to its head."""
    value, unit = wanted
    if wanted in quantities or (value, "") in quantities:
        return True
    return not unit and any(value == other for other, _ in quantities)


def _unit(unit: str | None) -> str:
    plain = (unit or "").strip(" -")
    return _ENGLISH.get(plain) or _SAME_UNIT.get(plain, plain)


def _value(text: str) -> Fraction:
    """12,000; 3.5; 1万2千; 三千五百; 二〇二四."""
    if not text.isascii() and all(character in _DIGITS for character in text):
        return Fraction("".join(str(_DIGITS[character]) for character in text))
    total = section = digit = Fraction(0)
    for token in _TOKEN.findall(text):
        if token in _SMALL:
            section, digit = section + (digit or 1) * _SMALL[token], Fraction(0)
        elif token in _LARGE:
            total += (section + digit or 1) * _LARGE[token]
            section = digit = Fraction(0)
        else:
            digit = Fraction(_DIGITS[token] if token in _DIGITS else token.replace(",", ""))
    return total + section + digit
