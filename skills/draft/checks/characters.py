"""Checks of letters and marks: brackets, punctuation, widths, words that stand twice."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from skills.draft.checks.document import Document
from skills.draft.checks.rules import Rule
from skills.draft.checks.wording import Found

_PAIRS = dict(zip("「『（(【〔［[《〈", "」』）)】〕］]》〉", strict=True))
_CLOSERS = {closer: opener for opener, closer in _PAIRS.items()}
_OTHER_WIDTH = {
    "（": "(",
    "(": "（",
    "［": "[",
    "[": "［",
    "）": ")",
    ")": "）",
    "］": "]",
    "]": "］",
}
# 「1)」 and 「ア）」 number a line: their bracket has no partner.
_NUMBERED = re.compile(r"[ 　\t]{0,20}(?:[注※図表問例]?[ 　]?[0-9０-９]{1,2}|[注ア-ンa-zA-Z])[)）]")

_JAPANESE = "ぁ-んァ-ヶー一-龥々"
_WESTERN_COMMA = re.compile(
    rf"(?<=[{_JAPANESE}）」])(?:，(?=[{_JAPANESE}「（ 　0-9０-９]|$)|,(?=[{_JAPANESE}「（]))",
    re.MULTILINE,
)
_WESTERN_STOP = re.compile(rf"(?<=[{_JAPANESE}）」])[．.](?=[{_JAPANESE}「（ 　]|$)", re.MULTILINE)
_DOUBLED = re.compile(r"(?:。{2,9}|、{2,9}|、。|。、|，，)(?!…)")
_HALF_KANA = re.compile(r"[ｦ-ﾟ]{1,200}(?:[ ･・]?[ｦ-ﾟ]{1,200}){0,20}")
_NUMBER = re.compile(r"[0-9０-９]{1,30}(?:[,.，．][0-9０-９]{1,30}){0,10}")
_LATIN = re.compile(r"[A-Za-z]{1,40}|[Ａ-Ｚａ-ｚ]{1,40}")
_MARKER = re.compile(
    r"[ 　\t#]{0,20}(?:第?[0-9０-９]{1,3}(?=[ 　.．、)）条章節])|[(（][0-9０-９]{1,3}[)）])"
)
# More than a few are a way of writing, not a slip.
_FEW, _DOMINANT = 3, 4
_TWICE = re.compile(r"(?P<x>[ぁ-んァ-ヶー一-龥々]{3,12})(?P=x)")
# 「しゃぶしゃぶ」, 「パタパタ」: the language makes words in this way.
_SOUND = re.compile(r"[ぁ-んー]{1,3}|[ァ-ヶー]{1,12}")
_TWICE_SHORT = re.compile(
    r"(?P<x>(?:して|した|です|する|から|まで|こと|など|ため|もの|より|場合|開催|実施|資料|通知|提出|市民|担当|対象|及び|又は|並びに|において|により|に対して|に係る))(?P=x)"
)
_FINE_TWICE = re.compile(
    r"(?:ひとつ|少しず|少しずつ|ひとり|いろい|それぞ|なかな|だんだ|とことん|一つ一つ|どうぞ|もしもし|ところどころ|ますます|まちまち|さまざま)"
)
_ENDS_OPEN = re.compile(
    r"(?:です|ます|ました|ません|でした|ください|である|であった|となった|とする)$"
)


def bracket(document: Document, _: Rule) -> Iterator[Found]:
    """Brackets without a partner in the same line or the few below, and partners of other width."""
    waiting: list[tuple[int, str, int]] = []
    for line in document.lines:
        skipped = _NUMBERED.match(line.text)
        for at, letter in enumerate(line.text, line.start):
            if skipped and at == line.start + skipped.end() - 1:
                continue
            if letter in _PAIRS:
                waiting.append((at, letter, line.number))
            elif letter in _CLOSERS:
                yield from _close(document, waiting, at, letter)
        if line.kind == "blank" or line.text.endswith("。"):
            for at, _letter, _number in waiting:
                yield Found(at, at + 1)
            waiting = []
    for at, _letter, _number in waiting:
        yield Found(at, at + 1)


def _close(
    document: Document, waiting: list[tuple[int, str, int]], at: int, letter: str
) -> Iterator[Found]:
    openers = (_CLOSERS[letter], _OTHER_WIDTH.get(_CLOSERS[letter], ""))
    for depth in range(len(waiting) - 1, -1, -1):
        if waiting[depth][1] not in openers:
            continue
        for opened, _letter, _number in waiting[depth + 1 :]:
            yield Found(opened, opened + 1)
        if waiting[depth][1] != openers[0]:
            yield Found(at, at + 1, _OTHER_WIDTH[letter], "かっこの全角と半角がそろっていません。")
        del waiting[depth:]
        return
    yield Found(at, at + 1)


def punctuation(document: Document, _: Rule) -> Iterator[Found]:
    """，． among 、。, and marks that stand twice."""
    commas = document.text.count("、")
    western = list(_WESTERN_COMMA.finditer(document.text))
    if commas >= len(western):
        for match in western:
            yield Found(*match.span(), "、", "読点は「、」にそろえます。")
    else:
        for match in re.finditer("、", document.text):
            yield Found(*match.span(), "，", "読点は「，」にそろえます。")
    stops = document.text.count("。")
    for match in _WESTERN_STOP.finditer(document.text):
        if stops and not document.is_address(*match.span()):
            yield Found(*match.span(), "。", "句点は「。」にそろえます。")
    for match in _DOUBLED.finditer(document.text):
        fix = "。" if "。" in match[0] else match[0][0]
        yield Found(*match.span(), fix, "句読点が重なっています。")


def full_stop(document: Document, _: Rule) -> Iterator[Found]:
    """A paragraph of prose whose last sentence does not end; many are a way of writing."""
    open_ends = []
    for line, following in zip(document.lines, (*document.lines[1:], None), strict=True):
        words = line.text.rstrip()
        if line.kind != "prose" or not _ENDS_OPEN.search(words):
            continue
        is_wrapped = (
            following is not None and following.kind == "prose" and not following.text[:1].isspace()
        )
        if ("。" in words or words.startswith("　")) and not is_wrapped:
            open_ends.append(line.start + len(words))
    for end in open_ends if len(open_ends) <= _FEW else ():
        start = end - 2
        yield Found(start, end, f"{document.text[start:end]}。")


def half_kana(document: Document, _: Rule) -> Iterator[Found]:
    for match in _HALF_KANA.finditer(document.text):
        yield Found(*match.span(), unicodedata.normalize("NFKC", match[0]))


def width(document: Document, _: Rule) -> Iterator[Found]:
    """Numbers and Latin words in the width that the document uses less.

    Digits that stand alone and longer numbers are counted apart: many offices write the first in
    full width and the second in half width, and that is no mistake.
    """
    counts: Counter[tuple[bool, bool]] = Counter()
    numbers = []
    heads = {line.start: _MARKER.match(line.text) for line in document.lines}
    for match in _NUMBER.finditer(document.text):
        digits = re.sub(r"[,.，．]", "", match[0])
        full = sum(letter > "9" for letter in digits)
        head = heads[document.line_at(match.start()).start]
        if 0 < full < len(digits):
            to_full = full * 2 > len(digits)
            yield Found(*match.span(), _in_width(match[0], full=to_full))
        elif document.text[match.end() : match.end() + 1] == "号":
            continue  # the number of a document is written as its register has it
        elif not document.is_address(*match.span()) and not (
            head and match.start() < document.line_at(match.start()).start + head.end()
        ):
            numbers.append((match, full > 0))
            counts[len(match[0]) == 1, full > 0] += 1
    for match, is_full in numbers:
        alone = len(match[0]) == 1
        few, many = counts[alone, is_full], counts[alone, not is_full]
        if few <= _FEW and many >= _DOMINANT * few:
            yield Found(*match.span(), _in_width(match[0], full=not is_full))
    yield from _latin(document)


def _latin(document: Document) -> Iterator[Found]:
    words = [match for match in _LATIN.finditer(document.text)
             if not document.is_address(*match.span())]  # fmt: skip
    half = [match for match in words if match[0].isascii()]
    full = [match for match in words if not match[0].isascii()]
    if 0 < len(full) <= _FEW and len(half) >= _DOMINANT * len(full):
        for match in full:
            yield Found(*match.span(), _in_width(match[0], full=False))


def _in_width(written: str, *, full: bool) -> str:
    plain = unicodedata.normalize("NFKC", written)
    return "".join(chr(ord(letter) + 0xFEE0) for letter in plain) if full else plain


def repeated_word(document: Document, _: Rule) -> Iterator[Found]:
    """The same words twice in a row: 「についてについて」."""
    for pattern in (_TWICE, _TWICE_SHORT):
        for match in pattern.finditer(document.text):
            if pattern is _TWICE and _SOUND.fullmatch(match["x"]):
                continue
            if not _FINE_TWICE.match(match["x"]):
                yield Found(*match.span(), match["x"])
