"""Conversations of the chat page, kept in memory: bounded, and gone when the server restarts.

The audit record is what lasts; this is only what a browser needs to show a conversation again.
An answer is worked out in its own task, so that closing the browser does not stop a turn halfway.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import BadInput
from bot.messages import Attachment, Message, Reply, Said, new_id
from bot.ports import Chat, Clock
from bot.web.sessions import ABSOLUTE_SECONDS

Ask = Callable[[Message, Chat], Awaitable[Reply]]
CONVERSATIONS = 500
EXCHANGES = 50
AT_ONCE = 32
HOLDING = "調べています…"
NO_CHANNEL = "この画面にはチャンネルがないため、期間を決めた要約はできません。"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Exchange:
    """One question and what became of it."""

    message: Message
    progress: str = HOLDING
    can_stop: bool = False
    reply: Reply | None = None
    has_failed: bool = False
    feedback: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_done(self) -> bool:
        return self.reply is not None or self.has_failed

    def change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def watch(self) -> AsyncIterator[str]:
        """Yield what the placeholder says, each time it changes, until the answer is there."""
        said: tuple[str, bool] | None = None
        while not self.is_done:
            changed = self._changed
            if (self.progress, self.can_stop) != said:
                said = self.progress, self.can_stop
                yield self.progress
            # `changed` was taken before the yield, so that no change is missed.
            await changed.wait()


@dataclass(slots=True)
class Conversation:
    """A thread of the chat page: whose it is, where it looks and what was said."""

    thread: str
    owner: str
    workspace: str
    used: float
    exchanges: list[Exchange] = field(default_factory=list)

    def exchange(self, turn: str) -> Exchange | None:
        return next((item for item in self.exchanges if item.message.turn == turn), None)


class Busy(Exception):
    """More questions are being worked on than the page takes at once."""


class Conversations:
    """What the browsers of this server are talking about, newest use last."""

    def __init__(self, ask: Ask, clock: Clock, limit: int = CONVERSATIONS) -> None:
        self._ask = ask
        self._clock = clock
        self._limit = limit
        self._kept: OrderedDict[str, Conversation] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, thread: str, owner: str) -> Conversation | None:
        """A conversation of this browser; another browser's is not found."""
        found = self._kept.get(thread)
        if found is None or found.owner != owner:
            return None
        if self._now() - found.used > ABSOLUTE_SECONDS:
            del self._kept[thread]
            return None
        return found

    def open(self, owner: str, workspace: str) -> Conversation:
        """Start a conversation; the one unused for longest makes room."""
        conversation = Conversation(new_id(), owner, workspace, self._now())
        self._kept[conversation.thread] = conversation
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return conversation

    def ask(
        self, conversation: Conversation, message: Message, files: Mapping[str, bytes]
    ) -> Exchange:
        """Have a message answered; what becomes of it shows in the exchange.

        Raises Busy when too many are being answered.
        """
        if len(self._tasks) >= AT_ONCE:
            raise Busy
        exchange = Exchange(message, files=files)
        conversation.exchanges = [*conversation.exchanges, exchange][-EXCHANGES:]
        conversation.used = self._now()
        self._kept.move_to_end(conversation.thread)
        task = asyncio.create_task(self._answer(exchange, PageChat(conversation, exchange)))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._finish(done, exchange))
        return exchange

    async def press(self, conversation: Conversation, message: Message) -> Reply:
        """Have a button answered that adds nothing to the conversation."""
        return await self._ask(message, PageChat(conversation, Exchange(message)))

    async def _answer(self, exchange: Exchange, chat: PageChat) -> None:
        exchange.reply = await self._ask(exchange.message, chat)

    def _finish(self, task: asyncio.Task[None], exchange: Exchange) -> None:
        self._tasks.discard(task)
        exchange.files = {}
        exchange.has_failed = exchange.reply is None
        if not task.cancelled() and (error := task.exception()) is not None:
            # The turn has already put down what it could; here nobody is left to catch it.
            log.error("turn %s ended with %s", exchange.message.turn, type(error).__name__)
        exchange.change()

    def _now(self) -> float:
        return self._clock.now().timestamp()


class PageChat:
    """One conversation of the page as a turn sees it."""

    def __init__(self, conversation: Conversation, exchange: Exchange) -> None:
        self._conversation = conversation
        self._exchange = exchange

    async def hold(self, message: Message, text: str) -> bool:
        await self.progress(message, text)
        return False

    async def progress(self, message: Message, text: str, *, stoppable: bool = False) -> None:
        self._exchange.progress, self._exchange.can_stop = text, stoppable
        self._exchange.change()

    async def answer(self, message: Message, reply: Reply) -> None:
        """Nothing yet: the page shows what the turn returns, after its record is closed."""

    async def history(self, message: Message, limit: int = 20) -> Sequence[Said]:
        said = []
        for earlier in self._conversation.exchanges:
            if earlier.message.turn == message.turn:
                break
            said.append(Said(earlier.message.text, by_bot=False))
            if earlier.reply is not None:
                said.append(Said(earlier.reply.text, by_bot=True))
        return said[-limit:]

    async def read_back(
        self, message: Message, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Said]:
        if since is not None:
            raise BadInput("no channel", remedy=NO_CHANNEL)
        return await self.history(message, EXCHANGES * 2)

    async def download(self, attachment: Attachment) -> bytes:
        if attachment.location not in self._exchange.files:
            raise BadInput("attachment", remedy="ファイルをもう一度添付してください。")
        return self._exchange.files[attachment.location]

    def reference(self) -> None:
        """None: a browser asks, and is not spoken to."""
        return None
