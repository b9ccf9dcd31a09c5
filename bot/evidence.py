"""Does the cited text support what an answer states.

Each sentence must carry 〔n〕 of a passage that exists, state no number that the passage does not
hold, share enough of its words with it, and not say the opposite. This finds unsupported
statements, not false ones: it compares words and does not understand them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot import quantities
from bot.ports import Passage

UNSUPPORTED = "（根拠を確認できません）"
NOT_FOUND = "見つかりませんでした"

# Share of a sentence's character pairs that the cited text must hold. Chosen on the pairs in
# tests/data/evidence-dev.jsonl; tests/test_evidence.py holds it to others.
LEAST_OVERLAP = 0.5
LONGEST_LEAD_IN = 40

_CITATION = re.compile(
    r"[\[［【〔〖]\s?([0-9０-９]{1,2}(?:\s?[,、，・]\s?[0-9０-９]{1,2}){0,8})\s?[\]］】〕〗]"
)
_PLACEHOLDER = re.compile(r"〈[^〈〉\n]{1,12}〉")
_BULLET = re.compile(r"\s{0,8}(?:[-*・●○]\s{0,2}|[0-9]{1,2}[.)．）]\s{1,2}|>\s?|#{1,4}\s)")
_NUMERALS = re.compile(r"[0-9〇一二三四五六七八九十百千万億]")
_NO_WORD = re.compile(r"[ぁ-ゖ]{2}|.[はがをにのとでもへやよす]|[はがをにのとでもへや].")
_ENDS = "。！？!?"
_OPEN, _CLOSE = "「『（(", "」』）)"

# What looks like a negation and is an obligation, an addition or an emphasis.
_NOT_NEGATIVE = re.compile(
    r"(?:なければ|なくては|ないと)(?:なりません|ならない|ならず|いけません|いけない)"
    r"|ざるを得|だけでなく|のみでなく|ばかりでなく|少なくとも|にかかわらず|に関わらず|差し支えない"
    r"|差し支えありません|必ず|まず[、は]|いずれ|わずか|問わず|間もなく|しか(?=.{0,12}(?:ない|ません))"
)
_NEGATIVE = re.compile(
    r"ません|ない|なかった|なく|ずに|ず、|せず|不要|不可|禁止|禁じ|対象外|除く|除き|無料|免除|無効"
    r"|(?i:\b(?:not|no|never|cannot|without)\b|n't\b)"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer after the check.

    `text` has its citations as 〔n〕 and its unsupported sentences marked; `cited` are the
    passages that supported sentences point to, ascending.
    """

    text: str
    cited: tuple[int, ...]
    unsupported: tuple[str, ...]
    supported: tuple[str, ...]
    says_not_found: bool

    @property
    def nothing_supported(self) -> bool:
        return not self.supported


def check(text: str, passages: Sequence[Passage]) -> Checked:
    """Check every sentence of an answer against the passages it cites; passage n is the nth."""
    written: list[str] = []
    cited: set[int] = set()
    supported: list[str] = []
    unsupported: list[str] = []
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if _is_lead_in(line) and any(rest.strip() for rest in lines[index + 1 :]):
            written.append(line)
            continue
        parts = []
        for sentence in sentences(line):
            numbers, clean = _citations(sentence, len(passages))
            words = _CITATION.sub("", sentence).strip()
            if not _states(words):
                parts.append(clean)
            elif numbers and supports(words, [passages[n - 1] for n in numbers]):
                cited.update(numbers)
                supported.append(words)
                parts.append(clean)
            else:
                unsupported.append(words)
                parts.append(f"{clean.rstrip()}{UNSUPPORTED}")
        written.append("".join(parts))
    return Checked(
        text="\n".join(written),
        cited=tuple(sorted(cited)),
        unsupported=tuple(unsupported),
        supported=tuple(supported),
        says_not_found=NOT_FOUND in text,
    )


