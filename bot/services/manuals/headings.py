"""Which lines of an office document are headings, and how deep they lie.

Ranks order the levels of one document, smaller is higher. Headings that the format declares come
first (10 to 60), then the parts of a rule (編 to 条), then the numbering of notices and handbooks
(第1 → 1 → (1) → ア → (ア)).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_N = "[0-9０-９一二三四五六七八九十百千〇]{1,5}"
_D = "[0-9０-９]{1,3}"
_GAP = r"[ \u3000]{1,4}"
_BRANCH = rf"(?:の{_N}){{0,3}}"
_CAPTION = "[（(][^（()）]{1,40}[)）]"

PART = re.compile(rf"第{_N}(?P<kind>[編章節款目]){_BRANCH}(?:{_GAP}\S.{{0,60}})?$")
ARTICLE = re.compile(rf"(?P<label>第{_N}条{_BRANCH})(?P<caption>{_CAPTION})?(?:{_GAP}|$)")
SUPPLEMENT = re.compile(rf"(?P<label>附[ \u3000]{{0,4}}則(?:{_GAP})?(?:{_CAPTION})?)(?:{_GAP}|$)")
APPENDIX = re.compile(
    rf"(?:別表|別記|別紙|別添|様式|第{_N}号様式)(?:第?{_N}(?:号(?:様式)?)?)?{_BRANCH}"
    rf"(?:{_CAPTION}){{0,2}}(?:{_GAP}.{{0,40}})?$"
)
CAPTION = re.compile(rf"{_CAPTION}$")
SECTION = re.compile(rf"第(?P<number>{_N}){_GAP}\S")
NUMBER = re.compile(rf"(?P<number>{_D})(?P<deeper>(?:[-－‐.．]{_D}){{0,3}})[.．、]?{_GAP}\S")
BRACKET = re.compile(rf"[（(](?P<number>{_D})[)）][ \u3000]{{0,4}}\S")
KATAKANA = re.compile(rf"(?P<number>[ア-ン]){_GAP}\S")
BRACKET_KATAKANA = re.compile(r"[（(](?P<number>[ア-ン])[)）][ \u3000]{0,4}\S")
MARKED = re.compile(
    r"(?:[■◆●◎▼★][ \u3000]{0,2}\S|【[^【】]{1,30}】$|[<＜〈《][^<>＜＞]{1,30}[>＞〉》]$)"
)
QUESTION = re.compile(r"(?:Q|Ｑ|問)[ \u3000]{0,2}[0-9０-９]{0,3}(?:[.．:： \u3000]|-[0-9]{1,3})")

PART_RANKS = {"編": 110, "章": 120, "節": 130, "款": 135, "目": 138}
LAW_TOP = 115
ARTICLE_RANK = 150
LOOKS_RANK = 156
SERIES = (
    (SECTION, 140),
    (NUMBER, 160),
    (BRACKET, 170),
    (KATAKANA, 180),
    (BRACKET_KATAKANA, 190),
)
LONGEST = 48
ORDER = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line: `label` is shown in the path, `rest` is text that follows it in its line.

    `number` is the place in its series (第2 → 2), 0 for headings that are not numbered.
    """

    label: str
    rank: int
    rest: str = ""
    number: int = 0
    is_rule: bool = False
    is_article: bool = False


def declared(text: str, level: int) -> Heading:
    """A heading the format declares; its words only say whether it is part of a rule."""
    is_article = ARTICLE.match(text) is not None
    is_rule = is_article or _rule(text) is not None
    return Heading(label=_tidy(text), rank=level * 10, is_rule=is_rule, is_article=is_article)


def recognise(text: str, *, in_rule: bool) -> Heading | None:
    """Read one line as a heading, or None. Inside a 条 a bare number is a 項, not a heading."""
    text = text.strip()
    if found := ARTICLE.match(text):
        label = _tidy(found["label"] + (found["caption"] or ""))
        return Heading(
            label=label,
            rank=ARTICLE_RANK,
            rest=text[found.end() :].strip(),
            is_rule=True,
            is_article=True,
        )
    if rule := _rule(text):
        return rule
    if in_rule or len(text) > LONGEST or text[-1:] in "。、，：:;；":
        return _question(text) if not in_rule else None
    return _in_series(text)


def is_caption(text: str) -> bool:
    """（趣旨） alone on a line: it belongs to the 条 after it."""
    return len(text) <= 42 and CAPTION.match(text.strip()) is not None


def _rule(text: str) -> Heading | None:
    """編, 章, 節, 款, 目, 附則, 別表 and the like."""
    if found := SUPPLEMENT.match(text):
        label, rest = _tidy(found["label"]), text[found.end() :].strip()
        return Heading(label=label, rank=LAW_TOP, rest=rest, is_rule=True, is_article=True)
    if len(text) > 80 or text.endswith("。"):
        return None
    if found := PART.match(text):
        return Heading(label=_tidy(text), rank=PART_RANKS[found["kind"]], is_rule=True)
    if APPENDIX.match(text):
        return Heading(label=_tidy(text), rank=LAW_TOP, is_rule=True)
    return None


def _question(text: str) -> Heading | None:
    """Q1 … of a list of questions; longer than other headings, and it may end with 。"""
    if len(text) <= 100 and QUESTION.match(text):
        return Heading(label=_tidy(text), rank=195)
    return None


def _in_series(text: str) -> Heading | None:
    for pattern, rank in SERIES:
        if found := pattern.match(text):
            deeper = found.groupdict().get("deeper") or ""
            depth = len(re.findall(r"[-－‐.．]", deeper))
            last = re.split(r"[-－‐.．]", deeper)[-1] if deeper else found["number"]
            return Heading(label=_tidy(text), rank=rank + 2 * depth, number=_value(last))
    if MARKED.match(text):
        return Heading(label=_tidy(text), rank=LOOKS_RANK)
    return _question(text)


def _value(number: str) -> int:
    plain = unicodedata.normalize("NFKC", number)
    if plain.isdecimal():
        return int(plain)
    if plain in ORDER:
        return ORDER.index(plain) + 1
    tens, ten, ones = plain.partition("十")
    digits = "〇一二三四五六七八九"
    if not ten:
        return max(digits.find(plain), 0)
    return 10 * (digits.find(tens) if tens else 1) + max(digits.find(ones), 0) if ten else 0


def _tidy(text: str) -> str:
    return " ".join(text.split())
