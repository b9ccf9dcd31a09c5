"""The fake model of the kit behaves as a model does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.errors import ModelFailed
from bot.ports import LLM
from bot.testing import FakeLLM
from bot.testing.llm_contract import LLMContract, MakeModel


class TestFakeLLM(LLMContract):
    @pytest.fixture
    def make_model(self) -> MakeModel:
        async def make(answers: Sequence[str | None]) -> LLM:
            return FakeLLM(
                ModelFailed("server_error") if answer is None else answer for answer in answers
            )

        return make
