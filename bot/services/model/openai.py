"""A chat model behind any OpenAI-compatible endpoint.

A whole answer is fetched in one piece, not streamed: one JSON body either parses or it does not,
while a broken event stream ends early without an error, and not every endpoint streams JSON.
Every failure is a ModelFailed whose message is one of `endpoint.REASONS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import openai
from pydantic import BaseModel, Field, ValidationError

from bot.errors import ModelFailed
from bot.ports import Completion, Turn, Zone
from bot.services.http import Egress, TransportError
from bot.services.model import tokens
from bot.services.model.endpoint import BAD_REQUEST, Endpoint, Failed, Pause, now, reason_of
from bot.services.model.schema import Dialect, next_dialect, problems, unfenced, with_schema

CUT_REASONS = ("length", "content_filter")

_REPAIR = (
    "いまの出力は指定の形になっていません。次の点を直し、JSON だけをもう一度出力してください。\n{}"
)


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(0, ge=0)
    completion_tokens: int = Field(0, ge=0)


class _Answer(BaseModel):
    """What we need of a chat completion; openai itself accepts any JSON as one."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class OpenAIModel:
    """A model by its name. Learns which optional parameters its endpoint understands."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        egress: Egress,
        key: str = "",
        zone: Zone = "cloud",
        context_tokens: int = 16_000,
        timeout_seconds: float = 30.0,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """Raises Misconfigured when the endpoint's host is not on the egress list."""
        self._endpoint = Endpoint(
            url, egress, key=key, timeout_seconds=timeout_seconds, pause=pause
        )
        self.name = name
        self.zone: Zone = zone
        self.context_tokens = context_tokens
        self.timeout_seconds = timeout_seconds
        self._schema_dialect: Dialect = "json_schema"
        self._length_name = "max_tokens"
        self._dropped: set[str] = set()

    async def close(self) -> None:
        await self._endpoint.close()

    def count(self, text: str) -> int:
        """Count o200k tokens; other models' tokenizers differ by some percent."""
        return tokens.count(text)

    async def complete(
        self, turns: Sequence[Turn], *, schema: type[Any] | None = None, max_tokens: int = 1_000
    ) -> Completion:
        """Return one whole answer within `timeout_seconds`, retries and repair included.

        `schema` is a pydantic model; an answer that does not validate is asked for once more.
        An answer that reached `max_tokens` is returned with `cut` set, unless it is JSON.

        Raises ModelFailed with one of `REASONS`.
        """
        deadline = now() + self.timeout_seconds
        try:
            async with asyncio.timeout_at(deadline):
                if schema is not None:
                    return await self._structured(turns, schema, max_tokens, deadline)
                answer = await self._ask(_Request(turns, max_tokens, deadline))
                return await self._completion(turns, answer)
        except TimeoutError:
            raise ModelFailed("timeout") from None
        except Failed as failed:
            raise ModelFailed(failed.reason) from None

    def stream(self, turns: Sequence[Turn], *, max_tokens: int = 1_000) -> AnswerStream:
        """Yield the answer as it grows; `completion` is set when it has ended.

        Raises ModelFailed with one of `REASONS`; "cut" when no finish reason came.
        """
        request = _Request(turns, max_tokens, now() + self.timeout_seconds)
        return AnswerStream(self._grow, request)

    async def _structured(
        self, turns: Sequence[Turn], schema: type[Any], max_tokens: int, deadline: float
    ) -> Completion:
        talk = list(turns)
        spent_in = spent_out = 0
        for _ in range(2):
            answer = await self._ask_schema(_Request(talk, max_tokens, deadline), schema)
            done = await self._completion(talk, answer)
            spent_in, spent_out = spent_in + done.tokens_in, spent_out + done.tokens_out
            if done.cut:
                break
            try:
                value = schema.model_validate_json(unfenced(done.text))
            except ValidationError as error:
                talk += [
                    Turn("assistant", done.text),
                    Turn("user", _REPAIR.format(problems(error))),
                ]
                continue
            return Completion(done.text, self.name, spent_in, spent_out, value)
        raise Failed("cut" if done.cut else "garbage")

    async def _ask_schema(self, request: _Request, schema: type[Any]) -> _Answer:
        """Ask in the first way of naming a schema that the endpoint understands."""
        dialect = self._schema_dialect
        while True:
            turns, response_format = with_schema(request.turns, schema, dialect)
            following = next_dialect(dialect)
            try:
                answer = await self._ask(
                    _Request(turns, request.max_tokens, request.deadline),
                    response_format=response_format,
                    # Some endpoints answer 500 to a format they do not know.
                    impatient=following is not None,
                )
            except Failed as failed:
                if failed.status not in (*BAD_REQUEST, 500, 501) or following is None:
                    raise
                dialect = following
            else:
                self._schema_dialect = dialect
                return answer

    async def _ask(
        self,
        request: _Request,
        *,
        response_format: Mapping[str, Any] | None = None,
        impatient: bool = False,
    ) -> _Answer:
        extra = {"response_format": response_format} if response_format else {}

        async def send() -> bytes:
            create: Any = self._endpoint.client.chat.completions.with_raw_response.create
            raw = await create(**self._arguments(request), **extra)
            content: bytes = raw.content
            return content

        body = await self._endpoint.send(
            send, request.deadline, impatient=impatient, adapt=self._adapt
        )
        try:
            return _Answer.model_validate_json(body)
        except ValidationError:
            raise Failed("garbage") from None

    def _arguments(self, request: _Request, *, streamed: bool = False) -> dict[str, Any]:
        optional: dict[str, Any] = {"temperature": 0}
        if streamed:
            optional["stream_options"] = {"include_usage": True}
        return {
            "model": self.name,
            "messages": [{"role": turn.role, "content": turn.text} for turn in request.turns],
            self._length_name: request.max_tokens,
            **({"stream": True} if streamed else {}),
            **{name: value for name, value in optional.items() if name not in self._dropped},
        }

    def _adapt(self, error: openai.APIStatusError) -> bool:
        """Leave out what the endpoint does not know. True when the request is now different.

        Newer models refuse `max_tokens` and any `temperature` of ours; older endpoints refuse
        `stream_options` and `max_completion_tokens`.
        """
        told = f"{error.param or ''} {error.message}"
        if self._length_name == "max_tokens" and "max_completion_tokens" in told:
            self._length_name = "max_completion_tokens"
            return True
        for name in ("temperature", "stream_options"):
            if name in told and name not in self._dropped:
                self._dropped.add(name)
                return True
        return False

    async def _completion(self, turns: Sequence[Turn], answer: _Answer) -> Completion:
        choice = answer.choices[0]
        if choice.message.refusal:
            raise Failed("refused")
        cut = choice.finish_reason in CUT_REASONS
        text = _visible(choice.message.content or "")
        if not text:
            raise Failed("cut" if cut else "garbage")
        spent = answer.usage
        if spent is None:
            spent = await asyncio.to_thread(self._estimate, turns, text)
        return Completion(text, self.name, spent.prompt_tokens, spent.completion_tokens, cut=cut)

    def _estimate(self, turns: Sequence[Turn], text: str) -> _Usage:
        return _Usage(
            prompt_tokens=sum(self.count(turn.text) for turn in turns),
            completion_tokens=self.count(text),
        )

    async def _grow(self, request: _Request, stream: AnswerStream) -> AsyncGenerator[str, None]:
        whole, shown, finish = "", "", None
        usage: Any = None
        try:
            async with asyncio.timeout_at(request.deadline):
                chunks = await self._open_stream(request)
            async with chunks:
                rest = aiter(chunks)
                # A time-out around the whole loop would cancel our reader's work at a yield.
                while (chunk := await _next(rest, request.deadline)) is not None:
                    usage = getattr(chunk, "usage", None) or usage
                    for choice in getattr(chunk, "choices", None) or ():
                        whole += getattr(choice.delta, "content", None) or ""
                        finish = choice.finish_reason or finish
                    if (seen := _visible(whole)) != shown:
                        shown = seen
                        yield shown
            if finish is None:
                raise Failed("cut")
            spent = {"usage": usage.model_dump()} if usage else {}
            said = {"message": {"content": whole}, "finish_reason": finish}
            answer = _Answer.model_validate({"choices": [said], **spent})
            stream.completion = await self._completion(request.turns, answer)
        except TimeoutError:
            raise ModelFailed("timeout") from None
        except TransportError:
            raise ModelFailed("cut") from None
        except openai.APIError as error:
            reason = reason_of(error)
            raise ModelFailed("cut" if reason == "unreachable" else reason) from None
        except (ValueError, AttributeError, TypeError):
            raise ModelFailed("garbage") from None
        except Failed as failed:
            raise ModelFailed(failed.reason) from None

    async def _open_stream(self, request: _Request) -> Any:
        async def send() -> Any:
            create: Any = self._endpoint.client.chat.completions.create
            return await create(**self._arguments(request, streamed=True))

        return await self._endpoint.send(send, request.deadline, adapt=self._adapt)


@dataclass(frozen=True, slots=True)
class _Request:
    turns: Sequence[Turn]
    max_tokens: int
    deadline: float


class AnswerStream(AsyncIterator[str]):
    """An answer while it grows: each item is the whole text so far."""

    def __init__(
        self,
        grow: Callable[[_Request, AnswerStream], AsyncGenerator[str, None]],
        request: _Request,
    ) -> None:
        self.completion: Completion | None = None
        self._texts = grow(request, self)

    async def __anext__(self) -> str:
        return await anext(self._texts)

    async def aclose(self) -> None:
        """Stop early and close the connection."""
        await self._texts.aclose()


async def _next(chunks: AsyncIterator[Any], deadline: float) -> Any:
    async with asyncio.timeout_at(deadline):
        return await anext(chunks, None)


def _visible(text: str) -> str:
    """Leave out the reasoning that local models write before their answer."""
    text = text.lstrip()
    if text.startswith("<think>"):
        return text.partition("</think>")[2].strip()
    return "" if "<think>".startswith(text) else text
