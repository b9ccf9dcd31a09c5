"""The only file that imports slack_bolt: the road between Slack and the bot.

In: `gate` and `run_socket_mode` put what Slack sends into the inbox. Out of the inbox: `handle`
feeds it to Bolt, whose listeners turn it into a Message for `Bot.receive`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.adapters.slack import backfill as slack_backfill
from bot.adapters.slack import blocks, urgent, views, wire
from bot.adapters.slack import events as slack_events
from bot.adapters.slack.api import SlackApi, SlackRefused
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.events import Heard, dict_of, text_of
from bot.adapters.slack.gate import Count, Intake, SlackGate
from bot.adapters.slack.people import People
from bot.adapters.slack.reading import Reading
from bot.adapters.slack.uploads import Uploads
from bot.adapters.slack.wire import BAD_TOKEN, SlackWeb, vendor_log
from bot.errors import Misconfigured, Unavailable, Withdrawn
from bot.messages import Message, Place, Reply
from bot.ports import Chat, Delivery, Directory, FileLink, Files, Forms, Inbox, no_link
from bot.settings import Settings

log = logging.getLogger(__name__)

WRONG_TEAM = "このワークスペースでは使えません。管理者にお問い合わせください。"
APOLOGY = "申し訳ありません。うまく処理できませんでした。管理者に受付番号をお知らせください。"


Ack = Callable[[], Awaitable[Any]]
Body = Mapping[str, Any]


class Receiver(Protocol):
    """What answers: `bot.turn.Bot`."""

    async def receive(self, message: Message, chat: Chat) -> Reply: ...


class SlackAdapter:
    """Slack for one workspace. `gate` is the ASGI app of POST /slack/events.

    Call `start` before the first delivery is handled. `count` is told the outcome of every
    request: accepted, duplicate, ignored, unsigned, bad_signature, …
    """

    def __init__(
        self,
        settings: Settings,
        bot: Receiver,
        inbox: Inbox,
        directory: Directory,
        examples: Sequence[str] = (),
        count: Count = lambda outcome: None,
        *,
        api: SlackApi | None = None,
        forms: Forms | None = None,
        files: Files | None = None,
        link: FileLink = no_link,
    ) -> None:
        self.settings = settings
        self._bot = bot
        self._inbox = inbox
        self._directory = directory
        self._examples = tuple(examples)
        self._count = count
        self._web = SlackWeb(settings)
        self.api: SlackApi = api or self._web
        self._uploads = Uploads(self.api, files, link) if files else None
        self._people = People(self.api)
        self._forms = forms
        self._teams: frozenset[str] = frozenset(settings.slack_teams)
        self._bot_user = ""
        self._bot_id = ""
        self.intake = Intake(inbox, self._answer_now, count)
        self.gate = SlackGate(settings.slack_signing_secrets, self.intake, count)
        self._app = self._listen()

    async def start(self) -> None:
        """Ask Slack who we are. Raises Misconfigured for a bad token, Unavailable without Slack."""
        try:
            who = await self.api.call("auth.test")
        except SlackRefused as refusal:
            if refusal.reason not in BAD_TOKEN:
                raise
            raise Misconfigured(
                [f"SHOMU_SLACK_BOT_TOKEN が Slack に受け付けられません（{refusal.reason}）。"],
                remedy="Slack のアプリ管理画面で Bot User OAuth Token を確認してください。",
            ) from refusal
        self._bot_user, self._bot_id = text_of(who, "user_id"), text_of(who, "bot_id")
        self.intake.bot_user = self._bot_user
        self._teams = self._teams or frozenset({text_of(who, "team_id")})

    async def close(self) -> None:
        await self._web.close()

    async def handle(self, delivery: Delivery) -> None:
        """Work on one delivery from the inbox. Raises when it should be tried again."""
        if not self._bot_user:
            raise Unavailable("the Slack adapter is not started")
        if reminder := delivery.reminder:
            await self._hear(slack_events.hear_reminder(reminder), delivery, self._bot)
            return
        request = AsyncBoltRequest(
            body=json.loads(delivery.payload),
            # Verified by the gate; in this mode Bolt takes the payload as it is.
            mode="socket_mode",
            context={"delivery": delivery},
        )
        try:
            await self._app.async_dispatch(request)
        except BoltUnhandledRequestError:
            self._count("unhandled")

    async def apologise(self, delivery: Delivery) -> None:
        """Say that a delivery stays unanswered, after its last attempt; once, like any answer."""
        if reminder := delivery.reminder:
            heard: Heard | None = slack_events.hear_reminder(reminder)
        else:
            heard = _heard(json.loads(delivery.payload), self._bot_user)
        # Looks for what was posted before: there has been an attempt, whatever the number says.
        again = replace(delivery, attempt=max(delivery.attempt, 2))
        await self._hear(heard, again, _Apology())

    async def run_socket_mode(self, stop: asyncio.Event) -> None:
        """Receive over an outgoing WebSocket until `stop` is set; reconnects by itself.

        Raises Misconfigured when Slack does not accept the app token.
        """
        await wire.receive(self.settings, self._take, stop)

    async def backfill(self, since: datetime) -> int:
        """Fetch questions that were asked while nobody listened. Returns how many were new.

        What it cannot find is said in `slack_backfill`.
        """
        team = next(iter(sorted(self._teams)), "")
        return await slack_backfill.fetch(self.api, self.intake, team, since)

    def _listen(self) -> AsyncApp:
        """Make the Bolt app. Nothing here reaches the network."""

        # A function, not a method: Bolt would fill `self` here.
        async def authorize() -> AuthorizeResult:
            return self._identity()

        app = AsyncApp(
            logger=vendor_log,
            authorize=authorize,
            process_before_response=True,
            raise_error_for_unhandled_request=True,
            request_verification_enabled=False,
            ssl_check_enabled=False,
            url_verification_enabled=False,
        )

        app.error(_tell_the_worker)
        app.event("app_mention")(self._on_message)
        app.event("message")(self._on_message)
        app.command(slack_events.ANY_COMMAND)(self._on_message)
        app.shortcut(slack_events.SHORTCUT)(self._on_message)
        app.action("shomu:toured:0")(self._on_toured)
        app.action(slack_events.ANY_ACTION)(self._on_message)
        app.view(slack_events.FORM)(self._on_message)
        app.event("app_home_opened")(self._on_home)
        return app

    # Bolt fills the arguments of a listener by their names.

    async def _on_message(self, ack: Ack, body: Body, context: Body) -> None:
        await ack()
        await self._hear(_heard(body, self._bot_user), context["delivery"], self._bot)

    async def _on_home(self, event: Body) -> None:
        await self._show_home(text_of(event, "user"), views.has_toured(event))

    async def _on_toured(self, ack: Ack, body: Body) -> None:
        await ack()
        await self._show_home(text_of(dict_of(body, "user"), "id"), has_toured=True)

    def _identity(self) -> AuthorizeResult:
        """Tell Bolt who we are: without this it would ask Slack again and again."""
        return AuthorizeResult(
            enterprise_id=None,
            team_id=next(iter(self._teams), ""),
            bot_user_id=self._bot_user,
            bot_id=self._bot_id,
            bot_token=self.settings.slack_bot_token,
        )

    async def _hear(self, heard: Heard | None, delivery: Delivery, bot: Receiver) -> None:
        """Turn what was heard into a Message and have it answered."""
        if heard is None:
            self._count("not_for_us")
            return
        place = Place("slack", heard.team, heard.channel, heard.thread)
        if heard.needs_membership and not await self._directory.joined(place):
            self._count("not_for_us")
            return
        if heard.team not in self._teams:
            self._count("team_refused")
            await self._turn_away(heard)
            return
        if not heard.channel:
            opened = await self.api.call("conversations.open", users=heard.user)
            heard = replace(heard, channel=text_of(dict_of(opened, "channel"), "id"))
        actor = await self._people.actor(heard, self._teams)
        channel = await self._people.channel(heard)
        message = Message(
            text=heard.text,
            actor=actor,
            place=replace(place, channel=heard.channel, visibility=channel.visibility),
            kind=heard.kind,
            identity=delivery.identity,
            turn=delivery.turn,
            attempt=delivery.attempt,
            workspace=heard.workspace,
            command=heard.command,
            attachments=heard.files,
            values=heard.values,
            sent_at=_sent_at(heard.ts),
        )
        chat = SlackChat(
            self.api,
            self._inbox,
            heard,
            delivery,
            self._bot_user,
            lambda: delivery.identity in self.intake.withdrawn,
            self._uploads,
            Reading(self.api, self._people, heard, self._bot_user),
        )
        try:
            await bot.receive(message, chat)
        except Withdrawn:
            self._count("withdrawn")
        finally:
            await chat.close()

    async def _turn_away(self, heard: Heard) -> None:
        """Say in one line that this workspace may not use the bot."""
        chat = SlackChat(self.api, self._inbox, heard, Delivery("slack", "", ""), self._bot_user)
        try:
            await chat.whisper(blocks.note(WRONG_TEAM))
        except Unavailable as error:
            log.warning("a workspace that may not use the bot could not be told: %s", error.code)

    async def _show_home(self, user: str, has_toured: bool) -> None:
        view = views.home(self._examples, has_toured=has_toured)
        await self.api.call("views.publish", user_id=user, view=view)

    async def _take(self, payload: Body) -> Body | None:
        try:
            return await self.intake.take(payload)
        except Exception:
            self._count("not_kept")
            raise

    async def _answer_now(self, payload: Body) -> Body:
        """Answer what Slack waits for, if it comes from a workspace that may use the bot."""
        if slack_events.team_of(payload) not in self._teams:
            self._count("team_refused")
            return {}
        return await urgent.answer(self.api, self.intake, self._forms, payload)


class _Apology:
    """Answers in the place of the bot when the bot could not."""

    async def receive(self, message: Message, chat: Chat) -> Reply:
        is_private = message.kind == "button"
        reply = Reply(APOLOGY, status="failed", turn=message.turn, is_private=is_private)
        if not await chat.hold(message, APOLOGY):
            await chat.answer(message, reply)
        return reply


def _heard(payload: Body, bot_user: str) -> Heard | None:
    """Read any payload that may be a message to the bot."""
    match payload.get("type"):
        case "event_callback":
            return slack_events.hear_event(payload, bot_user)
        case "block_actions":
            return slack_events.hear_press(payload)
        case "message_action":
            return slack_events.hear_shortcut(payload, bot_user)
        case "view_submission":
            return views.hear_form(payload)
        case _ if text_of(payload, "command"):
            return slack_events.hear_command(payload, bot_user)
        case _:
            return None


async def _tell_the_worker(error: Exception) -> None:
    # Bolt would log the error, words and all, and say 500; the worker must know instead.
    raise error


def _sent_at(ts: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.now(UTC)
