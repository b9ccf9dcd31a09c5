"""A fake of `Embeddings`: vectors from a function of the text, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bot.errors import ModelFailed
from bot.ports import Embedded, Zone

LENGTH = 64


class FakeEmbeddings:
    """Texts are near when they share characters, unless `place` says otherwise.

    `failures` holds, for each request in order, the error to raise, or None.
    """

    name = "fake-embeddings"
    zone: Zone = "local"

    def __init__(
        self,
        place: Callable[[str], Sequence[float]] | None = None,
        failures: Sequence[ModelFailed | None] = (),
    ) -> None:
        self.asked: list[Sequence[str]] = []
        self._place = place or _by_characters
        self._failures = list(failures)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        self.asked.append(texts)
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure
        vectors = np.array([self._place(text) for text in texts], dtype=np.float32)
        return Embedded(vectors, self.name, sum(map(self.count, texts)))

    def count(self, text: str) -> int:
        return len(text)


def _by_characters(text: str) -> list[float]:
    counts = [0.0] * LENGTH
    for character in text:
        counts[ord(character) % LENGTH] += 1.0
    return counts
