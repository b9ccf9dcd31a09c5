"""What every message of ours says about itself: which turn, which part, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.slack.events import dict_of, list_of, text_of

EVENT_TYPE = "shomu_turn"
HOLDING, PART, ANSWERED = "holding", "part", "answered"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message of ours says about itself."""

    turn: str
    state: str
    part: int


def read_mark(item: Mapping[str, Any]) -> Mark | None:
    """Read what one of our messages says about itself; from its blocks when metadata is gone."""
    metadata = dict_of(item, "metadata")
    if text_of(metadata, "event_type") == EVENT_TYPE:
        value = dict_of(metadata, "event_payload")
        part = value.get("part")
        number = part if isinstance(part, int) else 0
        return Mark(text_of(value, "turn"), text_of(value, "state"), number)
    for block in list_of(item, "blocks")[:1]:
        name, *rest = text_of(block, "block_id").split("|")
        if name == EVENT_TYPE and len(rest) == 3 and rest[2].isdecimal():
            return Mark(rest[0], rest[1], int(rest[2][:3]))
    return None


def metadata(mark: Mark) -> dict[str, Any]:
    """The mark as message metadata."""
    payload = {"turn": mark.turn, "state": mark.state, "part": mark.part}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def marked(blocks: Sequence[dict[str, Any]], mark: Mark | None) -> list[dict[str, Any]]:
    """Blocks with the mark in the id of the first: metadata does not survive everywhere."""
    if not blocks or mark is None:
        return list(blocks)
    block_id = f"{EVENT_TYPE}|{mark.turn}|{mark.state}|{mark.part}"
    return [{**blocks[0], "block_id": block_id}, *blocks[1:]]