def sentences(line: str) -> list[str]:
    """Split one line after its sentence ends; citations that follow an end stay with it.

    Ends inside brackets do not count. Joined, the parts are the line again.
    """
    parts, start, depth, index = [], 0, 0, 0
    while index < len(line):
        character = line[index]
        depth += (character in _OPEN) - (character in _CLOSE)
        depth = max(depth, 0)
        index += 1
        is_end = character in _ENDS or (
            character == "." and line[index : index + 1] == " " and not line[index - 2].isdigit()
        )
        if is_end and depth == 0:
            while (follows := _CITATION.match(line, index)) is not None:
                index = follows.end()
            parts.append(line[start:index])
            start = index
    if line[start:]:
        parts.append(line[start:])
    return parts


def supports(sentence: str, passages: Sequence[Passage]) -> bool:
    """Whether passages together hold what one sentence, without its citations, states."""
    passage_text = "\n".join(_whole(passage) for passage in passages)
    stated = quantities.find(_PLACEHOLDER.sub("", sentence))
    held = quantities.find(passage_text)
    if not all(quantities.holds(held, quantity) for quantity in stated):
        return False
    pairs = _pairs(sentence)
    if _is_latin(sentence) and not _is_latin(passage_text):
        # An answer in English about Japanese text: its numbers and quoted terms can be compared.
        pairs = {pair for pair in pairs if not any(character.isascii() for character in pair)}
    if not pairs:
        return bool(stated)
    if len(pairs & _pairs(passage_text)) / len(pairs) < LEAST_OVERLAP:
        return False
    nearest = max(_split(passage_text), key=lambda part: len(pairs & _pairs(part)))
    return _is_negative(sentence) == _is_negative(nearest)


def _citations(sentence: str, passages: int) -> tuple[list[int], str]:
    """The passages a sentence points to, and the sentence with each written as 〔n〕.

    A number without a passage is taken out: it would point a reader nowhere.
    """
    found: list[int] = []

    def rewrite(match: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d{1,2}", match[1])]
        known = [number for number in numbers if 1 <= number <= passages]
        found.extend(known)
        return "".join(f"〔{number}〕" for number in known)

    return found, _CITATION.sub(rewrite, sentence)


def _states(words: str) -> bool:
    """Whether a sentence claims anything: not when it is empty, or says that nothing was found."""
    return bool(_plain(words)) and NOT_FOUND not in words


def _is_lead_in(line: str) -> bool:
    """A short line such as 「次のとおりです：」 before a list, with no number of its own."""
    words = line.strip()
    is_short = len(words) <= LONGEST_LEAD_IN and words.endswith((":", "："))
    return is_short and not quantities.find(words)


def _whole(passage: Passage) -> str:
    return "\n".join((passage.document, passage.heading, passage.revised, passage.text))


def _split(text: str) -> list[str]:
    return [part for line in text.split("\n") for part in sentences(line)] or [""]


def _plain(text: str) -> str:
    """Letters and digits only, in one form."""
    plain = unicodedata.normalize("NFKC", _PLACEHOLDER.sub("", _BULLET.sub("", text, count=1)))
    return "".join(character for character in plain.casefold() if character.isalnum())


def _pairs(text: str) -> set[str]:
    """Pairs of characters that carry words: no numbers, which are compared by value, no endings.

    Hiragana alone, and kanji beside a particle, say how a sentence is put, not what it says.
    """
    plain = _NUMERALS.sub(" ", _plain(text))
    pairs = (plain[index : index + 2] for index in range(len(plain) - 1))
    return {pair for pair in pairs if " " not in pair and not _NO_WORD.fullmatch(pair)}


def _is_latin(text: str) -> bool:
    """Whether most letters are a to z."""
    letters = [character for character in _plain(text) if character.isalpha()]
    return sum(character.isascii() for character in letters) * 2 > len(letters)


def _is_negative(text: str) -> bool:
    return _NEGATIVE.search(_NOT_NEGATIVE.sub("", text)) is not None
