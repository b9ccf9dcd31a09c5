"""The fake models of the kit behave as models do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.errors import ModelFailed
from bot.ports import LLM, Embeddings
from bot.testing import FakeEmbeddings, FakeLLM
from bot.testing.embeddings_contract import EmbeddingsContract, MakeEmbeddings
from bot.testing.llm_contract import LLMContract, MakeModel


class TestFakeLLM(LLMContract):
    @pytest.fixture
    def make_model(self) -> MakeModel:
        async def make(answers: Sequence[str | None]) -> LLM:
            return FakeLLM(
                ModelFailed("server_error") if answer is None else answer for answer in answers
            )

        return make


class TestFakeEmbeddings(EmbeddingsContract):
    @pytest.fixture
    def make_embeddings(self) -> MakeEmbeddings:
        async def make(outcomes: Sequence[bool]) -> Embeddings:
            failed = ModelFailed("server_error")
            return FakeEmbeddings(failures=[None if good else failed for good in outcomes])

        return make
