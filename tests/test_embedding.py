"""Texts as vectors: what may leave, in how many pieces, and what the record says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from bot import Context, Message, ModelFailed, NoModel, Reply, Skill, skill
from bot.app import open_embeddings
from bot.ports import Embedded, Workspace, Zone
from bot.settings import load
from bot.testing import FakeEmbeddings
from bot.testing.kit import Kit

PERSONAL = "電話は090-1234-5678です。"


def embedding(texts: Sequence[str], label: str, seen: list[Any]) -> Skill:
    """A skill that embeds these texts; what it got, or why it got nothing, is in `seen`."""

    @skill(name="x", title="x", description="x", triggers=("x",))
    async def run(message: Message, context: Context) -> Reply:
        try:
            seen.append(await context.embed(texts, label=label))
        except (NoModel, ModelFailed) as error:
            seen.append(error)
        return Reply("済みました。")

    return run


async def run(
    model: FakeEmbeddings | None,
    texts: Sequence[str],
    label: str = "1",
    workspace: Workspace | None = None,
) -> tuple[Any, Kit]:
    seen: list[Any] = []
    kit = Kit([embedding(texts, label, seen)], embeddings=model, workspace=workspace)
    assert (await kit.say("x")).text == "済みました。"
    return seen[0], kit


async def test_many_texts_are_sent_in_pieces_and_come_back_in_order() -> None:
    model = FakeEmbeddings(lambda text: (float(text), 1.0))
    found, _ = await run(model, [str(at) for at in range(600)])
    assert found.dtype == np.float32
    assert found[:, 0].tolist() == list(range(600))
    assert [len(asked) for asked in model.asked] == [256, 256, 88]


async def test_long_texts_are_sent_in_smaller_pieces() -> None:
    model = FakeEmbeddings(lambda text: (float(len(text)),))
    found, _ = await run(model, ["あ" * 30_000, "い" * 20_000, "う", "え" * 60_000, "お"])
    assert [len(asked) for asked in model.asked] == [2, 1, 1, 1]
    assert found[:, 0].tolist() == [30_000, 20_000, 1, 60_000, 1]


async def test_no_texts_are_no_vectors_and_nothing_is_sent() -> None:
    model = FakeEmbeddings()
    found, _ = await run(model, [])
    assert len(found) == 0
    assert model.asked == []


@pytest.mark.parametrize(
    ("label", "zone", "what"),
    [
        ("1", "cloud", "allow"),
        ("2", "cloud", "mask"),
        ("3C", "cloud", "refuse"),
        ("3C", "lgwan", "mask"),
        ("3C", "local", "allow"),
        ("3A", "local", "refuse"),
        ("？", "cloud", "refuse"),
    ],
)
async def test_label_and_zone_decide_whether_texts_go_as_they_are_masked_or_not(
    label: str, zone: Zone, what: str
) -> None:
    model = FakeEmbeddings()
    model.zone = zone
    found, kit = await run(model, [PERSONAL], label)
    (event,) = kit.events("assistant.answer")
    policy = event.details["policy"]
    assert (policy["model_label"], policy["zone"], policy["decision"]) == (label, zone, what)
    sent = [text for asked in model.asked for text in asked]
    if what == "refuse":
        assert isinstance(found, NoModel)
        assert sent == []
    else:
        assert len(found) == 1
        assert ("090-1234-5678" in sent[0]) == (what == "allow")
        assert bool(policy["masks"]) == (what == "mask")


async def test_engine_and_tokens_are_on_the_record() -> None:
    _, kit = await run(FakeEmbeddings(), ["街灯", "バスの便"])
    (event,) = kit.events("assistant.answer")
    assert event.details["model"] == "fake-embeddings"
    assert event.details["tokens_in"] == 6


async def test_a_failure_is_on_the_record_and_reaches_the_skill() -> None:
    found, kit = await run(FakeEmbeddings(failures=[ModelFailed("timeout")]), ["街灯"])
    assert isinstance(found, ModelFailed)
    (event,) = kit.events("assistant.answer")
    assert event.details["model_failures"] == ["timeout"]


async def test_vectors_of_another_length_in_the_next_piece_are_a_failure() -> None:
    class Changing(FakeEmbeddings):
        async def embed(self, texts: Sequence[str]) -> Embedded:
            found = await super().embed(texts)
            return Embedded(found.vectors[:, len(self.asked) :], found.engine, found.tokens)

    found, _ = await run(Changing(), ["街灯"] * 300)
    assert isinstance(found, ModelFailed)


async def test_the_months_budget_is_kept_before_anything_is_sent() -> None:
    model = FakeEmbeddings()
    small = Workspace("main", monthly_tokens=10)
    found, _ = await run(model, ["街灯が少ない道"] * 2, workspace=small)
    assert isinstance(found, NoModel)
    assert model.asked == []


async def test_without_an_embedding_model_there_are_no_vectors() -> None:
    found, _ = await run(None, ["街灯"])
    assert isinstance(found, NoModel)


async def test_the_settings_open_the_model_at_the_address_of_the_chat_model() -> None:
    environment = {
        "SHOMU_EMBEDDING_MODEL": "e",
        "SHOMU_MODEL_URL": "http://127.0.0.1:9/v1",
        "SHOMU_MODEL_ZONE": "lgwan",
    }
    model = open_embeddings(load(environment))
    assert model is not None
    assert (model.name, model.zone) == ("e", "lgwan")
    await model.close()
    assert open_embeddings(load({})) is None
