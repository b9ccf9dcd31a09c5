"""The whole way from rows to an `Analysis`: pure, the same rows give the same result.

Masked first, then cut into claims, folded, grouped, judged: nothing but `Opinion.text` ever holds
personal data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bot import MaskedAll, mask_all, restore
from skills.opinions import clauses, model
from skills.opinions.claims import Span, split
from skills.opinions.columns import Guess
from skills.opinions.departments import Router
from skills.opinions.duplicates import find_duplicates
from skills.opinions.grouping import Grouping, group_texts, group_vectors
from skills.opinions.model import (
    ISOLATED,
    VECTORS,
    Analysis,
    Candidate,
    Claim,
    Clause,
    Columns,
    Opinion,
    Source,
    Topic,
)
from skills.opinions.reading import Row, Rows, read_rows
from skills.opinions.stance import stances
from skills.opinions.urgent import urgency

Progress = Callable[[str], None]
# (distinct texts, how many claims have each) → their topics.
Group = Callable[[Sequence[str], Sequence[int]], Grouping]
_LONGEST_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Options:
    """What may be known beside the opinions: see `departments` and `clauses` for each.

    `past` are (text, department) pairs of earlier assignments; `duties` and `plan` may be empty.
    """

    past: tuple[tuple[str, str], ...] = ()
    duties: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[Clause, ...] = ()


def _silent(text: str) -> None:
    pass


def analyse_table(
    file: str, guess: Guess, options: Options | None = None, progress: Progress = _silent
) -> Analysis:
    """Analyse the opinions of a table whose columns are settled. Raises BadInput."""
    rows = read_rows(guess.table, guess.columns)
    source = Source(file, guess.columns, rows.count, guess.table.sheet, guess.table.heading_row)
    return analyse(rows, source, options, progress)


def analyse(
    rows: Rows, source: Source, options: Options | None = None, progress: Progress = _silent
) -> Analysis:
    """Mask, cut, fold, group and judge. `progress` is told in Japanese what is being done."""
    options = options or Options()
    progress(f"{len(rows.rows):,}件の個人情報を伏せています…")
    opinions, masks = _masked(rows.rows)
    progress("重複と一斉投稿を探しています…")
    opinions = _folded(opinions)
    opinions, topics = _grouped(
        opinions, lambda texts, weights: group_texts(texts, weights=weights, progress=progress)
    )
    progress("急ぎの意見・賛否・担当課を調べています…")
    opinions = _judged(opinions, options)
    return Analysis(
        source, tuple(opinions), rows.errors, rows.warnings, tuple(topics), options.plan, masks
    )


def distinct(analysis: Analysis) -> list[str]:
    """The distinct claims without personal data, in the order of the file."""
    return list(_weights(analysis.opinions))


def regroup(analysis: Analysis, vectors: NDArray[np.float32], engine: str) -> Analysis:
    """The same opinions in topics by vectors of `distinct`, float32 (n, d); `engine` made them.

    Raises BadInput when a value is not finite, ValueError when there is not one a text.
    """
    if len(vectors) != len(distinct(analysis)):
        raise ValueError("not one vector a text")
    opinions, topics = _grouped(
        analysis.opinions,
        lambda texts, weights: group_vectors(vectors, texts=texts, weights=weights),
    )
    return replace(analysis, opinions=tuple(opinions), topics=tuple(topics), engine=engine)


def analyse_vectors(file: str, vectors: NDArray[np.float32]) -> Analysis:
    """Group vectors alone: float32 (n, d). The opinions have numbers and places, and no words."""
    grouping = group_vectors(vectors)
    numbers = _numbers(grouping)
    opinions = tuple(
        Opinion(str(row), row, "", "", (Claim(0, 0, "", *_place(grouping, at, numbers)),))
        for at, row in enumerate(range(1, len(vectors) + 1))
    )
    topics = []
    for (topic, part), number in numbers.items():
        is_in = grouping.topic == topic
        if part >= 0:
            is_in = is_in & (grouping.subtopic == part)
        count = int(is_in.sum())
        typical = opinions[grouping.representative[topic, part]].id
        parent = numbers[topic, -1] if part >= 0 else ISOLATED
        label = grouping.labels[topic, part]
        topics.append(Topic(number, label, typical, "", count, count, parent))
    source = Source(file, Columns(""), len(opinions))
    return Analysis(source, opinions, topics=tuple(topics), engine=VECTORS)


def _masked(rows: Sequence[Row]) -> tuple[list[Opinion], dict[str, int]]:
    """Opinions cut into claims, without personal data in anything but their `text`."""
    texts = mask_all([row.text for row in rows])
    # What stands beside the text goes into tables and maps as well.
    beside = [value for row in rows for value in (row.section, *row.attributes.values())]
    distinct = list(dict.fromkeys(beside))
    clean = dict(zip(distinct, mask_all(distinct).texts, strict=True))
    opinions = []
    for row, masked in zip(rows, texts.texts, strict=True):
        spans = split(masked)
        claims = tuple(
            Claim(*original, masked[start:end])
            for (start, end), original in zip(spans, _originals(masked, spans, texts), strict=True)
        )
        attributes = {name: clean[value] for name, value in row.attributes.items()}
        opinions.append(
            Opinion(
                row.id, row.row, row.text, masked, claims, clean[row.section], row.date, attributes
            )
        )
    return opinions, dict(texts.found)


def _originals(masked: str, spans: Sequence[Span], texts: MaskedAll) -> list[Span]:
    """Where spans of the masked text, which are in order, stand in the text as sent."""
    if len(spans) == 1 and "〈" not in masked:
        return list(spans)
    found, last, length = [], 0, 0
    for start, end in spans:
        first = length + len(restore(masked[last:start], texts.table))
        length = first + len(restore(masked[start:end], texts.table))
        last = end
        found.append((first, length))
    return found


def _folded(opinions: Sequence[Opinion]) -> list[Opinion]:
    found = find_duplicates([opinion.masked for opinion in opinions])
    return [
        replace(
            opinion,
            duplicate_of=opinions[first].id if first >= 0 else "",
            campaign=int(found.campaign[at]),
        )
        for at, (opinion, first) in enumerate(zip(opinions, found.duplicate_of, strict=True))
    ]


def _weights(opinions: Sequence[Opinion]) -> Counter[str]:
    return Counter(claim.masked for opinion in opinions for claim in opinion.claims)


def _grouped(opinions: Sequence[Opinion], group: Group) -> tuple[list[Opinion], list[Topic]]:
    """Group the distinct claims: what was sent a thousand times is one text to group."""
    counts = _weights(opinions)
    texts = list(counts)
    grouping = group(texts, list(counts.values()))
    numbers = _numbers(grouping)
    place = {text: at for at, text in enumerate(texts)}
    made = []
    for opinion in opinions:
        claims = []
        for claim in opinion.claims:
            topic, x, y = _place(grouping, place[claim.masked], numbers)
            claims.append(replace(claim, topic=topic, x=x, y=y))
        made.append(replace(opinion, claims=tuple(claims)))
    return made, _topics(made, grouping, texts, numbers)


def _place(
    grouping: Grouping, at: int, numbers: Mapping[tuple[int, int], int]
) -> tuple[int, float, float]:
    """(topic, x, y) of one text or vector."""
    key = (int(grouping.topic[at]), int(grouping.subtopic[at]))
    x, y = (round(float(value), 4) for value in grouping.xy[at])
    return numbers.get(key, ISOLATED), x, y


def _numbers(grouping: Grouping) -> dict[tuple[int, int], int]:
    """A number for every topic and part, the parts behind their whole."""
    keys = sorted({(topic, -1) for topic, _ in grouping.labels} | set(grouping.labels))
    return {key: number for number, key in enumerate(keys)}


def _topics(
    opinions: Sequence[Opinion],
    grouping: Grouping,
    texts: Sequence[str],
    numbers: Mapping[tuple[int, int], int],
) -> list[Topic]:
    holders: dict[str, Opinion] = {}
    members: dict[int, list[tuple[Opinion, Claim]]] = {number: [] for number in numbers.values()}
    parents = {
        number: numbers[topic, -1] if part >= 0 else ISOLATED
        for (topic, part), number in numbers.items()
    }
    for opinion in opinions:
        for claim in opinion.claims:
            holders.setdefault(claim.masked, opinion)
            number = claim.topic
            while number != ISOLATED:
                members[number].append((opinion, claim))
                number = parents[number]
    return [
        Topic(
            number,
            grouping.labels[key],
            holders[texts[grouping.representative[key]]].id,
            excerpt(texts[grouping.representative[key]]),
            len(members[number]),
            model.voices(members[number]),
            parents[number],
        )
        for key, number in numbers.items()
    ]


def excerpt(text: str, longest: int = _LONGEST_EXCERPT) -> str:
    """The beginning of a text on one line, cut after a sentence where it can be."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    end = line.rfind("。", longest // 2, longest)
    return line[: end + 1] if end > 0 else line[: longest - 1] + "…"


def _judged(opinions: Sequence[Opinion], options: Options) -> list[Opinion]:
    """Urgency, stance, departments and clauses; equal words are judged once."""
    router = Router(options.past, options.duties)
    mapping = clauses.Mapping(options.plan)
    words = list(dict.fromkeys(claim.masked for opinion in opinions for claim in opinion.claims))
    taken = dict(zip(words, stances(words), strict=True))
    sent = {text: router.route(text) for text in words}
    urgent = urgency([opinion.masked for opinion in opinions])
    found: dict[tuple[str, str], Candidate | None] = {}

    def judge(claim: Claim, section: str) -> Claim:
        key = (claim.masked, section)
        if key not in found:
            found[key] = mapping.clause(*key)
        where = (claim.start, claim.end, claim.masked, claim.topic, claim.x, claim.y)
        return Claim(*where, taken[claim.masked], *sent[claim.masked], found[key])

    return [
        replace(
            opinion,
            urgent=kind,
            urgency=score,
            claims=tuple(judge(claim, opinion.section) for claim in opinion.claims),
        )
        for opinion, (kind, score) in zip(opinions, urgent, strict=True)
    ]
