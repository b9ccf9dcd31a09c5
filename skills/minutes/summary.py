"""A summary of what was said: whole plain sentences within a length, tied to their lines.

Points are found first, by the words that open them (まず、次に、…についてであります); then it is
weighed what each sentence comes to (weighing.py), the sentences are compressed to clauses
(compress.py), and the clauses with the likeliest words are put together as the length allows
(packing.py). No model.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from bot import BadInput
from bot.japanese import grams, sentences, words
from skills.minutes.compress import LONGEST, Clause, Plain, plain
from skills.minutes.packing import Part, pack
from skills.minutes.transcript import Line, Transcript
from skills.minutes.weighing import ANNOUNCED_BY, Sentence, likely, weighted

# Sentences looked at closely, whatever the length of the meeting.
CANDIDATES = 400
# Characters that one point needs to say anything.
POINT = 22
# A sentence without a full stop that is as long as this may be several.
UNSTOPPED = 60
# A point of more sentences than this is searched for the place a query means.
LONG_POINT = 12
# What questions say whatever they are about.
ASKING = (
    "今後どのように取り組んでいくのか、推進に向けた対応、充実、強化、支援、活用、実施、促進、見直し、"
    "市長、知事、県、市の見解、所見、認識を伺う。進めるべき。図るべき。現状と課題、対策、整備、方針は。"
)
_HIRAGANA = re.compile(r"[\u3041-\u309f]")
SYNONYMS = Path(__file__).parent / "words" / "synonyms.txt"

_POINT_OPENING = re.compile(
    r"(?:まず|初めに|はじめに|次[にはい]|つぎに|続いて|続きまして|最後[にはの]|終わりに|むすびに|結びに|第[一二三四五六七八九十\d]{1,3}に|"
    r"[一二三四五六七八九十\d]{1,3}点目(?:は|に|として)?)(?:は)?、"
)
# How a question ends that has been led up to, so that it announces nothing.
_CONCLUDING = re.compile(r"(?:そこで|今後|以上|こうした|これらを|この(?:点|こと|ような))")
_GOES_ON = re.compile(r"[、をがはにのとでもてし,]$")
_ENDS = re.compile(
    r"(?:ます|です|ました|でした|ません)(?:よね|ね|よ|か)?"
    r"(?=[\u4e00-\u9fff\u30a1-\u30f6]|それ|では|じゃ|まず|また|この|その|あと|はい|えー)"
)


@dataclass(frozen=True, slots=True)
class Summary:
    """`text` is whole sentences, each ending in 「。」, or empty; `lines` the lines it rests on."""

    text: str
    lines: tuple[int, ...]


def summarise(transcript: Transcript, *, limit: int, query: str = "") -> Summary:
    """At most `limit` characters, of whole sentences; on the point `query` asks about, if given.

    Empty when nothing fits.
    """
    starts = {segment.first for segment in transcript.segments}
    return _summarise(transcript.lines, starts, limit, query)


def per_agenda(transcript: Transcript, limit_each: int) -> tuple[tuple[str, Summary], ...]:
    """Title and summary of every point of the agenda, in order; one without a title at least."""
    if not transcript.segments:
        return (("", summarise(transcript, limit=limit_each)),)
    made = []
    for segment in transcript.segments:
        lines = [each for each in transcript.lines if segment.first <= each.number <= segment.last]
        made.append((segment.title, _summarise(lines, set(), limit_each, named=not segment.title)))
    return tuple(made)


def evaluate(rows: Iterable[Mapping[str, object]]) -> Iterator[dict[str, object]]:
    """Summaries of rows `{id, utterances: [{line, speaker, text}], length_limit, query?}`.

    Raises BadInput naming the row that is not of this shape.
    """
    for count, row in enumerate(rows, 1):
        name, lines, limit, query = _read(row, count)
        made = _summarise(lines, set(), limit, query)
        yield {"id": name, "summary": made.text, "lines": list(made.lines)}


def _read(row: Mapping[str, object], count: int) -> tuple[object, list[Line], int, str]:
    try:
        name, limit, utterances = row["id"], row["length_limit"], row["utterances"]
        query = row.get("query") or ""
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValueError("length_limit")
        if not isinstance(utterances, Sequence) or not isinstance(query, str):
            raise ValueError("utterances")
        lines = [
            Line(int(each["line"]), str(each["text"]), str(each.get("speaker") or ""))
            for each in utterances
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"row {count}: {error} is missing or wrong; a row is "
            "{id, utterances: [{line, speaker, text}], length_limit, query?}",
            remedy=f"{count}行目の形を直してください。"
            "必要な項目は id、utterances、length_limit です。",
        ) from error
    return name, lines, limit, query


def _summarise(
    lines: Sequence[Line], starts: set[int], limit: int, query: str = "", *, named: bool = True
) -> Summary:
    """`named`: a sentence may begin with what its point is about; who asks knows that."""
    said = weighted(_points(lines, starts))
    if query.strip():
        said, named = _about(said, query), False
    return _packed(_shortlist(said, limit), limit, likely(said), named=named)


def _points(lines: Sequence[Line], starts: set[int]) -> list[Sentence]:
    """Every sentence with its point; a new point begins where one is announced."""
    made: list[Sentence] = []
    point = 0
    for text, numbers in _joined(lines):
        for count, sentence in enumerate(_said(text)):
            opens = _POINT_OPENING.match(sentence) or (
                ANNOUNCED_BY.search(sentence, 0, 80) and not _CONCLUDING.match(sentence)
            )
            if made and (opens or (count == 0 and numbers[0] in starts)):
                point += 1
            first = not made or made[-1].point < point
            made.append(Sentence(sentence, numbers, point, opens=first))
    return made


def _said(text: str) -> list[str]:
    """Sentences; without full stops, as machines write speech down, one ends with its verb."""
    made: list[str] = []
    for sentence in sentences(text):
        stopped = sentence.endswith("。") or len(sentence) < UNSTOPPED
        made += [sentence] if stopped else _ENDS.sub(r"\g<0>。\n", sentence).splitlines()
    return made


def _joined(lines: Sequence[Line]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Lines with their numbers; those of one speaker are joined where a sentence goes on."""
    text, speaker = "", ""
    numbers: tuple[int, ...] = ()
    for line in lines:
        said = unicodedata.normalize("NFKC", line.text).strip()
        if text and line.speaker == speaker and _GOES_ON.search(text) and len(text) < LONGEST:
            text, numbers = text + said, (*numbers, line.number)
            continue
        if text:
            yield text, numbers
        text, numbers, speaker = said, (line.number,), line.speaker
    if text:
        yield text, numbers


