"""What goes to a model: cut to its window, without personal data, in requests of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot import masking
from bot.ports import LLM, Completion, Passage, Turn

# What one request for embeddings may hold.
MOST_EMBEDDED, MOST_EMBEDDED_TOKENS = 256, 50_000


class Masked:
    """Personal data out of what goes to the model, and back into what comes from it."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.turns: list[Turn] = []
        self.counts: dict[str, int] = {}
        self._table: dict[str, str] = {}
        masked = masking.mask_all([turn.text for turn in turns])
        self.turns = [
            replace(turn, text=text) for turn, text in zip(turns, masked.texts, strict=True)
        ]
        self.counts = dict(masked.found)
        self._table = dict(masked.table)

    def restore(self, completion: Completion) -> Completion:
        return replace(
            completion,
            text=masking.restore(completion.text, self._table),
            value=masking.restore_value(completion.value, self._table),
        )


def batches(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(start, end) of as many texts as fit into one request, by their tokens; at least one."""
    start = held = 0
    for at, size in enumerate(sizes):
        if at > start and (at - start == MOST_EMBEDDED or held + size > MOST_EMBEDDED_TOKENS):
            yield start, at
            start, held = at, 0
        held += size
    if start < len(sizes):
        yield start, len(sizes)


def shown(passage: Passage) -> str:
    return f"{passage.document} {passage.heading}\n{passage.text}"


def fit(passages: Sequence[Passage], model: LLM, max_tokens: int) -> list[Passage]:
    """The best passages that the model's window holds, at least one."""
    room = model.context_tokens - max_tokens - 1_500  # the prompt's own words and the question
    kept: list[Passage] = []
    for passage in passages:
        room -= model.count(shown(passage)) + 20
        if room < 0 and kept:
            break
        kept.append(passage)
    return kept
