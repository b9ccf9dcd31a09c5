"""An embedding endpoint may do anything; a caller gets one vector a text, or one word why not."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import numpy as np
import pytest
from loopback import Loopback, http, listening, refused

from bot.errors import Misconfigured, ModelFailed
from bot.ports import Embeddings
from bot.services.http import Egress
from bot.services.model.embeddings import LONGEST_TOKENS, OpenAIEmbeddings
from bot.services.model.endpoint import REASONS
from bot.testing.embeddings_contract import EmbeddingsContract, MakeEmbeddings

TEXTS = ("街灯が少ない。", "バスを増やして。")
GOOD = ((0.1, 0.2, 0.3), (-1.0, 0.0, 1.0))


def vectors(*values: Sequence[Any], order: Sequence[int] | None = None, **more: object) -> bytes:
    """An answer; `order` are the indexes it gives its vectors."""
    numbered = zip(order or range(len(values)), values, strict=True)
    data = [{"object": "embedding", "index": at, "embedding": list(one)} for at, one in numbered]
    return http({"object": "list", "data": data, "model": "x", **more})


@asynccontextmanager
async def answering(
    *answers: bytes | float | None, seconds: float = 5.0
) -> AsyncIterator[tuple[OpenAIEmbeddings, Loopback]]:
    async def pause(length: float) -> None:
        pass

    async with listening(*answers) as server:
        model = OpenAIEmbeddings(
            name="test-embeddings",
            url=server.url,
            key="canary-key",
            egress=Egress(),
            timeout_seconds=seconds,
            pause=pause,
        )
        yield model, server
        await model.close()


class TestOpenAIEmbeddings(EmbeddingsContract):
    @pytest.fixture
    async def make_embeddings(self) -> AsyncIterator[MakeEmbeddings]:
        three = (*GOOD, (0.5, 0.5, 0.5))
        answers = (vectors(*three), vectors(*three[::-1]))
        async with AsyncExitStack() as closing:

            async def make(outcomes: Sequence[bool]) -> Embeddings:
                good = iter(answers)
                said = [next(good) if outcome else refused(400) for outcome in outcomes]
                model, _ = await closing.enter_async_context(answering(*said))
                return model

            yield make


async def test_vectors_come_back_by_their_index_with_the_tokens_that_were_billed() -> None:
    answer = vectors(*GOOD, order=(1, 0), usage={"prompt_tokens": 17, "total_tokens": 17})
    async with answering(answer) as (model, server):
        found = await model.embed(TEXTS)
    assert np.allclose(found.vectors, GOOD[::-1])
    assert (found.engine, found.tokens) == ("test-embeddings", 17)
    assert server.bodies[0]["input"] == list(TEXTS)
    assert server.bodies[0]["model"] == "test-embeddings"


async def test_tokens_are_counted_when_the_endpoint_does_not() -> None:
    async with answering(vectors(*GOOD)) as (model, _):
        found = await model.embed(TEXTS)
    assert found.tokens == sum(model.count(text) for text in TEXTS)


async def test_a_text_longer_than_models_take_is_cut_and_an_empty_one_is_sent() -> None:
    async with answering(vectors(*GOOD)) as (model, server):
        await model.embed(["街灯" * 20_000, ""])
        long, empty = server.bodies[0]["input"]
        assert 0 < model.count(long) <= LONGEST_TOKENS
    assert empty


@pytest.mark.parametrize(
    ("answer", "reason", "requests"),
    [
        (refused(401), "refused_key", 1),
        (refused(404), "refused", 1),
        (refused(429), "rate_limited", 3),
        (refused(500), "server_error", 3),
        (None, "unreachable", 3),
        (http("{"), "garbage", 1),
        (http({"data": []}), "garbage", 1),
        (http({"data": None}), "garbage", 1),
        (vectors(GOOD[0]), "garbage", 1),
        (vectors(*GOOD, GOOD[0]), "garbage", 1),
        (vectors(*GOOD, order=(0, 0)), "garbage", 1),
        (vectors((1.0, 2.0), (1.0,)), "garbage", 1),
        (vectors((), ()), "garbage", 1),
        (vectors((1.0, float("nan")), (1.0, 2.0)), "garbage", 1),
        (vectors((1.0, float("inf")), (1.0, 2.0)), "garbage", 1),
        (vectors((1.0, 1e300), (1.0, 2.0)), "garbage", 1),
        (vectors((1.0, "北"), (1.0, 2.0)), "garbage", 1),
    ],
)
async def test_every_way_to_fail_has_one_reason(
    answer: bytes | None, reason: str, requests: int
) -> None:
    async with answering(answer) as (model, server):
        with pytest.raises(ModelFailed) as raised:
            await model.embed(TEXTS)
    assert str(raised.value) == reason
    assert reason in REASONS
    assert len(server.bodies) == requests


async def test_an_endpoint_that_is_too_slow_is_left() -> None:
    async with answering(2.0, seconds=0.2) as (model, _):
        with pytest.raises(ModelFailed, match="timeout"):
            await model.embed(TEXTS)


def test_an_endpoint_off_the_list_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"api\.example\.com.*SHOMU_EGRESS_HOSTS"):
        OpenAIEmbeddings(name="m", url="https://api.example.com/v1", egress=Egress())


async def test_words_and_key_stay_out_of_logs_and_errors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with answering(refused(400, "canary-opinion was refused")) as (model, server):
        with pytest.raises(ModelFailed) as raised:
            await model.embed(["canary-opinion"])
    assert "canary-key" in server.heads[0]
    assert "canary" not in caplog.text
    assert "canary" not in str(raised.value)
    assert raised.value.__suppress_context__