def _about(said: list[Sentence], query: str) -> list[Sentence]:
    """The point that shares most with the query, its rarest words and character pairs first."""
    asked = _asked(query)
    points: dict[int, list[Sentence]] = {}
    for each in said:
        points.setdefault(each.point, []).append(each)
    marks = {
        point: asked.keys() & _marks("".join(each.text for each in group))
        for point, group in points.items()
    }
    found_in = Counter(mark for each in marks.values() for mark in each)
    worth = {mark: asked[mark] * math.log(1 + len(points) / found_in[mark]) for mark in found_in}
    scores = {
        # What a point announces first is what it is about.
        point: sum(worth[mark] for mark in marks[point])
        + sum(worth[mark] for mark in marks[point] & _marks(group[0].text))
        for point, group in points.items()
    }
    best = max(scores, key=lambda point: scores[point], default=0)
    if not scores or scores[best] == 0:
        return said
    return _near(points[best], worth) if len(points[best]) > LONG_POINT else points[best]


def _near(said: list[Sentence], worth: Mapping[str, float]) -> list[Sentence]:
    """In a long point, what stands at and soon after the words of the query weighs more."""
    shares = [sum(worth.get(mark, 0.0) for mark in _marks(each.text)) for each in said]
    around = [
        sum(shares[back] * 0.6 ** (at - back) for back in range(max(0, at - 4), at + 1))
        for at in range(len(shares))
    ]
    most = max(around) or 1.0
    return [
        replace(each, weight=each.weight * (0.2 + value / most))
        for each, value in zip(said, around, strict=True)
    ]


