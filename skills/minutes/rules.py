"""Minutes without a model: items by how sentences are put, summaries by likely words."""

from __future__ import annotations

from dataclasses import dataclass

from skills.minutes import content, summary
from skills.minutes.summary import Summary
from skills.minutes.transcript import Item, Transcript

OFFLINE = "offline"
# Characters of the summary of one point of the agenda.
EACH = 200


@dataclass(frozen=True, slots=True)
class Minutes:
    """What the minutes of a meeting say, whoever drafted it.

    `agenda` holds the title and summary of every point, in order. `notices` are sentences for the
    person who checks it.
    """

    items: tuple[Item, ...]
    digest: Summary
    agenda: tuple[tuple[str, Summary], ...]
    engine: str = OFFLINE
    notices: tuple[str, ...] = ()


def draft(transcript: Transcript, limit: int) -> Minutes:
    """Minutes by rules alone; `limit` is the most characters of the summary of the whole."""
    return Minutes(
        content.items(transcript),
        summary.summarise(transcript, limit=limit),
        summary.per_agenda(transcript, EACH),
    )
