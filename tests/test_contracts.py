"""The fakes of the kit and the real services behave alike: both pass the same contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.console import ConsoleChat
from bot.adapters.console import message as typed
from bot.app import SystemClock
from bot.messages import Actor, Attachment, Message, Place, Reply, new_id
from bot.ports import (
    AuditEvent,
    Chat,
    Clock,
    Delivery,
    Directory,
    Inbox,
    Records,
    Reminders,
    Search,
    Workspace,
)
from bot.services.database import Database
from bot.services.directory import SqlDirectory
from bot.services.inbox import SqlInbox
from bot.services.manuals.library import Library
from bot.services.manuals.search import TantivySearch
from bot.services.records import SqlRecords
from bot.services.reminders import SqlReminders
from bot.testing import (
    FakeChat,
    FakeDirectory,
    FakeInbox,
    FakeRecords,
    FakeReminders,
    FakeSearch,
    StillClock,
)
from bot.testing.contracts import (
    ChatContract,
    ChatStage,
    ClockContract,
    DirectoryContract,
    InboxContract,
    RecordsContract,
    RemindersContract,
    SearchContract,
)
from bot.web.conversation import Conversation, Exchange, PageChat

Take = Callable[[], Awaitable[Delivery | None]]
WORKSPACES = (Workspace("main"), Workspace("listed", members="listed"))


async def unrecorded(connection: AsyncConnection, event: AuditEvent) -> None:
    pass


class TestStillClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return StillClock()


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


class TestFakeInbox(InboxContract):
    @pytest.fixture
    def inbox(self) -> FakeInbox:
        return FakeInbox()

    @pytest.fixture
    def take(self, inbox: FakeInbox) -> Take:
        async def take() -> Delivery | None:
            return inbox.take()

        return take


class TestSqlInbox(InboxContract):
    @pytest.fixture
    def inbox(self, database: Database) -> Inbox:
        return SqlInbox(database)

    @pytest.fixture
    def take(self, inbox: SqlInbox) -> Take:
        return inbox.claim


class TestFakeDirectory(DirectoryContract):
    @pytest.fixture
    def directory(self) -> Directory:
        return FakeDirectory(WORKSPACES, [self.LISTED_MEMBER])


class TestSqlDirectory(DirectoryContract):
    @pytest.fixture
    async def directory(self, database: Database) -> Directory:
        directory = SqlDirectory(database, "main", unrecorded)
        for workspace in WORKSPACES:
            await directory.add(workspace)
        await directory.enrol(self.LISTED_MEMBER, "slack")
        return directory


class TestFakeRecords(RecordsContract):
    @pytest.fixture
    def records(self) -> Records:
        return FakeRecords()


class TestSqlRecords(RecordsContract):
    @pytest.fixture
    def records(self, database: Database) -> Records:
        return SqlRecords(database)


class TestFakeReminders(RemindersContract):
    @pytest.fixture
    def reminders(self) -> FakeReminders:
        return FakeReminders()

    @pytest.fixture
    def take(self, reminders: FakeReminders) -> Take:
        async def take() -> Delivery | None:
            return reminders.inbox.take()

        return take


class TestSqlReminders(RemindersContract):
    @pytest.fixture
    def reminders(self, database: Database) -> Reminders:
        return SqlReminders(database)

    @pytest.fixture
    def take(self, database: Database) -> Take:
        return SqlInbox(database).claim


class TestFakeSearch(SearchContract):
    @pytest.fixture
    def search(self) -> Search:
        return FakeSearch(self.DOCUMENTS)


class TestTantivySearch(SearchContract):
    @pytest.fixture
    async def search(self, database: Database, tmp_path: Path) -> AsyncIterator[Search]:
        library = Library(database, unrecorded)
        for workspace, passages in self.DOCUMENTS.items():
            for passage in passages:
                content = f"# {passage.heading}\n\n{passage.text}\n".encode()
                await library.add(
                    [(passage.document, content)], workspace=workspace, label=passage.label
                )
        search = TantivySearch(database, tmp_path)
        yield search
        await search.close()


class TestFakeChat(ChatContract):
    @pytest.fixture
    def stage(self) -> ChatStage:
        chat = FakeChat(files={"会費.md": self.FILE_BYTES})

        async def seen() -> list[str]:
            return [reply.text for reply in chat.replies]

        return ChatStage(
            lambda message: chat,
            lambda text: Message(text, Actor("U1"), Place("slack", "T1", "C1", "1.1")),
            seen,
            Attachment("会費.md"),
            reads_channels=True,
        )

    async def test_the_next_attempt_at_an_answered_turn_is_told_so(self, stage: ChatStage) -> None:
        await self.test_an_answer_takes_the_place_of_the_placeholder(stage)
        chat = stage.chat_for(stage.message(""))
        assert isinstance(chat, FakeChat)
        message = Message("x", Actor("U1"), Place("slack", "T1", "C1"), turn=chat.replies[0].turn)
        assert await chat.hold(message, "調べています…")


class TestConsoleChat(ChatContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> ChatStage:
        chat, thread = ConsoleChat(show=False), new_id()
        path = tmp_path / "会費.md"
        path.write_bytes(self.FILE_BYTES)

        async def seen() -> list[str]:
            said = await chat.history(typed("", thread=thread))
            return [line.text for line in said if line.by_bot]

        return ChatStage(
            lambda message: chat,
            lambda text: typed(text, thread=thread),
            seen,
            Attachment(path.name, location=str(path)),
        )


class ShownPageChat(PageChat):
    """With the page's part: it shows what a turn returns, after the turn's record is closed."""

    def __init__(self, conversation: Conversation, exchange: Exchange) -> None:
        super().__init__(conversation, exchange)
        self._shown = exchange

    async def answer(self, message: Message, reply: Reply) -> None:
        await super().answer(message, reply)
        self._shown.reply = reply


class TestPageChat(ChatContract):
    @pytest.fixture
    def stage(self) -> ChatStage:
        conversation = Conversation(new_id(), "browser", "main", 0.0)

        def message(text: str) -> Message:
            return Message(text, Actor("local"), Place("console", "local", "page"))

        def chat_for(message: Message) -> Chat:
            exchange = Exchange(message, files={"f1": self.FILE_BYTES})
            conversation.exchanges.append(exchange)
            return ShownPageChat(conversation, exchange)

        async def seen() -> list[str]:
            return [item.reply.text for item in conversation.exchanges if item.reply]

        return ChatStage(chat_for, message, seen, Attachment("会費.md", location="f1"))
