"""Personal data and secrets out of a text, and back into what a model made of it.

Every find becomes a placeholder such as 〈電話1〉; the table that turns it back never leaves the
turn. Numbers are recognised by check digit, shape and the words around them: one in ten strings of
twelve digits passes the check digit of an individual number, so the digit alone is not enough.
Text is compared in NFKC without invisible characters; what is replaced is the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.names import find_names
from bot.places import find_addresses

Span = tuple[int, int]
LITERAL = "記号"

_HYPHENS = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－⁃˗─━"), "-")
# Letters that are their own NFKC form, and need no other treatment.
_IN_FORM = re.compile(r"(?:[\n -~、。「」々〇ぁ-ゖァ-ヺ一-鿿]|(?<![0-9])ー)*")
_PLACEHOLDER = re.compile(r"[〈<《〈] ?([一-龥ァ-ヶー]{1,8}) ?([0-9]{1,5}) ?[〉>》〉]")
_WRITTEN_PLACEHOLDER = re.compile(r"[〈<《] ?[一-龥ァ-ヶー]{1,8} ?[0-9]{1,5} ?[〉>》]")
_CONTEXT_BEFORE, _CONTEXT_AFTER = 40, 16


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data; `found` counts finds by kind, `table` restores them."""

    text: str
    found: Mapping[str, int]
    table: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MaskedAll:
    """Several texts masked alike: the same value has the same placeholder in all of them."""

    texts: tuple[str, ...]
    found: Mapping[str, int]
    table: Mapping[str, str]


def mask(text: str) -> Masked:
    """Replace personal data and secrets in one text."""
    masked = mask_all([text])
    return Masked(masked.texts[0], masked.found, masked.table)


def mask_all(texts: Sequence[str]) -> MaskedAll:
    """Replace personal data and secrets in texts that go to a model together."""
    found: Counter[str] = Counter()
    placeholders: dict[tuple[str, str], str] = {}
    made: Counter[str] = Counter()
    written = []
    for text in texts:
        pieces, last = [], 0
        for start, end, kind in _finds(text):
            value = text[start:end]
            if (kind, value) not in placeholders:
                made[kind] += 1
                placeholders[kind, value] = f"〈{kind}{made[kind]}〉"
            pieces += [text[last:start], placeholders[kind, value]]
            last = end
            found[kind] += 1
        written.append("".join((*pieces, text[last:])))
    found.pop(LITERAL, None)
    table = {placeholder: value for (_, value), placeholder in placeholders.items()}
    return MaskedAll(tuple(written), dict(found), table)


def restore(text: str, table: Mapping[str, str]) -> str:
    """Put the values back. Placeholders that models spell otherwise (〈電話１〉) are understood.

    In one pass, so that a value which looks like a placeholder stays as it is.
    """

    def value(match: re.Match[str]) -> str:
        number = unicodedata.normalize("NFKC", match[2])
        return table.get(f"〈{match[1]}{number}〉", match[0])

    return _ANY_PLACEHOLDER.sub(value, text)


def restore_value(value: Any, table: Mapping[str, str]) -> Any:
    """Put the values back into JSON, or into a pydantic model, which is validated again."""
    match value:
        case str():
            return restore(value, table)
        case Mapping():
            return {key: restore_value(item, table) for key, item in value.items()}
        case list() | tuple():
            return type(value)(restore_value(item, table) for item in value)
    if hasattr(value, "model_dump"):
        return type(value).model_validate(restore_value(value.model_dump(), table))
    return value


def is_individual_number(digits: str) -> bool:
    """Whether twelve digits end in the check digit of an individual number (マイナンバー).

    Source: 番号利用法に基づく総務省令 (平成26年総務省令第85号) 第5条. With P_n the nth digit from
    the right without the check digit, Q_n = n + 1 for n ≤ 6 and n - 5 above, the digit is
    11 - (Σ P_n Q_n mod 11), or 0 when the remainder is 0 or 1.
    """
    if len(digits) != 12 or not digits.isdecimal():
        return False
    weighted = sum(
        int(digit) * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(digits[-2::-1], 1)
    )
    remainder = weighted % 11
    return int(digits[-1]) == (0 if remainder <= 1 else 11 - remainder)


def is_corporate_number(digits: str) -> bool:
    """Whether thirteen digits begin with the check digit of a corporate number (法人番号).

    Source: 法人番号の指定等に関する省令 (平成26年財務省令第70号) 第2条. With P_n the nth digit from
    the right and Q_n = 1 for odd n, 2 for even n, the digit is 9 - (Σ P_n Q_n mod 9).
    """
    if len(digits) != 13 or not digits.isdecimal():
        return False
    weighted = sum(int(digit) * (2 - n % 2) for n, digit in enumerate(digits[:0:-1], 1))
    return int(digits[0]) == 9 - weighted % 9


