"""A turn talks to Slack and to Teams as it talks to the kit's fake."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.adapters.slack import blocks as slack_blocks
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.events import Heard
from bot.adapters.slack.marks import HOLDING, read_mark
from bot.adapters.slack.people import People
from bot.adapters.slack.reading import Reading
from bot.adapters.teams.chat import REMEMBERED_LINES, TeamsChat, Threads
from bot.adapters.teams.messages import ConversationRef
from bot.errors import BadInput, Unavailable
from bot.messages import Actor, Attachment, Message, Place, new_id
from bot.ports import Chat, Delivery
from bot.settings import Settings
from bot.testing import FakeInbox
from bot.testing.contracts import ChatContract, ChatStage
from tests.adapters.slack_side import BOT, TEAM, FakeSlack


class Slack(FakeSlack):
    """With one file to fetch."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    async def fetch(self, url: str) -> bytes:
        if not url.startswith("https://files.slack.com/"):
            raise BadInput("gone", remedy="添付ファイルを開けません。もう一度添付してください。")
        return self.content


class TestSlackChat(ChatContract):
    @pytest.fixture
    def stage(self) -> ChatStage:
        slack, inbox = Slack(self.FILE_BYTES), FakeInbox()
        root = slack.say("スレッドの始まり", thread="")
        slack.channels["C1"][0]["text"] = ""  # no words of anybody: only the place

        def message(text: str) -> Message:
            ts = slack.say(text, thread=root) if text else root
            return Message(
                text, Actor("U1"), Place("slack", TEAM, "C1", root), "follow-up", identity=ts
            )

        def chat_for(message: Message) -> Chat:
            heard = Heard(
                "follow-up", "U1", TEAM, "C1", message.text, thread=root, ts=message.identity
            )
            delivery = Delivery("slack", message.identity, "", message.turn, message.attempt)
            reading = Reading(slack, People(slack), heard, BOT)
            return SlackChat(slack, inbox, heard, delivery, BOT, reading=reading)

        async def seen() -> list[str]:
            marks = [(read_mark(item), item) for item in slack.own()]
            return [
                slack_blocks.read_back(dict(item)).strip()
                for mark, item in marks
                if mark is not None and mark.state != HOLDING
            ]

        file = Attachment("会費.md", location="https://files.slack.com/F1")
        return ChatStage(chat_for, message, seen, file, reads_channels=True)


class Teams:
    """What Teams shows, as `bot.adapters.teams.chat.Connector`."""

    def __init__(self) -> None:
        self.shown: dict[str, Mapping[str, Any]] = {}

    async def post(self, ref: ConversationRef, activity: Mapping[str, Any]) -> str:
        self.shown[f"m{len(self.shown)}"] = activity
        return f"m{len(self.shown) - 1}"

    async def update(
        self, ref: ConversationRef, activity_id: str, activity: Mapping[str, Any]
    ) -> bool:
        self.shown[activity_id] = activity
        return True

    async def open_personal(self, ref: ConversationRef) -> ConversationRef | None:
        return None

    async def is_guest(self, ref: ConversationRef) -> bool:
        return False


class TestTeamsChat(ChatContract):
    @pytest.fixture
    def stage(self) -> ChatStage:
        teams, inbox, threads = Teams(), FakeInbox(), Threads()
        ref = ConversationRef("https://smba.example", "19:c@thread.tacv2;messageid=1", "channel")

        def message(text: str) -> Message:
            place = Place("teams", "T1", "19:c@thread.tacv2", "1")
            return Message(text, Actor("U1"), place, "follow-up", identity=new_id())

        async def fetch(url: str) -> bytes:
            if url != "https://files.example/f1":
                raise Unavailable("no such file")
            return self.FILE_BYTES

        def chat_for(message: Message) -> Chat:
            posted = inbox.posted.get(message.turn, "")
            settings = Settings(egress_hosts=("files.example",))
            return TeamsChat(teams, ref, inbox, settings, threads, posted=posted, fetch_bytes=fetch)

        async def seen() -> list[str]:
            cards = [json.dumps(item, ensure_ascii=False) for item in teams.shown.values()]
            answers = ("5日です。", "1日単位です。")
            return [text for card in cards for text in answers if text in card]

        file = Attachment("会費.md", location="https://files.example/f1")
        return ChatStage(chat_for, message, seen, file)

    async def test_a_thread_longer_than_what_is_remembered_says_so(self, stage: ChatStage) -> None:
        for number in range(REMEMBERED_LINES + 5):
            message = stage.message(f"{number}番目の話です。")
            await stage.chat_for(message).hold(message, "読んでいます…")
        later = stage.message("要約して")
        chat = stage.chat_for(later)
        await chat.hold(later, "読んでいます…")
        first, *rest = await chat.read_back(later)
        assert first.by_bot
        assert "省略" in first.text
        assert len(rest) == REMEMBERED_LINES - 1
