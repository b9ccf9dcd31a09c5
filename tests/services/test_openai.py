"""A model's endpoint may do anything; a caller sees an answer or one word saying why not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from loopback import Loopback, http, listening, refused, said, streamed
from pydantic import BaseModel

from bot.errors import Misconfigured, ModelFailed
from bot.ports import Turn
from bot.services.http import Egress
from bot.services.model.endpoint import REASONS
from bot.services.model.openai import OpenAIModel

TURNS = (Turn("system", "短く。"), Turn("user", "何日ですか"))


class Days(BaseModel):
    days: int
    note: str = ""


@asynccontextmanager
async def answering(
    *answers: bytes | float | None, seconds: float = 5.0
) -> AsyncIterator[tuple[OpenAIModel, Loopback, list[float]]]:
    """A model, the endpoint behind it and the pauses it would have made."""
    pauses: list[float] = []

    async def pause(length: float) -> None:
        pauses.append(length)

    async with listening(*answers) as server:
        model = OpenAIModel(
            name="test-model",
            url=server.url,
            key="canary-key",
            egress=Egress(),
            timeout_seconds=seconds,
            pause=pause,
        )
        yield model, server, pauses
        await model.close()


async def failing(*answers: bytes | float | None, seconds: float = 5.0) -> tuple[str, int]:
    """The reason of a failure and how many requests it took."""
    async with answering(*answers, seconds=seconds) as (model, server, _):
        with pytest.raises(ModelFailed) as raised:
            await model.complete(TURNS)
        assert str(raised.value) in REASONS
        return str(raised.value), len(server.bodies)


async def streaming(*answers: bytes | float | None) -> str:
    async with answering(*answers, seconds=1.0) as (model, _, _):
        with pytest.raises(ModelFailed) as raised:
            async for _ in model.stream(TURNS):
                pass
        return str(raised.value)


async def test_an_answer_comes_back_with_the_tokens_that_were_billed() -> None:
    usage = {"prompt_tokens": 11, "completion_tokens": 7}
    async with answering(said("五日です〔1〕。", usage=usage)) as (model, server, _):
        completion = await model.complete(TURNS, max_tokens=50)
    assert (completion.text, completion.engine) == ("五日です〔1〕。", "test-model")
    assert (completion.tokens_in, completion.tokens_out) == (11, 7)
    assert server.bodies[0]["messages"][1] == {"role": "user", "content": "何日ですか"}
    assert server.bodies[0]["max_tokens"] == 50


async def test_tokens_are_counted_when_the_endpoint_does_not() -> None:
    async with answering(said("五日です")) as (model, _, _):
        completion = await model.complete(TURNS)
    assert completion.tokens_out == model.count("五日です")
    assert completion.tokens_in == sum(model.count(turn.text) for turn in TURNS)


@pytest.mark.parametrize(
    ("answer", "reason", "requests"),
    [
        (refused(401), "refused_key", 1),
        (refused(403), "refused_key", 1),
        (refused(404), "refused", 1),
        (refused(400, "bad"), "refused", 1),
        (refused(400, code="context_length_exceeded"), "too_long", 1),
        (refused(429), "rate_limited", 3),
        (refused(500), "server_error", 3),
        (http("<html>", 502, kind="text/html"), "server_error", 3),
        (http("", 302, location="http://evil.example/"), "refused", 1),
        (None, "unreachable", 3),
        (http("{"), "garbage", 1),
        (http(""), "garbage", 1),
        (http("<html>", kind="text/html"), "garbage", 1),
        (http(b"\xff\xfe"), "garbage", 1),
        (http({"choices": []}), "garbage", 1),
        (http({"choices": [{"message": 1}]}), "garbage", 1),
        (http("[" * 50_000), "garbage", 1),
        (said(""), "garbage", 1),
        (said(None, "length"), "cut", 1),
    ],
)
async def test_every_way_to_fail_has_one_reason(
    answer: bytes | None, reason: str, requests: int
) -> None:
    assert await failing(answer) == (reason, requests)


async def test_an_endpoint_that_is_silent_is_left_in_time() -> None:
    reason, _ = await failing(30.0, seconds=0.3)
    assert reason == "timeout"


async def test_a_refusal_of_the_model_is_a_failure() -> None:
    message = {"role": "assistant", "content": None, "refusal": "できません"}
    answer = http({"choices": [{"message": message, "finish_reason": "stop"}]})
    assert await failing(answer) == ("refused", 1)


async def test_a_full_endpoint_is_asked_again_when_it_says() -> None:
    async with answering(refused(429, retry_after="2"), said("五日です")) as (model, _, pauses):
        assert (await model.complete(TURNS)).text == "五日です"
    assert pauses == [2.0]


async def test_no_one_waits_for_an_endpoint_that_asks_for_more_time_than_there_is() -> None:
    async with answering(refused(429, retry_after="60")) as (model, server, pauses):
        with pytest.raises(ModelFailed, match="rate_limited"):
            await model.complete(TURNS)
    assert len(server.bodies) == 1
    assert pauses == []


async def test_an_answer_at_the_length_limit_says_that_it_is_cut() -> None:
    async with answering(said("五日", "length")) as (model, _, _):
        completion = await model.complete(TURNS)
    assert completion.cut
    assert completion.text == "五日"


async def test_the_reasoning_of_a_local_model_is_not_shown() -> None:
    async with answering(said("<think>まず規程を…</think>\n五日です")) as (model, _, _):
        assert (await model.complete(TURNS)).text == "五日です"


async def test_parameters_that_an_endpoint_refuses_are_left_out_from_then_on() -> None:
    hint = "Unsupported parameter: use 'max_completion_tokens' instead."
    answers = (
        refused(400, hint, param="max_tokens"),
        refused(400, "no temperature", param="temperature"),
        said("五日です"),
    )
    async with answering(*answers) as (model, server, _):
        for _ in range(2):
            assert (await model.complete(TURNS)).text == "五日です"
    assert [("max_tokens" in b, "temperature" in b) for b in server.bodies] == [
        (True, True),
        (False, True),
        (False, False),
        (False, False),
    ]


async def test_structured_output_is_asked_for_as_a_strict_schema() -> None:
    async with answering(said('{"days": 5, "note": ""}')) as (model, server, _):
        assert (await model.complete(TURNS, schema=Days)).value == Days(days=5)
    asked = server.bodies[0]["response_format"]
    assert asked["type"] == "json_schema"
    schema = asked["json_schema"]["schema"]
    assert schema["required"] == ["days", "note"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("status", [400, 422, 500, 501])
async def test_an_endpoint_without_schemas_is_asked_in_plainer_ways(status: int) -> None:
    answers = (refused(status), refused(status), said('```json\n{"days": 5}\n```'))
    async with answering(*answers) as (model, server, pauses):
        for _ in range(2):
            assert (await model.complete(TURNS, schema=Days)).value == Days(days=5)
    kinds = [body.get("response_format", {}).get("type") for body in server.bodies]
    assert kinds == ["json_schema", "json_object", None, None]
    assert "JSON Schema" in server.bodies[2]["messages"][0]["content"]
    assert pauses == []


async def test_an_answer_that_does_not_validate_is_repaired_once() -> None:
    answers = (said('{"days": "五"}'), said('{"days": 5}'))
    async with answering(*answers) as (model, server, _):
        assert (await model.complete(TURNS, schema=Days)).value == Days(days=5)
    repair = server.bodies[1]["messages"]
    assert [message["role"] for message in repair] == ["system", "user", "assistant", "user"]
    assert "days" in repair[3]["content"]


async def test_an_answer_that_does_not_validate_twice_is_garbage() -> None:
    async with answering(said('{"days": "五"}')) as (model, server, _):
        with pytest.raises(ModelFailed, match="garbage"):
            await model.complete(TURNS, schema=Days)
    assert len(server.bodies) == 2


@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_structured_output_that_is_cut_is_a_failure_even_when_it_parses(finish: str) -> None:
    async with answering(said('{"days": 5}', finish)) as (model, _, _):
        with pytest.raises(ModelFailed, match="cut"):
            await model.complete(TURNS, schema=Days)


async def test_a_stream_yields_the_text_so_far_and_ends_in_a_completion() -> None:
    async with answering(streamed("<think>", "x</think>", "五日", "です")) as (model, server, _):
        stream = model.stream(TURNS)
        assert [text async for text in stream] == ["五日", "五日です"]
    assert stream.completion is not None
    assert stream.completion.text == "五日です"
    assert stream.completion.tokens_out == model.count("五日です")
    assert server.bodies[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (streamed("五日", finish=None), "cut"),
        (streamed("五日", finish=None, done=False), "cut"),
        (http("data: {\n\n", kind="text/event-stream"), "garbage"),
        (http("nonsense", kind="text/event-stream"), "cut"),
        (http("", kind="text/event-stream"), "cut"),
        (http('data: {"choices": 5}\n\n', kind="text/event-stream"), "garbage"),
        (http('data: {"error": {"message": "x"}}\n\n', kind="text/event-stream"), "server_error"),
        (http("data: {}", kind="text/event-stream", content_length="999"), "cut"),
        (streamed(""), "garbage"),
        (refused(401), "refused_key"),
        (30.0, "timeout"),
        (None, "unreachable"),
    ],
)
async def test_a_stream_that_does_not_end_well_is_a_failure(
    answer: bytes | float | None, reason: str
) -> None:
    assert await streaming(answer) == reason


async def test_a_stream_can_be_left_early() -> None:
    async with answering(streamed("五日", "です")) as (model, _, _):
        stream = model.stream(TURNS)
        assert await anext(stream) == "五日"
        await stream.aclose()


def test_an_endpoint_off_the_list_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"api\.example\.com.*SHOMU_EGRESS_HOSTS"):
        OpenAIModel(name="m", url="https://api.example.com/v1", egress=Egress())


async def test_words_and_key_stay_out_of_logs_and_errors(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    turns = [Turn("user", "canary-question")]
    echo = refused(400, "canary-question was refused")
    async with answering(said("canary-answer"), echo) as (model, server, _):
        await model.complete(turns)
        with pytest.raises(ModelFailed) as raised:
            await model.complete(turns, schema=Days)
    assert "canary-key" in server.heads[0]
    assert "canary" not in caplog.text
    shown: Any = raised.value
    assert "canary" not in str(shown)
    assert shown.__suppress_context__


async def test_the_environment_of_the_library_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://evil.example/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "evil-key")
    monkeypatch.setenv("OPENAI_ORG_ID", "evil-organisation")
    async with answering(said("五日です")) as (model, server, _):
        await model.complete(TURNS)
    assert "evil" not in server.heads[0]


async def test_many_questions_at_once_are_answered_apart() -> None:
    async with answering(said("五日です")) as (model, server, _):
        answers = await asyncio.gather(*(model.complete(TURNS) for _ in range(20)))
    assert [answer.text for answer in answers] == ["五日です"] * 20
    assert len(server.bodies) == 20
