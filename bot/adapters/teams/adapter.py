"""Microsoft Teams from gate to answer: activities into messages, replies into cards."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from bot.adapters.teams import cards, invokes
from bot.adapters.teams.chat import HOLDING, FetchBytes, TeamsChat, Threads
from bot.adapters.teams.connector import BotConnector, Rejected
from bot.adapters.teams.gate import (
    Answer,
    Count,
    FetchJson,
    Gate,
    Keys,
    ReportRefusal,
)
from bot.adapters.teams.messages import (
    WELCOME,
    ConversationRef,
    identity,
    is_welcome,
    parse,
    pressed,
)
from bot.errors import Misconfigured, ShomuError
from bot.messages import Message, Place, Reminder, Reply
from bot.ports import Chat, Delivery, Directory, FileLink, Forms, Inbox, no_link
from bot.settings import Settings

log = logging.getLogger(__name__)

GREETING = "ご案内を準備しています…"
REMINDING = "お知らせがあります。"
GAVE_UP = (
    "申し訳ありません。うまくお答えできませんでした。"
    "しばらくしてからもう一度お尋ねになるか、管理者に受付番号をお知らせください。"
)


class Receiver(Protocol):
    """The bot, as far as this adapter knows it."""

    async def receive(self, message: Message, chat: Chat) -> Reply: ...


class TeamsAdapter:
    """Teams from gate to answer. Mount `gate` at POST /api/messages; give `handle` to a worker."""

    def __init__(
        self,
        settings: Settings,
        bot: Receiver,
        inbox: Inbox,
        directory: Directory,
        examples: Sequence[str],
        fetch_json: FetchJson,
        count: Count = lambda name: None,
        refused: ReportRefusal | None = None,
        *,
        fetch_bytes: FetchBytes | None = None,
        connector: BotConnector | None = None,
        forms: Forms | None = None,
        link: FileLink = no_link,
    ) -> None:
        _check(settings)
        self._settings = settings
        self._bot = bot
        self._inbox = inbox
        self._directory = directory
        self._examples = tuple(examples)
        self._count = count
        self._fetch_bytes = fetch_bytes
        self._forms = forms
        self._link = link
        self._threads = Threads()
        self._connector = connector or BotConnector(settings)
        self._keys = Keys(settings.teams_openid_url, fetch_json)
        self.gate = Gate(settings, self._keys, self.receive, count, refused)

    async def start(self) -> None:
        """Fetch the signing keys before the first message needs them."""
        if not self._settings.teams_dev:
            await self._keys.prefetch()

    async def close(self) -> None:
        await self._connector.close()

    async def receive(self, activity: dict[str, Any]) -> Answer:
        """Make an activity durable and answer Teams at once. Called by the gate."""
        match activity["type"]:
            case "message":
                return await self._receive_message(activity)
            case "messageUpdate":
                # Only what nobody has begun to answer can still be asked differently.
                if await self._inbox.withdraw(identity(activity)):
                    edited = f"{identity(activity)}:edit:{activity.get('timestamp', '')}"
                    await self._accept(activity, edited)
                return Answer(202)
            case "messageDelete":
                await self._inbox.withdraw(identity(activity))
                ref = ConversationRef.of(activity)
                self._threads.forget(ref.conversation, identity(activity))
                return Answer(202)
            case "conversationUpdate":
                if is_welcome(activity):
                    # Not the activity id: adding the bot is told more than once.
                    ref = ConversationRef.of(activity)
                    await self._accept(activity, f"teams:{ref.tenant}:{ref.conversation}:welcome")
                return Answer(202)
            case "invoke":
                return await self._answer_invoke(activity)
            case _:
                self._count("ignored")
                return Answer(200)

    async def handle(self, delivery: Delivery) -> None:
        """Answer what was stored. Raises when it could not be said, so that it is tried again."""
        if reminder := delivery.reminder:
            await self._bot.receive(*await self._reminded(delivery, reminder))
            return
        activity: dict[str, Any] = json.loads(delivery.payload)
        ref = ConversationRef.of(activity)
        message = parse(delivery, activity)
        if activity["type"] == "conversationUpdate":
            chat = self._chat(delivery, ref, GREETING)
            await chat.answer(message, self.welcome())
            return
        message = await self._complete(message, ref, activity)
        await self._bot.receive(message, self._chat(delivery, ref, pressed=bool(pressed(activity))))

    async def apologise(self, delivery: Delivery) -> None:
        """Say that no answer will come, after the last attempt. Silent only when Teams is down."""
        reply = Reply(GAVE_UP, status="failed", turn=delivery.turn)
        try:
            if reminder := delivery.reminder:
                message, chat = await self._reminded(delivery, reminder)
            else:
                activity: dict[str, Any] = json.loads(delivery.payload)
                message, ref = parse(delivery, activity), ConversationRef.of(activity)
                chat = self._chat(delivery, ref, pressed=bool(pressed(activity)))
            await chat.answer(message, reply)
        except (ShomuError, Rejected):
            log.error("turn %s stays unanswered, and Teams cannot be told", delivery.turn)

    async def tell(self, reference: str, reply: Reply) -> None:
        """Say something without being asked; `reference` is from `ConversationRef.dump`."""
        ref = ConversationRef.load(reference)
        for activity in cards.activities(reply):
            await self._connector.post(ref, activity)

    def welcome(self) -> Reply:
        """The first-run tour, with questions to start from."""
        return Reply(
            WELCOME,
            suggestions=self._examples[:3],
            status="help",
            summary="庶務です。職場のマニュアルから出典つきでお答えします。",
        )

    async def _reminded(self, delivery: Delivery, reminder: Reminder) -> tuple[Message, TeamsChat]:
        """The message of a reminder, and where it goes: without a personal chat, the thread."""
        ref, message = (
            ConversationRef.load(reminder.reference),
            reminder.message(delivery.turn, delivery.attempt),
        )
        if reminder.to and (reminder.to != reminder.actor.id or ref.kind != "personal"):
            if reminder.to != reminder.actor.id:
                # Teams takes the person's Entra id for the id it gives them with each bot.
                ref = replace(ref, user=reminder.to, user_name="")
            if personal := await self._connector.open_personal(ref):
                ref = personal
                place = Place("teams", ref.tenant, ref.conversation, "", "direct")
                message = replace(message, place=place)
        is_guest = await self._connector.is_guest(ref)
        message = replace(message, actor=replace(message.actor, is_guest=is_guest))
        return message, self._chat(delivery, ref, REMINDING)

    def _chat(
        self,
        delivery: Delivery,
        ref: ConversationRef,
        holding: str = HOLDING,
        *,
        pressed: bool = False,
    ) -> TeamsChat:
        return TeamsChat(
            self._connector,
            ref,
            self._inbox,
            self._settings,
            self._threads,
            posted=delivery.posted,
            fetch_bytes=self._fetch_bytes,
            holding=holding,
            was_pressed=pressed,
            link=self._link,
        )

    async def _accept(self, activity: Mapping[str, Any], name: str) -> None:
        payload = json.dumps(activity, ensure_ascii=True)
        new = await self._inbox.accept(Delivery("teams", name, payload))
        if not new:
            self._count("repeated")

    async def _receive_message(self, activity: dict[str, Any]) -> Answer:
        message = parse(Delivery("teams", "", ""), activity)
        if message.kind == "follow-up":
            # With consent to read a channel Teams sends all of it: what is not for us is not kept.
            thread = message.place.thread
            if not thread or not await self._directory.joined(message.place):
                self._count("not_for_us")
                return Answer(200)
        await self._accept(activity, identity(activity))
        return Answer(202)

    async def _answer_invoke(self, activity: dict[str, Any]) -> Answer:
        outcome = invokes.answer(activity)
        if outcome.is_work and self._forms and activity.get("name") == "task/submit":
            message = parse(Delivery("teams", "", ""), activity)
            following = await self._forms.following(message)
            if following is not None:
                return Answer(200, invokes.dialog(following, pressed(activity)))
        if outcome.is_work:
            await self._accept(activity, identity(activity))
        return Answer(200, outcome.body)

    async def _complete(
        self, message: Message, ref: ConversationRef, activity: Mapping[str, Any]
    ) -> Message:
        """Add what only Teams or this process knows: guests, and what feedback is about."""
        is_guest = await self._connector.is_guest(ref)
        message = replace(message, actor=replace(message.actor, is_guest=is_guest))
        if activity.get("name") == "message/submitAction":
            turn = self._threads.turn_of(str(activity.get("replyToId") or ""))
            message = replace(message, values={**message.values, "turn": turn})
        return message


def _check(settings: Settings) -> None:
    """Refuse to start half configured: with an empty app id the library lets everyone in."""
    if settings.teams_dev:
        return
    mistakes = [
        f"{name} がありません。Teams につなぐために必要です。"
        for name, value in (
            ("SHOMU_TEAMS_APP_ID", settings.teams_app_id),
            ("SHOMU_TEAMS_APP_SECRET", settings.teams_app_secret),
            ("SHOMU_TEAMS_TENANT", settings.teams_tenant),
        )
        if not value
    ]
    if mistakes:
        raise Misconfigured(mistakes)
