"""The agenda as it is written down: in a file, a message or the head of minutes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

KINDS = "議題|議案|案件|議事|報告|協議|審議|日程|項目|案"
DIGITS = r"\d{1,3}|[一二三四五六七八九十]{1,3}"
_ITEM = re.compile(
    rf"(?:[・\-*■◆●○◇□#]{{1,4}} ?)?(?:(?P<kind>{KINDS})(?:事項|題目)? ?第? ?)?"
    rf"(?P<open>[(\[【])?(?:第)?(?P<number>{DIGITS}|[アイウエオカキクケコ](?=[)]))"
    r"(?P<close>号|[)\]】])?[.．、:：]? ?(?P<title>\S.{0,79})"
)
_BULLET = re.compile(r"[・\-*■◆●○◇□] ?(\S.{0,79})")
_CLOCK = re.compile(r"^\(?\d{1,2}[:時]\d{0,2}分?(?: ?[-~〜ー–] ?\d{1,2}[:時]\d{0,2}分?)?\)? ?")
_SECTION = re.compile(
    r"(?:■|◆|【|\[|#{1,4} ?)?(?:本日の|今日の|会議の)?"
    r"(議題|議事(?!録)|次第|会議次第|議事日程|協議事項"
    r"|審議事項|報告事項|検討事項|案件|アジェンダ|agenda)(?:は|として)?(?:】|\])?[、:： ]{0,2}(.*)",
    re.IGNORECASE,
)
_INLINE = re.compile(r"(?:(?<=\s)|(?<=[、。:は,])|^)(?:議題 ?)?[(]?\d{1,2}[).．、:](?=\D)")
_CONTAINER = re.compile(
    r"(?:議題|議事|協議|報告|審議|検討|案件|協議事項|報告事項|審議事項|検討事項)(?:等)?"
)
_NESTED = re.compile(r"[(\[]|[アイウエオ][).、 ]|(?:議題|議案|案件|報告|協議)[^\d]{0,3}\d")
_KANJI = {letter: value for value, letter in enumerate("〇一二三四五六七八九")}
_MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """A point of the agenda: its words, and the number and kind (議題, 報告) it is called by."""

    title: str
    number: int | None = None
    kind: str = ""


def items(text: str) -> tuple[AgendaItem, ...]:
    """The points an agenda file or a message lists, in order; empty when it lists none."""
    rows = [
        nfkc(row).strip() for row in re.split(r"\n|(?<=。)(?=.{0,12}(?:議題|アジェンダ))", text)
    ]
    rows = [re.sub(r" {2,}", " ", row) for row in rows if row][:_MOST_ROWS]
    named = next((at for at, row in enumerate(rows) if _is_section(row)), None)
    if named is not None:
        section = _SECTION.fullmatch(rows[named])
        rest = section[2].strip() if section else ""
        after = [row for row in rows[named + 1 :] if not row.endswith("。") or _numbered(row)]
        rows = [rest, *filter(_numbered, after)] if rest else after
    if len(rows) == 1:
        rows = list(_inline(rows[0], named=named is not None))
    if any(_numbered(row) for row in rows):
        return _without_containers(rows)
    bullets = tuple(
        AgendaItem(_tidy(found[1])) for row in rows if (found := _BULLET.fullmatch(row))
    )
    if bullets:
        return bullets
    if named is None and (
        len(rows) < 2 or any(len(row) > 60 or row.endswith("。") for row in rows)
    ):
        return ()
    return tuple(AgendaItem(_tidy(row), at) for at, row in enumerate(rows, 1) if _tidy(row))


def _is_section(row: str) -> bool:
    found = _SECTION.fullmatch(row)
    return bool(found) and not (
        found and re.match(r"\d|[一二三四五六七八九十]", found[2]) and not _INLINE.search(found[2])
    )


def _numbered(row: str) -> AgendaItem | None:
    text = _CLOCK.sub("", row)
    found = _ITEM.fullmatch(text)
    if not found or not (
        found["kind"]
        or found["open"]
        or found["close"]
        or re.match(r"[^\w]*\S{1,3}?[.．、:： ]", text)
    ):
        return None
    title = _tidy(found["title"])
    return AgendaItem(title, value(found["number"]), found["kind"] or "") if title else None


def _without_containers(rows: Sequence[str]) -> tuple[AgendaItem, ...]:
    """Drop 「3 議題」 whose own points follow; they take its kind."""
    found: list[AgendaItem] = []
    kind = ""
    for at, row in enumerate(rows):
        if (item := _numbered(row)) is None:
            continue
        if _CONTAINER.fullmatch(item.title) and any(
            _NESTED.match(later) and _numbered(later) for later in rows[at + 1 : at + 2]
        ):
            kind = re.sub(r"事項|等", "", item.title)
            continue
        found.append(
            item
            if item.kind or not _NESTED.match(row)
            else AgendaItem(item.title, item.number, kind)
        )
    return tuple(found)


def _inline(row: str, *, named: bool) -> Iterator[str]:
    """「1. 予約 2. 混雑」, or after 「議題は」 「予約、混雑」."""
    places = [found.start() for found in _INLINE.finditer(row)]
    if len(places) > 1:
        for start, end in zip(places, [*places[1:], len(row)], strict=True):
            yield row[start:end].strip(" 、。,とです")
    elif named:
        listed = re.sub(
            r"(?:の[0-9一二三四五六七八九十]つ)?(?:です|でお願いします|について)?[。.]?$", "", row
        )
        yield from (
            part.strip()
            for part in re.split(r"[、,/／・]|と(?=[^と]{2,}$)", listed)
            if part.strip()
        )
    else:
        yield row


def item_of(text: str) -> AgendaItem:
    """One point as somebody names it."""
    plain = nfkc(text).strip()
    return _numbered(plain) or AgendaItem(_tidy(plain))


def bare(title: str) -> str:
    """A title without its number."""
    found = _numbered(nfkc(title).strip())
    return found.title if found else nfkc(title).strip()


def _tidy(title: str) -> str:
    bare = re.sub(r"[ (]*\d{1,3}分\)?$", "", _CLOCK.sub("", title)).strip(" :：。【】[]")
    return re.sub(r"(?:について|に関すること|の件)$", "", bare) or bare


def value(digits: str) -> int | None:
    """「12」「十二」「イ」 as a number, or None."""
    if digits.isdigit():
        return int(digits)
    if digits in "アイウエオカキクケコ":
        return "アイウエオカキクケコ".index(digits) + 1
    tens, ten, ones = digits.rpartition("十")
    if any(letter not in _KANJI for letter in tens + ones):
        return None
    return (_KANJI.get(tens, 1) * 10 if ten else 0) + (_KANJI[ones] if ones else 0)


def nfkc(text: str) -> str:
    """The text with letters of one width."""
    return unicodedata.normalize("NFKC", text)
