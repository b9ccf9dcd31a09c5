"""Topics by the nearness of meaning: a model that is asked only after a person's yes."""

from __future__ import annotations

import csv
import io
import re

from bot import ModelFailed, Reply
from bot.testing import FakeEmbeddings
from skills.opinions import work
from skills.opinions.model import ISOLATED
from tests.opinions.invented import table
from tests.opinions.test_opinions_chat import Desk

BUTTON = "意味の近さで分け直す"
# What the fake model holds to be one meaning, though no word is shared.
MEANT = (("街灯", "道が暗い", "夜道"), ("バス", "停留所"), ("保育", "預かり"))


def by_meaning(text: str) -> list[float]:
    """One direction for each meaning, a little apart from text to text; another for the rest."""
    found = [float(any(word in text for word in words)) for words in MEANT]
    rest = float(not any(found))
    return [*found, rest, 0.001 * (len(text) % 7), 0.001 * (sum(map(ord, text)) % 11)]


class MeaningDesk(Desk):
    def __init__(self, model: FakeEmbeddings | None = None) -> None:
        self.model = model or FakeEmbeddings(by_meaning)
        super().__init__(embeddings=self.model)

    async def asked(self) -> Reply:
        """The reply that names the cost, before anything is sent."""
        cost = await self.press(await self.drop(table(300)), BUTTON)
        assert self.model.asked == []
        return cost

    async def sent(self, cost: Reply) -> Reply:
        (title,) = [one.title for one in cost.actions]
        return await self.press(cost, title)

    def wholes(self) -> list[set[int]]:
        """For each meaning, the topics of the first level that its claims are in."""
        analysis = work.unpack(self.kit.files.named("整理結果.json.z"))
        found: list[set[int]] = [set() for _ in MEANT]
        for opinion in analysis.opinions:
            for claim in opinion.claims:
                topic = analysis.topic_by_id.get(claim.topic)
                number = claim.topic if topic is None or topic.parent < 0 else topic.parent
                for at, words in enumerate(MEANT):
                    if any(word in claim.masked for word in words):
                        found[at].add(number)
        return found


async def test_topics_follow_the_vectors_where_the_words_say_otherwise() -> None:
    desk = MeaningDesk()
    cost = await desk.asked()
    by_words = desk.wholes()
    assert any(len(topics) > 1 for topics in by_words)
    done = await desk.sent(cost)
    by_vectors = desk.wholes()
    assert [len(topics) for topics in by_vectors] == [1, 1, 1]
    assert len(set.union(*by_vectors)) == 3
    assert ISOLATED not in set.union(*by_vectors)
    assert done.status == "answered"


async def test_what_it_costs_is_said_first_and_only_masked_texts_are_sent_each_once() -> None:
    desk = MeaningDesk()
    rows = [["ご意見をお聞かせください"]]
    rows += [[f"街灯が少なく夜道が怖いです。電話は090-1234-{at:04}です。"] for at in range(30)]
    rows += [["バスの便数が少ないです。"]] * 30
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    first = await desk.drop(written.getvalue().encode())
    cost = await desk.press(first, BUTTON)
    assert desk.model.asked == []
    said = re.search(r"論点([\d,]+)件.*送る量は約([\d,]+)トークン", cost.text, re.DOTALL)
    assert said is not None
    await desk.sent(cost)
    sent = [text for asked in desk.model.asked for text in asked]
    assert len(sent) == len(set(sent)) == int(said[1])
    assert sum(map(desk.model.count, sent)) == int(said[2].replace(",", ""))
    assert not any("090-1234" in text for text in sent)


async def test_the_engine_stands_in_the_answer_the_report_and_the_record() -> None:
    desk = MeaningDesk()
    done = await desk.sent(await desk.asked())
    assert done.engine == "fake-embeddings"
    assert done.card is not None
    assert ("分け方", "意味の近さ（モデル fake-embeddings）") in done.card.rows
    report = desk.kit.files.named("report.md").decode()
    assert "モデル fake-embeddings が表した意味の近さで分けました" in report
    assert "AIモデルは使っていません" not in report
    before, after = desk.kit.events("opinions.analysed")
    assert (before.details["engine"], after.details["engine"]) == ("offline", "fake-embeddings")
    assert desk.kit.events("assistant.answer")[-1].details["model"] == "fake-embeddings"


async def test_a_model_that_fails_leaves_the_topics_by_words_and_says_so() -> None:
    desk = MeaningDesk(FakeEmbeddings(by_meaning, failures=[ModelFailed("timeout")]))
    cost = await desk.asked()
    before = desk.wholes()
    failed = await desk.sent(cost)
    assert "モデルが応答しないため、分け直せませんでした" in failed.text
    assert desk.wholes() == before
    assert "AIモデルは使っていません" in desk.kit.files.named("report.md").decode()
    done = await desk.sent(await desk.press(failed, "もう一度試す"))
    assert done.engine == "fake-embeddings"


async def test_a_model_outside_the_office_gets_no_opinions() -> None:
    desk = MeaningDesk()
    desk.model.zone = "cloud"
    refused = await desk.sent(await desk.asked())
    assert "いまは意味の近さで分けられません" in refused.text
    assert desk.model.asked == []


async def test_without_an_embedding_model_there_is_no_button_and_the_words_say_so() -> None:
    desk = Desk()
    reply = await desk.drop(table(60))
    assert BUTTON not in [one.title for one in reply.actions]
    assert "いまは意味の近さで分けられません" in (await desk.say("意見 意味で分け直す")).text


async def test_a_locked_name_stays_when_topics_are_made_anew() -> None:
    desk = MeaningDesk()
    reply = await desk.drop(table(300))
    await desk.say("意見 改名 1 いちばん多い声")
    await desk.say("意見 固定 1")
    await desk.sent(await desk.press(reply, BUTTON))
    assert "いちばん多い声" in (await desk.labels()).values()
