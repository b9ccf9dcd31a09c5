"""Where a person's name stands in Japanese text: before 様, さん, 氏…, or after a label of a form.

A name is found by what stands around it, not by a dictionary alone: a run of two to five kanji
before an honorific is a name unless it is a role (担当者様), a relative (奥様) or a set word
(同様). The list of surnames finds where a name begins in a longer run (市民課田中さん).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path


def _words(name: str) -> tuple[str, ...]:
    """Read a word list of bot/words/; lines that begin with # explain it."""
    lines = (Path(__file__).parent / "words" / name).read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())


_SURNAMES = frozenset(_words("surnames.txt"))
_SINGLE = frozenset(name for name in _SURNAMES if len(name) == 1)
_HONORIFIC = re.compile(
    r"様(?!式|子|々|相|態|変)|さま|さん(?!か|こ|ぽ|しん|ご)|氏(?!名|子|神|族|寺)|殿(?!堂|下)"
    r"|くん|ちゃん|先生|君"
)
_ONLY_AFTER_SURNAME = frozenset(("くん", "ちゃん", "先生", "君"))
_LABELLED = re.compile(
    r"(?:氏名|名前|フリガナ|ふりがな|世帯主|届出人|届出者|申請者|申請人|請求者|被保険者|受給者"
    r"|契約者|対象児童|保護者|本人|代理人|差出人|宛名|担当医)(?:名|氏名)?[ ]?:[ ]?"
    r"([一-龥々ヶ﨑髙]{1,4}[ ]?[一-龥々ぁ-んァ-ヶー]{1,6}|[ァ-ヶー]{2,8}(?:[ ][ァ-ヶー]{2,8})?)"
)
_ROLE_ENDS = _words("role-ends.txt")
_KATAKANA_ROLES = frozenset(_words("katakana-roles.txt"))
_WINDOW = 24
_LONGEST_UNKNOWN = 5
_LONGEST_RUN = 12


def find_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each name, without its honorific. `text` is in NFKC."""
    for label in _LABELLED.finditer(text):
        yield label.span(1)
    for honorific in _HONORIFIC.finditer(text):
        end = honorific.start()
        if text[end - 1 : end] in ("様", "氏", "殿"):
            continue
        if end and text[end - 1] == " ":
            end -= 1
        left = text[max(0, end - _WINDOW) : end]
        length = _name_length(left, only_known=honorific[0] in _ONLY_AFTER_SURNAME)
        if length:
            yield end - length, end


def _name_length(left: str, *, only_known: bool) -> int:
    """How many characters at the end of `left` are a name; 0 when they are none."""
    katakana = _tail(left, "ァ", "ー")
    kana = katakana or _tail(left, "ぁ", "ん")
    if kana:
        # 佐々木さくら, 佐々木 さくら: only behind a known surname.
        before = left[: -len(kana)]
        surname = _surname_at_end(before.rstrip(" "))
        if len(surname) > 1 and 2 <= len(kana) <= 5:
            gap = len(before) - len(before.rstrip(" "))
            return len(kana) + gap + len(surname)
        is_name = len(katakana) > 1 and katakana not in _KATAKANA_ROLES and not only_known
        return len(katakana) if is_name else 0
    kanji = _tail(left, "一", "龥", also="々ヶ﨑髙")
    before = left[: len(left) - len(kanji)]
    if before.endswith(" ") and 1 <= len(kanji) <= 3:
        # 佐藤 花子: the honorific follows the given name.
        surname = _surname_at_end(before[:-1])
        if surname:
            return len(surname) + 1 + len(kanji)
    return _in_run(kanji, only_known=only_known) if kanji else 0


def _tail(text: str, first: str, last: str, *, also: str = "") -> str:
    """The letters of one script at the end of a text, at most twelve."""
    start = len(text)
    while start and len(text) - start < _LONGEST_RUN:
        letter = text[start - 1]
        if not (first <= letter <= last or letter in also):
            break
        start -= 1
    return text[start:]


def _in_run(run: str, *, only_known: bool) -> int:
    if run.endswith(_ROLE_ENDS) and run not in _SURNAMES:
        return 0
    for start in range(max(0, len(run) - 6), len(run)):
        rest = run[start:]
        surname = next((rest[:n] for n in (3, 2) if rest[:n] in _SURNAMES), "")
        if surname and len(rest) - len(surname) <= 3:
            return len(rest)
    if len(run) == 1:
        return int(run in _SINGLE)
    return 0 if only_known or len(run) > _LONGEST_UNKNOWN else len(run)


def _surname_at_end(text: str) -> str:
    return next((text[-n:] for n in (3, 2, 1) if len(text) >= n and text[-n:] in _SURNAMES), "")
