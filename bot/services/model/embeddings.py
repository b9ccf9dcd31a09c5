"""Texts as vectors, by an embedding model behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from bot.errors import ModelFailed
from bot.ports import Embedded, Zone
from bot.services.http import Egress
from bot.services.model import tokens
from bot.services.model.endpoint import Endpoint, Failed, Pause, now

# What embedding models commonly take of one text; the rest of a longer one is left out.
LONGEST_TOKENS = 8_000


class _Vector(BaseModel):
    index: int
    embedding: list[float] = Field(min_length=1)


class _Usage(BaseModel):
    prompt_tokens: int = Field(0, ge=0)


class _Answer(BaseModel):
    """What we need of an answer; openai itself accepts any JSON as one."""

    data: list[_Vector]
    usage: _Usage | None = None


class OpenAIEmbeddings:
    """An embedding model by its name."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        egress: Egress,
        key: str = "",
        zone: Zone = "cloud",
        timeout_seconds: float = 30.0,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """Raises Misconfigured when the endpoint's host is not on the egress list."""
        self._endpoint = Endpoint(
            url, egress, key=key, timeout_seconds=timeout_seconds, pause=pause
        )
        self.name = name
        self.zone: Zone = zone

    async def close(self) -> None:
        await self._endpoint.close()

    def count(self, text: str) -> int:
        """Count o200k tokens; other models' tokenizers differ by some percent."""
        return tokens.count(text)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Embed the texts of one request within the time-out, retries included.

        Raises ModelFailed with one of `endpoint.REASONS`; "garbage" when vectors are missing, of
        different lengths or not finite.
        """
        deadline = now() + self._endpoint.timeout_seconds
        try:
            async with asyncio.timeout_at(deadline):
                return await self._embed(texts, deadline)
        except TimeoutError:
            raise ModelFailed("timeout") from None
        except Failed as failed:
            raise ModelFailed(failed.reason) from None

    async def _embed(self, texts: Sequence[str], deadline: float) -> Embedded:
        shortened = await asyncio.to_thread(lambda: [_shortened(text) for text in texts])

        async def send() -> bytes:
            create: Any = self._endpoint.client.embeddings.with_raw_response.create
            raw = await create(model=self.name, input=shortened, encoding_format="float")
            content: bytes = raw.content
            return content

        body = await self._endpoint.send(send, deadline)
        try:
            answer = await asyncio.to_thread(_Answer.model_validate_json, body)
            vectors = _in_order(answer.data, len(texts))
        except (ValidationError, ValueError, OverflowError):
            raise Failed("garbage") from None
        if answer.usage is not None:
            return Embedded(vectors, self.name, answer.usage.prompt_tokens)
        counted = await asyncio.to_thread(lambda: sum(map(self.count, shortened)))
        return Embedded(vectors, self.name, counted)


def _shortened(text: str) -> str:
    # An empty input is refused by some endpoints.
    return tokens.cut(text, LONGEST_TOKENS) or " "


def _in_order(data: Sequence[_Vector], count: int) -> Any:
    """float32 (count, d). Raises ValueError when there is not one finite vector a text."""
    if sorted(item.index for item in data) != list(range(count)):
        raise ValueError("not one vector a text")
    ordered = sorted(data, key=lambda item: item.index)
    vectors = np.array([item.embedding for item in ordered], dtype=np.float64)
    if vectors.ndim != 2 or not (np.abs(vectors) <= np.finfo(np.float32).max).all():
        raise ValueError("not finite")
    return vectors.astype(np.float32)
