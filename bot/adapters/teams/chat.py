"""One Teams conversation for the length of one turn: placeholder first, then the answer over it.

Every message is first posted as a placeholder, its id is committed to the inbox, and only then are
its words put in by an update, which may be repeated. What a crash can leave behind is a
placeholder nobody fills (between posting it and committing its id), never a second answer. One
window remains: where Teams refuses to update even a fresh placeholder, the answer is posted as it
is, and a crash before its id is committed posts it again.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from bot.adapters.teams import cards
from bot.adapters.teams.messages import ConversationRef
from bot.errors import BadInput, Unavailable
from bot.messages import Attachment, Message, Reply, Said
from bot.ports import FileLink, Inbox, no_link
from bot.presses import STOP
from bot.settings import Settings

HOLDING = "調べています…"
MORE = "続きを書いています…"
SENT_PRIVATELY = "あなただけにお見せする内容のため、庶務との個人チャットにお送りしました。"
CANNOT_SEND_PRIVATELY = (
    "この場ではお見せできない内容です。"
    "庶務を個人チャットに追加して、そちらでもう一度お尋ねください。"
)
CANNOT_READ_BACK = (
    "Teams では、チャンネルの過去の発言を読み返せません。"
    "要約したいスレッドの中で「要約して」と書くか、発言を書き出したファイルを添付してください。"
)
FORGOTTEN = "（これより前の発言は、Teams では読み返せないため省略）"
PROGRESS_SECONDS = 1.0
REMEMBERED_THREADS = 500
REMEMBERED_LINES = 20
REMEMBERED_ANSWERS = 5_000

FetchBytes = Callable[[str], Awaitable[bytes]]


class Connector(Protocol):
    """Speaks to Teams. Every method raises Unavailable when a later attempt may succeed."""

    async def post(self, ref: ConversationRef, activity: Mapping[str, Any]) -> str:
        """Post a message and return its id."""
        ...

    async def update(
        self, ref: ConversationRef, activity_id: str, activity: Mapping[str, Any]
    ) -> bool:
        """Replace a message. False when Teams refuses for good."""
        ...

    async def open_personal(self, ref: ConversationRef) -> ConversationRef | None:
        """The chat between the bot and the person alone; None when they have not added the bot."""
        ...

    async def is_guest(self, ref: ConversationRef) -> bool:
        """Whether the person is from outside the office. Not found out counts as yes."""
        ...


class Threads:
    """The last lines of recent threads. Bots may not read a channel back, so we remember.

    In memory and bounded: after a restart a follow-up has no history, and is still answered.
    """

    def __init__(self) -> None:
        self._threads: OrderedDict[str, deque[tuple[str, Said]]] = OrderedDict()
        self._turns: OrderedDict[str, str] = OrderedDict()

    def keep_turn(self, activity_id: str, turn: str) -> None:
        """Remember which turn a message of ours answers: native feedback names only the message."""
        self._turns[activity_id] = turn
        if len(self._turns) > REMEMBERED_ANSWERS:
            self._turns.popitem(last=False)

    def turn_of(self, activity_id: str) -> str:
        return self._turns.get(activity_id, "")

    def add(self, conversation: str, key: str, said: Said) -> None:
        lines = self._threads.setdefault(conversation, deque(maxlen=REMEMBERED_LINES))
        self.forget(conversation, key)
        lines.append((key, said))
        self._threads.move_to_end(conversation)
        if len(self._threads) > REMEMBERED_THREADS:
            self._threads.popitem(last=False)

    def forget(self, conversation: str, key: str) -> None:
        lines = self._threads.get(conversation, deque())
        for line in [line for line in lines if line[0] == key]:
            lines.remove(line)

    def read(self, conversation: str, before: str, limit: int) -> Sequence[Said]:
        lines = [said for key, said in self._threads.get(conversation, ()) if key != before]
        return lines[-limit:]


class TeamsChat:
    """The Chat port for one turn."""

    def __init__(
        self,
        connector: Connector,
        ref: ConversationRef,
        inbox: Inbox,
        settings: Settings,
        threads: Threads,
        *,
        posted: str = "",
        fetch_bytes: FetchBytes | None = None,
        holding: str = HOLDING,
        was_pressed: bool = False,
        link: FileLink = no_link,
    ) -> None:
        self._connector = connector
        self._ref = ref
        self._inbox = inbox
        self._settings = settings
        self._threads = threads
        self._fetch_bytes = fetch_bytes
        self._holding = holding
        self._was_pressed = was_pressed
        self._link = link
        self._progressed_at = 0.0
        self._shows_stop = False
        state = json.loads(posted) if posted else {}
        self._answered = bool(state.get("answered"))
        self._slots: dict[str, list[str]] = state.get("messages", {})

    async def hold(self, message: Message, text: str) -> bool:
        self._holding = text
        if self._answered:
            return True
        if message.kind != "reminder":
            said = Said(message.text, by_bot=False, name=message.actor.name)
            self._threads.add(self._ref.conversation, message.identity, said)
        if _shows_work(message):
            await self._slot(message.turn, self._ref, 0)
        return False

    async def progress(self, message: Message, text: str, *, stoppable: bool = False) -> None:
        now = time.monotonic()
        # Teams allows about one update a second in a conversation.
        is_soon = now - self._progressed_at < PROGRESS_SECONDS and stoppable == self._shows_stop
        if not _shows_work(message) or is_soon:
            return
        self._progressed_at, self._shows_stop = now, stoppable
        slot = await self._slot(message.turn, self._ref, 0)
        activity = cards.plain_activity(text)
        if stoppable:
            activity = cards.stoppable_activity(text, message.turn)
        try:
            await self._connector.update(self._ref, slot, activity)
        except Unavailable:
            return

    async def answer(self, message: Message, reply: Reply) -> None:
        if self._answered:
            return
        if _is_silent(message) and reply.status == "help":
            # The press itself was answered with thanks; a message to everyone would be noise.
            await self._remember(message.turn, answered=True)
            return
        if reply.is_private and self._ref.kind != "personal":
            await self._answer_privately(message, reply)
        else:
            await self._deliver(message.turn, self._ref, self._activities(message, reply))
            said = Said(reply.text, by_bot=True)
            self._threads.add(self._ref.conversation, message.turn, said)
        await self._remember(message.turn, answered=True)

    async def history(self, message: Message, limit: int = 20) -> Sequence[Said]:
        return self._threads.read(self._ref.conversation, message.identity, limit)

    async def read_back(
        self, message: Message, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Said]:
        if since is not None:
            raise BadInput("no channel", remedy=CANNOT_READ_BACK)
        lines = await self.history(message, REMEMBERED_LINES)
        is_whole = len(lines) < REMEMBERED_LINES - 1
        return lines if is_whole else [Said(FORGOTTEN, by_bot=True), *lines]

    async def download(self, attachment: Attachment) -> bytes:
        parts = urlsplit(attachment.location)
        allowed = (*self._settings.egress_hosts, *self._settings.teams_service_hosts)
        if parts.scheme != "https" or parts.hostname not in allowed or self._fetch_bytes is None:
            raise BadInput(
                "attachment host not allowed",
                remedy=f"「{attachment.name}」を受け取れませんでした。添付ファイルの保存先"
                f"（{parts.hostname or '不明'}）を SHOMU_EGRESS_HOSTS に加えるよう、"
                "管理者に依頼してください。",
            )
        return await self._fetch_bytes(attachment.location)

    def reference(self) -> str:
        return self._ref.dump()

    def _activities(self, message: Message, reply: Reply) -> list[dict[str, Any]]:
        host = urlsplit(self._settings.public_url).hostname
        asked = ""
        if self._was_pressed and message.kind in ("direct", "mention"):
            name = f"{message.actor.name}さんの" if self._ref.kind != "personal" else ""
            asked = f"{name}ご質問：{message.text}"
        return cards.activities(
            reply,
            asked=asked,
            link_hosts=(host,) if host else (),
            file_links={file.id: self._link(message.workspace, file) for file in reply.files},
        )

    async def _answer_privately(self, message: Message, reply: Reply) -> None:
        """Answer in the personal chat, and say in the thread that it went there."""
        personal = await self._connector.open_personal(self._ref)
        if personal is None:
            number = f"（受付番号 {reply.turn}）" if reply.turn else ""
            notice = CANNOT_SEND_PRIVATELY + number
        else:
            # "Share" would share with the personal chat: the button has lost its place.
            actions = tuple(action for action in reply.actions if action.name != "share")
            private = replace(reply, actions=actions)
            await self._deliver(message.turn, personal, self._activities(message, private))
            notice = SENT_PRIVATELY
        if not _is_silent(message):
            await self._deliver(message.turn, self._ref, [cards.plain_activity(notice)])

    async def _deliver(
        self, turn: str, ref: ConversationRef, activities: Sequence[Mapping[str, Any]]
    ) -> None:
        for position, activity in enumerate(activities):
            await self._put(turn, ref, position, activity)

    async def _put(
        self, turn: str, ref: ConversationRef, position: int, activity: Mapping[str, Any]
    ) -> None:
        """Fill a slot. A placeholder that was deleted meanwhile is posted once more."""
        for _ in range(2):
            slot = await self._slot(turn, ref, position)
            if slot and await self._connector.update(ref, slot, activity):
                self._threads.keep_turn(slot, turn)
                return
            self._slots[ref.conversation][position] = ""
        self._slots[ref.conversation][position] = await self._connector.post(ref, activity)
        await self._remember(turn)

    async def _slot(self, turn: str, ref: ConversationRef, position: int) -> str:
        """Id of the n-th message of this turn in a conversation, posting a placeholder if new."""
        slots = self._slots.setdefault(ref.conversation, [])
        while len(slots) <= position:
            slots.append("")
        if not slots[position]:
            text = self._holding if position == 0 else MORE
            slots[position] = await self._connector.post(ref, cards.plain_activity(text))
            await self._remember(turn)
        return slots[position]

    async def _remember(self, turn: str, *, answered: bool = False) -> None:
        self._answered = self._answered or answered
        state = {"messages": self._slots, "answered": self._answered}
        await self._inbox.remember(turn, json.dumps(state))


def _is_silent(message: Message) -> bool:
    """Whether a press is answered by its own notice and needs no message."""
    return message.kind == "button" and message.command in ("feedback", STOP.name)


def _shows_work(message: Message) -> bool:
    """Whether a placeholder stands where the answer will: not where nobody waits for one."""
    return message.kind != "reminder" and not _is_silent(message)
