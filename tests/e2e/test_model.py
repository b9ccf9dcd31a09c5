"""The model client against aimock, a real server of the OpenAI protocol, with each failure."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import masking
from bot.errors import ModelFailed
from bot.ports import LLM, Turn
from bot.prompts import load_prompts
from bot.services.http import Egress
from bot.services.model.openai import OpenAIModel
from bot.testing.llm_contract import ANSWER, ASKED, Days, LLMContract, MakeModel

ROOT = Path(__file__).parent.parent.parent
AIMOCK = ROOT / ".node/node_modules/@copilotkit/aimock/dist/cli.js"
START_SECONDS = 20.0

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not AIMOCK.exists() or shutil.which("node") is None,
        reason="aimock or node is not installed: run infra/e2e/install.sh",
    ),
]

Fixture = dict[str, Any]
Start = Callable[..., Awaitable[OpenAIModel]]


def says(text: str, **response: Any) -> Fixture:
    return {"response": {"content": text, **response}}


def refuses(status: int, **response: Any) -> Fixture:
    error = {"message": "no", "type": "error"}
    return {"response": {"error": error, "status": status, **response}}


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start aimock with one fixture for each request in turn, and a model that talks to it."""
    running: list[subprocess.Popen[bytes]] = []
    models: list[OpenAIModel] = []

    async def begin(*fixtures: Fixture, seconds: float = 20.0) -> OpenAIModel:
        port = _free_port()
        path = tmp_path / f"{port}.json"
        listed = [{"match": {"sequenceIndex": n}, **fixture} for n, fixture in enumerate(fixtures)]
        path.write_text(json.dumps({"fixtures": listed}), "utf-8")
        command = ["node", str(AIMOCK), "-p", str(port), "-f", str(path), "--strict"]
        running.append(
            subprocess.Popen(
                [*command, "--log-level", "silent"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        await _wait_for(running[-1], port)
        model = OpenAIModel(
            name="gpt-test",
            url=f"http://127.0.0.1:{port}/v1",
            key="unused",
            egress=Egress(),
            timeout_seconds=seconds,
        )
        models.append(model)
        return model

    yield begin
    for model in models:
        await model.close()
    for process in running:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        if process.poll() is None:
            process.kill()
            process.wait(5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
    pytest.fail("aimock did not start")


async def journal(model: OpenAIModel) -> list[dict[str, Any]]:
    """What aimock was asked, oldest first."""
    url = str(model._endpoint.client.base_url).replace("/v1/", "/__aimock/journal")
    entries = await Egress().fetch_json(url)
    listed: list[dict[str, Any]] = entries if isinstance(entries, list) else entries["entries"]
    return listed


async def reason(asked: Awaitable[Any]) -> str:
    with pytest.raises(ModelFailed) as raised:
        await asked
    return str(raised.value)


async def read(model: OpenAIModel) -> list[str]:
    return [text async for text in model.stream(ASKED)]


class TestOpenAIModel(LLMContract):
    @pytest.fixture
    def make_model(self, start: Start) -> MakeModel:
        async def make(answers: Sequence[str | None]) -> LLM:
            return await start(
                *(refuses(400) if answer is None else says(answer) for answer in answers)
            )

        return make


async def test_usage_of_an_answer_and_of_a_stream_is_what_the_endpoint_says(start: Start) -> None:
    usage = {"prompt_tokens": 101, "completion_tokens": 23, "total_tokens": 124}
    model = await start(says(ANSWER, usage=usage), says(ANSWER, usage=usage))
    completion = await model.complete(ASKED)
    assert (completion.tokens_in, completion.tokens_out) == (101, 23)
    stream = model.stream(ASKED)
    assert [text async for text in stream][-1] == ANSWER
    assert stream.completion is not None
    assert (stream.completion.tokens_in, stream.completion.tokens_out) == (101, 23)


async def test_structured_output_is_repaired_once(start: Start) -> None:
    model = await start(says('{"days": "五"}'), says('{"days": 5, "reason": "第12条"}'))
    completion = await model.complete(ASKED, schema=Days)
    assert completion.value == Days(days=5, reason="第12条")
    assert len(await journal(model)) == 2


async def test_structured_output_that_stays_wrong_is_garbage(start: Start) -> None:
    model = await start(says("五日です"), says("五日です"), says("五日です"))
    assert await reason(model.complete(ASKED, schema=Days)) == "garbage"
    assert len(await journal(model)) == 2


async def test_an_endpoint_that_refuses_schemas_answers_in_a_plainer_way(start: Start) -> None:
    model = await start(refuses(500), says('{"days": 5, "reason": ""}'))
    assert (await model.complete(ASKED, schema=Days)).value == Days(days=5, reason="")


async def test_a_full_endpoint_is_asked_again_after_the_time_it_names(start: Start) -> None:
    model = await start(refuses(429, retryAfter=1), says(ANSWER))
    assert (await model.complete(ASKED)).text == ANSWER
    assert len(await journal(model)) == 2


async def test_an_endpoint_that_stays_full_is_given_up(start: Start) -> None:
    model = await start(*[refuses(429, retryAfter=60)] * 4)
    assert await reason(model.complete(ASKED)) == "rate_limited"
    assert len(await journal(model)) == 1


async def test_a_server_error_is_passed_over_and_a_lasting_one_is_given_up(start: Start) -> None:
    model = await start(refuses(500), says(ANSWER), *[refuses(503)] * 3)
    assert (await model.complete(ASKED)).text == ANSWER
    assert await reason(model.complete(ASKED)) == "server_error"


async def test_a_refused_key_is_named_and_not_tried_again(start: Start) -> None:
    model = await start(refuses(401), says(ANSWER))
    assert await reason(model.complete(ASKED)) == "refused_key"
    assert len(await journal(model)) == 1


@pytest.mark.parametrize(
    ("chaos", "expected"),
    [
        ({"disconnectRate": 1}, "unreachable"),
        ({"malformedRate": 1}, "garbage"),
        ({"dropRate": 1}, "server_error"),
    ],
)
async def test_a_broken_answer_is_a_failure(
    start: Start, chaos: dict[str, int], expected: str
) -> None:
    model = await start(*[says(ANSWER) | {"chaos": chaos}] * 3)
    assert await reason(model.complete(ASKED)) == expected


@pytest.mark.parametrize("chaos", [{"disconnectRate": 1}, {"malformedRate": 1}, {"dropRate": 1}])
async def test_a_broken_stream_is_a_failure(start: Start, chaos: dict[str, int]) -> None:
    model = await start(*[says(ANSWER) | {"chaos": chaos}] * 3)
    assert await reason(read(model)) in ("unreachable", "garbage", "cut", "server_error")


async def test_a_stream_that_ends_before_its_end_is_cut(start: Start) -> None:
    model = await start(says(ANSWER) | {"truncateAfterChunks": 3, "latency": 50, "chunkSize": 4})
    assert await reason(read(model)) == "cut"


async def test_a_stream_that_is_torn_off_is_cut(start: Start) -> None:
    model = await start(says(ANSWER) | {"disconnectAfterMs": 150, "latency": 100, "chunkSize": 2})
    assert await reason(read(model)) == "cut"


async def test_an_answer_at_the_length_limit_is_cut(start: Start) -> None:
    model = await start(
        says(ANSWER, finishReason="length"), says('{"days": 5}', finishReason="length")
    )
    assert (await model.complete(ASKED)).cut
    assert await reason(model.complete(ASKED, schema=Days)) == "cut"


async def test_a_slow_answer_and_a_slow_stream_end_in_time(start: Start) -> None:
    slow = says(ANSWER) | {"chaos": {"latencyMs": 20_000}}
    model = await start(slow, slow, seconds=0.5)
    assert await reason(model.complete(ASKED)) == "timeout"
    assert await reason(read(model)) == "timeout"


async def test_the_request_that_is_sent_holds_no_personal_data_and_the_answer_does(
    start: Start,
) -> None:
    name, phone, number = "佐藤 花子", "０９０－１２３４－５６７８", "1234 5678 9018"
    turns, _ = load_prompts([ROOT / "prompts"]).render(
        "manual-search",
        "answer",
        "ja",
        {
            "question": f"{name}様（{phone}、マイナンバー{number}）の届出は？",
            "passages": [f"担当 {name}様 連絡先 {phone}"],
        },
    )
    masked = masking.mask_all([turn.text for turn in turns])
    model = await start(says("〈氏名1〉様には〈電話1〉へ連絡します〔1〕。"))
    completion = await model.complete(
        [Turn(turn.role, text) for turn, text in zip(turns, masked.texts, strict=True)]
    )
    (entry,) = await journal(model)
    sent = json.dumps(entry, ensure_ascii=False)
    assert "〈氏名1〉様（〈電話1〉、マイナンバー〈個人番号1〉）の届出は？" in sent
    for secret in (name, "花子", phone, "1234-5678", "5678", number, "9018"):
        assert secret not in sent
    answer = masking.restore(completion.text, masked.table)
    assert answer == f"{name}様には{phone}へ連絡します〔1〕。"
