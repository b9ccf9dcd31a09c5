"""A conversation in memory, for a turn to talk in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.errors import BadInput
from bot.messages import Attachment, Message, Reply, Said


class FakeChat:
    """A conversation that remembers what a person would see."""

    def __init__(self, said: Sequence[Said] = (), files: Mapping[str, bytes] | None = None) -> None:
        self.said = list(said)
        self.files = dict(files or {})
        self.placeholder = ""
        self.replies: list[Reply] = []
        self.channel: list[Said] = []
        self.can_be_told = True
        self.can_stop = False
        self._answered: set[str] = set()

    async def hold(self, message: Message, text: str) -> bool:
        self.placeholder = text
        return message.turn in self._answered

    async def progress(self, message: Message, text: str, *, stoppable: bool = False) -> None:
        self.placeholder, self.can_stop = text, stoppable

    async def answer(self, message: Message, reply: Reply) -> None:
        self.placeholder, self.can_stop = "", False
        if message.turn in self._answered:
            self.replies[-1] = reply
            return
        self._answered.add(message.turn)
        self.replies.append(reply)
        self.said += [Said(message.text, by_bot=False), Said(reply.text, by_bot=True)]

    async def history(self, message: Message, limit: int = 20) -> Sequence[Said]:
        return self.said[-limit:]

    async def read_back(
        self, message: Message, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Said]:
        if since is None or until is None:
            return self.said
        return [line for line in self.channel if line.at and since <= line.at < until]

    async def download(self, attachment: Attachment) -> bytes:
        if attachment.name not in self.files:
            raise BadInput("attachment", remedy=f"{attachment.name} を開けません。")
        return self.files[attachment.name]

    def reference(self) -> str | None:
        return "" if self.can_be_told else None
