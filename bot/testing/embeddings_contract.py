"""Contract tests of `bot.ports.Embeddings`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import numpy as np
import pytest

from bot.errors import ModelFailed
from bot.ports import Embeddings

# Makes a model that answers some requests, in order; False stands for a request that fails.
MakeEmbeddings = Callable[[Sequence[bool]], Awaitable[Embeddings]]

TEXTS = ("バスの便数を増やしてほしい。", "図書館を夜も開けてほしい。", "街灯が少ない。")


class EmbeddingsContract:
    """The subclass makes the fixture `make_embeddings`."""

    async def test_every_text_has_one_finite_vector(self, make_embeddings: MakeEmbeddings) -> None:
        model = await make_embeddings([True])
        embedded = await model.embed(TEXTS)
        assert embedded.vectors.dtype == np.float32
        assert embedded.vectors.ndim == 2
        assert len(embedded.vectors) == len(TEXTS)
        assert np.isfinite(embedded.vectors).all()
        assert embedded.engine == model.name
        assert embedded.tokens > 0

    async def test_vectors_stand_in_the_order_of_their_texts(
        self, make_embeddings: MakeEmbeddings
    ) -> None:
        model = await make_embeddings([True, True])
        there = (await model.embed(TEXTS)).vectors
        back = (await model.embed(TEXTS[::-1])).vectors
        assert np.allclose(there, back[::-1])
        assert not np.allclose(there[0], there[1])

    async def test_a_model_that_fails_says_so_and_answers_the_next_time(
        self, make_embeddings: MakeEmbeddings
    ) -> None:
        model = await make_embeddings([False, True])
        with pytest.raises(ModelFailed):
            await model.embed(TEXTS)
        assert len((await model.embed(TEXTS)).vectors) == len(TEXTS)
