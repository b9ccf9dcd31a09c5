"""Readings over kanji, as やさしい日本語 asks for; from the dictionary, so a person looks at them.

Source: 在留支援のためのやさしい日本語ガイドライン (出入国在留管理庁・文化庁, 2020), ステップ2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot import japanese

Pieces = list[tuple[str, str]]

_KANJI = "\u3400-\u4dbf\u4e00-\u9fff々"
_RUN = re.compile(f"[{_KANJI}]+|[^{_KANJI}]+")
# Days that are read as one word, and figures before which 分 and 階 change their sound.
_DAYS = {
    "1": "ついたち", "2": "ふつか", "3": "みっか", "4": "よっか", "5": "いつか", "6": "むいか",
    "7": "なのか", "8": "ようか", "9": "ここのか", "10": "とおか", "14": "じゅうよっか",
    "20": "はつか", "24": "にじゅうよっか",
}  # fmt: skip
_COUNTED = re.compile(
    r"(?<=月)(?P<day>\d{1,2}日)|(?<=[134680])(?P<minute>分)|(?<=3)(?P<floor>階)"
    r"|(?<!\d)(?P<people>[12]人)"
)
_PEOPLE = {"1人": "ひとり", "2人": "ふたり"}


def read(text: str, known: Mapping[str, str]) -> Pieces:
    """Cut a text into (part, reading); parts without kanji have none.

    `known` are readings of the office's own: of a name, or where the dictionary is wrong. One of
    a single letter holds where that letter is a word by itself.
    """
    words = sorted((word for word in known if len(word) > 1), key=len, reverse=True)
    pattern = re.compile("|".join([*map(re.escape, words), f"(?:{_COUNTED.pattern})"]))
    pieces: Pieces = []
    at = 0
    for match in pattern.finditer(text):
        pieces += _by_dictionary(text[at : match.start()], known)
        own = known.get(match[0])
        pieces += _over_kanji(match[0], own) if own else _counted(match)
        at = match.end()
    return _joined([*pieces, *_by_dictionary(text[at:], known)])


def _counted(match: re.Match[str]) -> Pieces:
    """A word of figure and counter; other days than these are read にち."""
    if match["day"]:
        figure = match["day"][:-1]
        whole = _DAYS.get(figure)
        return [(match["day"], whole)] if whole else [(figure, ""), ("日", "にち")]
    return [(match[0], _PEOPLE.get(match[0]) or ("ぷん" if match["minute"] else "がい"))]


def _by_dictionary(text: str, known: Mapping[str, str]) -> Pieces:
    pieces: Pieces = []
    for surface, reading in japanese.readings(text):
        pieces += _over_kanji(surface, known.get(surface, reading))
    return pieces


def _over_kanji(word: str, reading: str) -> Pieces:
    """住む, すむ → (住, す), (む, ""): only over the kanji; nothing when the two do not fit."""
    runs = _RUN.findall(word)
    parts = ["(.+?)" if _is_kanji(run) else re.escape(japanese.hiragana(run)) for run in runs]
    match = re.fullmatch("".join(parts), reading) if any(map(_is_kanji, runs)) else None
    if match is None:
        return [(word, "")]
    over = iter(match.groups())
    return [(run, next(over) if _is_kanji(run) else "") for run in runs]


def _is_kanji(run: str) -> bool:
    return re.match(f"[{_KANJI}]", run) is not None


def _joined(pieces: Pieces) -> Pieces:
    """Neighbours without a reading as one part."""
    joined: Pieces = []
    for text, reading in pieces:
        if joined and not reading and not joined[-1][1]:
            joined[-1] = (joined[-1][0] + text, "")
        elif text:
            joined.append((text, reading))
    return joined
