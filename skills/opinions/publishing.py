"""What may be shown outside: an analysis without what was not cleared for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from skills.opinions.model import Analysis, Columns

TITLE = "寄せられた意見"
Scope = Literal["labels", "quotes", "texts"]
SCOPES: Mapping[Scope, str] = {
    "labels": "原文を載せない（話題の名前と件数だけ）",
    "quotes": "話題ごとの代表の意見だけ載せる",
    "texts": "個人情報を伏せた全文を載せる",
}


def clear(analysis: Analysis, scope: Scope) -> Analysis:
    """The analysis as it may be published.

    Ids, dates, attributes and the file's name go in any case: together they can name a person.
    So do the words of urgent opinions, and the quote of a topic that has a single voice: it was
    chosen by a program and stands for one person.
    """
    number = {opinion.id: str(at) for at, opinion in enumerate(analysis.opinions, 1)}
    opinions = []
    for at, opinion in enumerate(analysis.opinions, 1):
        shown = scope == "texts" and not opinion.urgent
        claims = opinion.claims
        if not shown:
            claims = tuple(replace(claim, start=0, end=0, masked="") for claim in claims)
        masked = opinion.masked if shown else ""
        opinions.append(
            replace(
                opinion,
                id=str(at),
                text=masked,
                masked=masked,
                claims=claims,
                date="",
                attributes={},
                duplicate_of=number.get(opinion.duplicate_of, ""),
                urgent="",
                urgency=0.0,
            )
        )
    urgent = {opinion.id for opinion in analysis.urgent}
    topics = tuple(
        replace(
            topic,
            representative=number.get(topic.representative, ""),
            excerpt=""
            if scope == "labels" or topic.representative in urgent or topic.voices < 2
            else topic.excerpt,
        )
        for topic in analysis.topics
    )
    # The name of the office's own file is nobody's business.
    source = replace(analysis.source, file=TITLE, sheet="", columns=Columns(""))
    return replace(
        analysis,
        source=source,
        opinions=tuple(opinions),
        topics=topics,
    )