def _asked(query: str) -> dict[str, float]:
    """The marks of a query and what they count, and less so those of words that mean the same."""
    text = unicodedata.normalize("NFKC", query)
    asked: dict[str, float] = {}
    for group in _synonyms():
        if any(word in text for word in group):
            asked |= dict.fromkeys(_marks(" ".join(group)), 0.7)
    asked |= dict.fromkeys(_marks(text), 1.0)
    return {
        mark: value * (0.2 if len(mark) == 1 or mark in _general_marks() else 1.0)
        for mark, value in asked.items()
    }


@lru_cache(maxsize=1)
def _general_marks() -> frozenset[str]:
    return frozenset(_marks(ASKING))


@lru_cache(maxsize=1)
def _synonyms() -> tuple[tuple[str, ...], ...]:
    lines = unicodedata.normalize("NFKC", SYNONYMS.read_text(encoding="utf-8")).splitlines()
    return tuple(tuple(line.split()) for line in lines if line and not line.startswith("#"))


def _marks(text: str) -> set[str]:
    """Words, and character pairs: hiragana in a pair is grammar, not a word cut differently."""
    return {*words(text), *(each for each in grams(text) if not _HIRAGANA.search(each))}


def _shortlist(said: list[Sentence], limit: int) -> list[Sentence]:
    """The sentences worth compressing, in order; of the strongest points, if there are many."""
    best: dict[int, float] = {}
    for each in said:
        best[each.point] = max(best.get(each.point, 0.0), each.weight)
    room = max(1, limit // POINT)
    kept = set(sorted(best, key=lambda point: -best[point])[:room])
    strong = sorted(
        (at for at, each in enumerate(said) if each.point in kept),
        key=lambda at: -said[at].weight,
    )
    return [said[at] for at in sorted(strong[: min(CANDIDATES, 8 + limit // 10)])]


def _packed(
    said: list[Sentence], limit: int, worth: Mapping[str, float], *, named: bool
) -> Summary:
    parts: list[Part] = []
    topics: dict[int, str] = {}
    ends = {each.point: each for each in said}
    for each in said:
        for sentence in plain(each.text):
            if sentence.topic and each.opens:
                topics.setdefault(each.point, sentence.topic)
            if sentence.only_asks and ends[each.point] is each and len(sentence.topic) > 6:
                parts.append(Part(_question(sentence), each.point, each.weight, each.lines))
            elif sentence.clauses:
                parts.append(Part(sentence, each.point, each.weight, each.lines))
            elif sentence.ask and parts and parts[-1].point == each.point:
                asked = replace(parts[-1].sentence, ask=sentence.ask)
                parts[-1] = replace(parts[-1], sentence=asked)
    if len({part.point for part in parts}) > 1:
        # With one point only, what it is about goes without saying; with several, who was asked.
        parts = [replace(part, sentence=replace(part.sentence, ask="")) for part in parts]
    if named:
        parts = [replace(part, topic=topics.get(part.point, "")) for part in parts]
    chosen = pack(parts, limit, worth)
    if not chosen:
        return _as_said(said, limit)
    lines = {number for each in chosen for number in each.lines}
    return Summary("".join(each.text for each in chosen), tuple(sorted(lines)))


def _as_said(said: list[Sentence], limit: int) -> Summary:
    """The last sentence that fits, where there is nothing but form to be summarised."""
    for each in reversed(said):
        text = each.text.rstrip("。、 ") + "。"
        if 1 < len(text) <= limit:
            return Summary(text, each.lines)
    return Summary("", ())


def _question(part: Plain) -> Plain:
    """「…の取組について伺います」 at the end of a point is what was asked: 「…の取組は。」"""
    text = f"{part.topic}は"
    return replace(part, topic="", clauses=(Clause(text, text, False),))
