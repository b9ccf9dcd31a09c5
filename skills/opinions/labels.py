"""Names of topics: the words their own opinions use most and others do not.

A name is a noun as it stands in the texts, or two that stand together, such as 保育園の待機児童;
never half a word, and no two topics have the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from bot import japanese
from skills.opinions import features, words

LONGEST = 15
# So many typical texts of a topic are read.
READ = 20
CHARACTERS = 400
UNNAMED = "その他のご意見"

_UNNAMED = words.listed("unnamed")
_EMPTY = words.listed("empty")
_INSIDE = frozenset({"名詞", "形状詞", "接頭辞", "接尾辞"})
_ADDRESS = frozenset({"さん", "様", "ちゃん", "くん", "君", "氏", "たち", "達", "ら", "等", "など"})

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Nouns:
    """What one text says: `single` nouns, compounds whole; `pairs` of them joined by の."""

    single: frozenset[str]
    pairs: frozenset[tuple[str, str]]


def name(groups: Mapping[Key, Sequence[str]]) -> dict[Key, str]:
    """Name each group after its most typical texts, best first: at most 15 characters.

    Groups that come first have the first choice. Names of the topics, `(topic, -1)`, are
    distinct, and so are those within one topic.
    """
    read = {key: [text[:CHARACTERS] for text in texts[:READ]] for key, texts in groups.items()}
    nouns = {text: _nouns(text) for text in {text for texts in read.values() for text in texts}}
    spread: Counter[str] = Counter()
    for (_, second), texts in read.items():
        if second == -1:
            spread.update({noun for text in texts for noun in nouns[text].single})
    tops = sum(second == -1 for _, second in read)
    names: dict[Key, str] = {}
    for key in sorted(read, key=lambda key: (key[1] != -1, key)):
        taken = _taken(names, key)
        choices = _choices(read[key], [nouns[text] for text in read[key]], spread, tops)
        if key[1] == -1:
            choices = _broadly(read[key], choices)
        names[key] = next((choice for choice in choices if choice not in taken), "")
        names[key] = names[key] or _plain(read[key][0], taken)
    return names


def _taken(names: Mapping[Key, str], key: Key) -> set[str]:
    topic, second = key
    if second == -1:
        return {given for (_, other), given in names.items() if other == -1}
    return {given for (above, _), given in names.items() if above == topic}


def _choices(
    texts: Sequence[str], nouns: Sequence[_Nouns], spread: Mapping[str, int], tops: int
) -> Iterator[str]:
    """Possible names, the best first."""
    candidates = {noun for found in nouns for noun in found.single}
    holding = {noun: sum(noun in text for text in texts) for noun in sorted(candidates)}
    score = {
        noun: count / len(texts) * log((1 + tops) / (0.5 + spread.get(noun, 0)))
        for noun, count in holding.items()
    }
    ranked = sorted(candidates, key=lambda noun: (-score[noun], -len(noun), noun))
    pairs = Counter(pair for found in nouns for pair in found.pairs)
    for noun in ranked[:8]:
        whole = _whole(noun, holding)
        yield from _joined(whole, pairs, holding)
        beside = _beside(whole, ranked, holding)
        if beside:
            yield beside
        yield whole


def _broadly(texts: Sequence[str], choices: Iterator[str]) -> Iterator[str]:
    """The field of work first, where half of the texts share it and no noun holds as many."""
    listed = list(choices)
    nouns = listed[0].replace("の", "・").split("・") if listed else []
    held = max((sum(noun in text for text in texts) for noun in nouns), default=0)
    fields = Counter(field for text in texts for field in sorted(features.fields(text)))
    for field, count in fields.most_common(1):
        if count >= max(2, len(texts) / 2) and count > held:
            yield field
    yield from listed


def _whole(noun: str, holding: Mapping[str, int]) -> str:
    """The longer compound that most of the texts with the noun have."""
    longer = [
        other for other, count in holding.items() if noun in other and count > 0.6 * holding[noun]
    ]
    return max(longer, key=lambda other: (len(other), other))


def _joined(
    noun: str, pairs: Mapping[tuple[str, str], int], holding: Mapping[str, int]
) -> Iterator[str]:
    """「AのB」 with the noun as one of both, where it is usual in these texts."""
    usual = max(1.0, 0.3 * holding[noun])
    fitting = [
        (-count, f"{one}の{other}")
        for (one, other), count in pairs.items()
        if noun in (one, other) and count >= usual and len(one) + len(other) < LONGEST
    ]
    yield from (phrase for _, phrase in sorted(fitting))


def _beside(noun: str, ranked: Sequence[str], holding: Mapping[str, int]) -> str:
    """「A・B」 with the next best noun that half as many texts have, and more than one."""
    for other in ranked:
        apart = other not in noun and noun not in other
        if apart and holding[other] >= max(2, holding[noun] / 2):
            both = f"{noun}・{other}"
            return both if len(both) <= LONGEST else ""
    return ""


def _plain(text: str, taken: set[str]) -> str:
    """Whole words from the beginning of a text; a number tells apart what is the same."""
    begun = ""
    for unit in japanese.morphemes(text):
        if len(begun) + len(unit.surface) > LONGEST - 3:
            break
        begun += unit.surface
    begun = begun.strip() or UNNAMED
    numbered = (f"{begun}{number}" for number in range(2, len(taken) + 3))
    return begun if begun not in taken else next(one for one in numbered if one not in taken)


def _nouns(text: str) -> _Nouns:
    single: list[str] = []
    pairs: set[tuple[str, str]] = set()
    run: list[japanese.Morpheme] = []
    before, joined, counted = "", False, False
    for unit in [*japanese.morphemes(text), None]:
        if unit is not None and _is_inside(unit):
            # 「2050年」 leaves 年, which belongs to the number.
            run += [] if counted else [unit]
            counted = False
            continue
        noun = _compound(run)
        if noun:
            single.append(noun)
            if joined and before:
                pairs.add((before, noun))
        joined = unit is not None and unit.surface == "の" and bool(noun)
        before, run = noun if joined else "", []
        counted = unit is not None and unit.detail == "数詞"
    return _Nouns(frozenset(single), frozenset(pairs))


def _is_inside(unit: japanese.Morpheme) -> bool:
    return unit.pos in _INSIDE and unit.detail != "数詞" and unit.surface not in _EMPTY


def _compound(run: list[japanese.Morpheme]) -> str:
    """The run of units as one noun; empty when it names nothing."""
    while run and run[-1].surface in _ADDRESS:
        run = run[:-1]
    while run and run[0].pos == "接尾辞":
        run = run[1:]
    noun = "".join(unit.surface for unit in run)
    if not any(unit.pos == "名詞" for unit in run) or noun in _UNNAMED:
        return ""
    says = 2 <= len(noun) <= LONGEST and noun.isalnum() and not noun[:1].isdigit()
    is_kana = len(noun) < 3 and all("\u3041" <= letter <= "\u309f" for letter in noun)
    return noun if says and not is_kana else ""