def is_card_number(digits: str) -> bool:
    """Whether 14 to 16 digits pass the check of a payment card.

    Source: ISO/IEC 7812-1 annex B, the formula of Luhn.
    """
    if not 14 <= len(digits) <= 16 or digits[0] not in "23456":
        return False
    doubled = (int(digit) * (1 + n % 2) for n, digit in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


@dataclass(frozen=True, slots=True)
class _Shape:
    """Something with a shape. `context` must stand near it, `holds` must accept its digits.

    Group 1 of the pattern is what is masked when there is one.
    """

    kind: str
    pattern: re.Pattern[str]
    context: re.Pattern[str] | None = None
    holds: Callable[[str], bool] | None = None

    def find(self, text: str) -> Iterator[Span]:
        for match in self.pattern.finditer(text):
            start, end = match.span(1) if self.pattern.groups else match.span()
            if start == end:
                continue
            if self.holds and not self.holds(re.sub(r"[^0-9]", "", text[start:end])):
                continue
            if self.context and not self._is_near(text, start, end):
                continue
            yield start, end

    def _is_near(self, text: str, start: int, end: int) -> bool:
        assert self.context is not None
        before, after = text[max(0, start - _CONTEXT_BEFORE) : start], text[end:]
        return bool(self.context.search(before) or self.context.search(after[:_CONTEXT_AFTER]))


# Digits and letters do not touch a number that is whole.
_L, _R = r"(?<![0-9A-Za-z])(?<![0-9]-)", r"(?![0-9A-Za-z])(?!-[0-9])"
_DATE = (
    r"(?:(?:明治|大正|昭和|平成|令和|[MTSHR])[ ]?(?:[0-9]{1,2}|元)|(?:18|19|20)[0-9]{2})"
    r"[年./-][ ]?[0-9]{1,2}[月./-][ ]?[0-9]{1,2}日?"
)
_SHAPES = (
    _Shape(LITERAL, _WRITTEN_PLACEHOLDER),
    _Shape(
        "秘密",
        re.compile(
            r"(?<![A-Za-z0-9])(?:sk-[A-Za-z0-9_-]{20,200}|xox[a-z]-[A-Za-z0-9-]{10,200}"
            r"|xapp-[A-Za-z0-9-]{10,200}|gh[pousr]_[A-Za-z0-9]{30,100}"
            r"|github_pat_[A-Za-z0-9_]{20,120}|A[KS]IA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35}"
            r"|eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000})"
        ),
    ),
    _Shape(
        "秘密",
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,8000}"
            r"(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
        ),
    ),
    _Shape(
        "秘密",
        re.compile(
            r"(?i:パスワード|暗証番号|password|passwd|secret|api[_ -]?key|token|bearer)"
            r"[ ]?(?:は|[:=]|が)?[ ]?[\"「']?"
            r"((?=[!-~]{0,63}[0-9])(?![0-9]{1,3}(?![!-~]))[A-Za-z0-9!#$%&*+@^_~.-]{4,64})"
            r"(?![^\s。、」\"']{0,3}(?:文字|桁|回|日|か月|ヶ月|年|以上|以内))"
        ),
    ),
    _Shape(
        "メール",
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,254}@"
            r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
        ),
    ),
    _Shape(
        "カード",
        re.compile(rf"{_L}[0-9]{{4}}(?:[ -]?[0-9]{{2,6}}){{2,4}}{_R}"),
        holds=is_card_number,
    ),
    _Shape(
        "個人番号",
        re.compile(
            rf"{_L}[0-9]{{4}}([ -]?)[0-9]{{4}}\1[0-9]{{4}}{_R}".replace(
                r"([ -]?)", "[ -]?"
            ).replace(r"\1", "[ -]?")
        ),
        context=re.compile(r"マイナンバ|個人番号|(?i:my ?number)"),
    ),
    _Shape(
        "個人番号",
        re.compile(rf"{_L}[0-9]{{4}}[ -][0-9]{{4}}[ -][0-9]{{4}}{_R}"),
        holds=is_individual_number,
    ),
    _Shape(
        "法人番号",
        re.compile(rf"(?<![0-9A-SU-Za-z])(?<![0-9]-)T?([0-9](?:[ -]?[0-9]{{4}}){{3}}){_R}"),
        context=re.compile(r"法人番号|会社法人|登録番号|インボイス|T$"),
        holds=is_corporate_number,
    ),
    _Shape(
        "免許",
        re.compile(rf"{_L}[0-9]{{12}}{_R}"),
        context=re.compile(r"免許"),
    ),
    _Shape("旅券", re.compile(rf"{_L}[A-Z]{{2}}[0-9]{{7}}{_R}"), re.compile(r"旅券|パスポ.ト")),
    _Shape("在留カード", re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{8}[A-Z]{2}(?![A-Za-z0-9])")),
    _Shape("年金番号", re.compile(rf"{_L}[0-9]{{4}}-?[0-9]{{6}}{_R}"), re.compile("年金")),
    _Shape(
        "保険番号",
        re.compile(
            r"(?:被保険者番号|被保険者証|保険者番号|保険証|受給者番号|記号[・及びと]{0,2}番号)"
            r"[^0-9\n。]{0,12}([0-9]{2,10}(?:[ -][0-9]{1,8}){0,2})"
            r"(?:[^0-9\n。]{0,6}番号[^0-9\n。]{0,4})?(?![0-9])"
        ),
    ),
    _Shape(
        "記号番号",
        re.compile(
            r"記号[^0-9\n。]{0,4}([0-9]{1,8}[^0-9\n。]{0,8}番号[^0-9\n。]{0,4}[0-9]{1,8})(?![0-9])"
        ),
    ),
    _Shape(
        "口座",
        re.compile(
            r"(?:普通|当座|貯蓄|口座)(?:預金|貯金|口座|番号)?[^0-9\n。]{0,10}"
            r"(?<![0-9,])([0-9]{6,8})(?![0-9,円]|[ ]?円)"
        ),
    ),
    _Shape(
        "電話",
        re.compile(
            r"(?<![0-9A-Za-z-])(?:\+81[ -]?(?:\(0\))?[0-9]{1,4}[ -]?[0-9]{1,4}[ -]?[0-9]{3,4}"
            r"|\(0[0-9]{1,4}\)[ ]?[0-9]{1,4}[ -]?[0-9]{3,4}"
            r"|0[0-9]{1,4}\([0-9]{1,4}\)[0-9]{3,4}"
            r"|0[0-9]{1,4}[ ]?-[ ]?[0-9]{1,4}[ ]?-[ ]?[0-9]{3,4}"
            r"|0[0-9]{1,3} [0-9]{2,4} [0-9]{4}"
            r"|0[5789]0[0-9]{8}|0120[0-9]{6})(?![0-9])(?!-[0-9])"
        ),
        holds=lambda digits: 10 <= len(digits) <= 13,
    ),
    _Shape(
        "電話",
        re.compile(rf"{_L}0[0-9]{{9}}{_R}"),
        context=re.compile(r"電話|連絡先|携帯|自宅|(?i:tel|fax)|ファ.クス"),
    ),
    _Shape(
        "生年月日",
        re.compile(rf"(?:生年月日|誕生日|出生日|生まれ)[^0-9明大昭平令MTSHR\n。]{{0,8}}({_DATE})"),
    ),
    _Shape("生年月日", re.compile(rf"({_DATE})[ ]?(?:生まれ|うまれ|出生|生(?![徒活産涯物]))")),
    _Shape("郵便番号", re.compile(r"〒[ ]?([0-9]{3}-?[0-9]{4})(?![0-9])")),
    _Shape("郵便番号", re.compile(rf"{_L}[0-9]{{3}}-[0-9]{{4}}{_R}"), re.compile(r"郵便番号|住所")),
)
_ANY_PLACEHOLDER = re.compile(r"[〈<《〈] ?([一-龥ァ-ヶー]{1,8}) ?([0-9０-９]{1,5}) ?[〉>》〉]")


