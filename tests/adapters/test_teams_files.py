"""Files of a reply in Teams: a button that fetches them, since a bot may not put them there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.teams.adapter import TeamsAdapter
from bot.adapters.teams.connector import BotConnector
from bot.messages import File, Message, Reply
from bot.ports import Chat
from bot.settings import Settings
from tests.adapters.test_teams_adapter import (
    MENTION,
    TENANT,
    Connector,
    Office,
    ScriptedBot,
    serving,
)

HOST = "https://shomu.example.lg.jp"
MINUTES = File("f1", "議事録 [x](https://evil.example).docx", "application/msword", 30_000, "ab")
MAP = File("f2", "地図.png", "image/png", 2_000_000, "cd")


class WorkspaceBot(ScriptedBot):
    """Answers as a turn does: with the workspace the message belongs to."""

    async def receive(self, message: Message, chat: Chat) -> Reply:
        return await super().receive(replace(message, workspace="main"), chat)


class FileOffice(Office):
    def __init__(self, teams: Connector, public_url: str = HOST, base: str = HOST) -> None:
        super().__init__(teams)
        self.bot = WorkspaceBot()
        self.settings = Settings(teams_dev=True, teams_tenant=TENANT, public_url=public_url)
        self.adapter = TeamsAdapter(
            self.settings, self.bot, self.inbox, self.directory, (), self.no_network,
            connector=BotConnector(self.settings, sleep=self.sleep),
            link=lambda workspace, file: base and f"{base}/files/{workspace}/{file.id}?key=1.a",
        )  # fmt: skip
        self.bot.reply = Reply("議事録の下書きです。", files=(MINUTES, MAP))


@pytest.fixture
async def teams() -> AsyncIterator[Connector]:
    async with serving() as made:
        yield made


def elements(item: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Every element of a kind in a card, in order."""
    if isinstance(item, dict):
        if item.get("type") == kind:
            yield item
        for value in item.values():
            yield from elements(value, kind)
    elif isinstance(item, list):
        for value in item:
            yield from elements(value, kind)


async def say_in_channel(office: FileOffice) -> dict[str, Any]:
    await office.post(office.in_channel("<at>庶務</at> 議事録", entities=[MENTION]))
    await office.work()
    await office.adapter.close()
    return list(office.teams.messages.values())[-1]


async def test_a_file_has_a_button_that_fetches_it(teams: Connector) -> None:
    answer = await say_in_channel(FileOffice(teams))
    first, second = elements(answer, "Action.OpenUrl")
    assert first["url"] == f"{HOST}/files/main/f1?key=1.a"
    assert second["url"] == f"{HOST}/files/main/f2?key=1.a"
    shown = teams.shown()[-1]
    assert "ファイル：地図.png（1.9MB）" in shown
    assert "（30KB）" in shown


async def test_only_a_picture_is_shown_in_the_card(teams: Connector) -> None:
    answer = await say_in_channel(FileOffice(teams))
    (picture,) = elements(answer, "Image")
    assert picture["url"] == f"{HOST}/files/main/f2?key=1.a"
    assert picture["altText"] == "地図.png"


@pytest.mark.parametrize(
    ("public_url", "base"),
    [("", ""), ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), (HOST, "https://evil.example")],
    ids=["no address", "not https", "another host"],
)
async def test_without_an_address_for_it_the_card_says_who_can_help(
    teams: Connector, public_url: str, base: str
) -> None:
    answer = await say_in_channel(FileOffice(teams, public_url, base))
    assert list(elements(answer, "Action.OpenUrl")) == []
    assert list(elements(answer, "Image")) == []
    shown = teams.shown()[-1]
    assert "議事録の下書きです。" in shown
    assert "SHOMU_PUBLIC_URL" in shown
    assert "管理者" in shown


async def test_the_file_of_a_private_answer_is_offered_in_the_personal_chat(
    teams: Connector,
) -> None:
    office = FileOffice(teams)
    office.bot.reply = replace(office.bot.reply, is_private=True)
    await office.post(office.in_channel("<at>庶務</at> 議事録", entities=[MENTION]))
    await office.work()
    await office.adapter.close()
    for message in teams.messages.values():
        is_personal = message["in"] == "a:personal"
        assert bool(list(elements(message, "Action.OpenUrl"))) is is_personal
