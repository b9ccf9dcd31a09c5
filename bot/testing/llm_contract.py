"""What every `LLM` does, a real one and the fake: subclass it and give it `make_model`.

class TestFakeLLM(LLMContract):
    @pytest.fixture
    def make_model(self) -> MakeModel: ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise

import pytest
from pydantic import BaseModel

from bot.errors import ModelFailed
from bot.ports import LLM, Turn

# Makes a model that gives these answers, one a request; None stands for a request that fails.
MakeModel = Callable[[Sequence[str | None]], Awaitable[LLM]]

ASKED = (Turn("system", "短く答える。"), Turn("user", "夏季休暇は何日ですか"))
ANSWER = "夏季休暇は5日以内です〔1〕。7月から9月までに取ります〔1〕。"


class Days(BaseModel):
    """The structured answer the contract asks for."""

    days: int
    reason: str


class LLMContract:
    """Contract tests of `bot.ports.LLM`; the subclass makes the fixture `make_model`."""

    async def test_a_whole_answer_names_its_engine_and_counts_its_tokens(
        self, make_model: MakeModel
    ) -> None:
        model = await make_model([ANSWER])
        completion = await model.complete(ASKED)
        assert completion.text == ANSWER
        assert completion.engine == model.name
        assert completion.tokens_in > 0
        assert completion.tokens_out > 0
        assert completion.value is None
        assert not completion.cut

    async def test_a_structured_answer_is_validated(self, make_model: MakeModel) -> None:
        model = await make_model(['{"days": 5, "reason": "第12条"}'])
        completion = await model.complete(ASKED, schema=Days)
        assert completion.value == Days(days=5, reason="第12条")

    @pytest.mark.parametrize("answer", ["五日です", '{"days": "五日"}', "[]"])
    async def test_a_structured_answer_that_does_not_validate_is_a_failure(
        self, make_model: MakeModel, answer: str
    ) -> None:
        model = await make_model([answer, answer])
        with pytest.raises(ModelFailed):
            await model.complete(ASKED, schema=Days)

    async def test_a_streamed_answer_grows_to_the_whole(self, make_model: MakeModel) -> None:
        model = await make_model([ANSWER])
        texts = [text async for text in model.stream(ASKED)]
        assert len(texts) > 1
        assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
        assert texts[-1] == ANSWER

    async def test_a_model_that_fails_says_so_and_answers_the_next_time(
        self, make_model: MakeModel
    ) -> None:
        model = await make_model([None, None, ANSWER])
        with pytest.raises(ModelFailed):
            await model.complete(ASKED)
        with pytest.raises(ModelFailed):
            async for _ in model.stream(ASKED):
                pass
        assert (await model.complete(ASKED)).text == ANSWER

    async def test_a_longer_text_counts_more_tokens(self, make_model: MakeModel) -> None:
        model = await make_model([ANSWER])
        assert model.count("") == 0
        assert 0 < model.count("夏季休暇") < model.count("夏季休暇は5日以内です。" * 10)
        assert model.context_tokens > 0