def _finds(text: str) -> list[tuple[int, int, str]]:
    """Spans of the original text and their kinds, in order; where two meet the first rule wins."""
    plain, places = _plain(text)
    taken: list[tuple[int, int, str]] = []
    free = bytearray(len(plain))
    for kind, spans in _recognise(plain):
        for start, end in spans:
            if any(free[start:end]):
                continue
            free[start:end] = b"\1" * (end - start)
            taken.append((places[start], places[end - 1] + 1, kind))
    return sorted(taken)


def _recognise(plain: str) -> Iterator[tuple[str, Iterator[Span]]]:
    for shape in _SHAPES:
        yield shape.kind, shape.find(plain)
    yield "住所", find_addresses(plain)
    yield "氏名", find_names(plain)


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """The text in one form, and for each of its characters the place it came from.

    The prolonged sound mark is a hyphen only between digits: elsewhere it is part of a word.
    """
    if _IN_FORM.fullmatch(text):
        # Most sentences are: going through tens of thousands letter by letter takes seconds.
        return text, range(len(text))
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = _form(character)
        if character in "ーｰ" and _is_digit(text, place - 1):
            plain = "-"
        characters += plain
        places += [place] * len(plain)
    return "".join(characters), places


@lru_cache(maxsize=8192)
def _form(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category == "Zs":
        return " "
    if category == "No":
        # Circled and superscript digits number lines; they are not part of what follows them.
        return character
    return unicodedata.normalize("NFKC", character).translate(_HYPHENS)


def _is_digit(text: str, place: int) -> bool:
    return place >= 0 and text[place].isdecimal()
