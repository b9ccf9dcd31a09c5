"""One turn in Slack: a placeholder, replaced by the answer, posted once however often it is tried.

Every message of a turn carries the turn's id, its part and its state in message metadata, and
again in a block id. A later attempt looks for its own marks in the thread before it posts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.adapters.slack import blocks as slack_blocks
from bot.adapters.slack.api import SlackApi, SlackRefused
from bot.adapters.slack.blocks import Rendered
from bot.adapters.slack.events import DIRECTLY, Heard, dict_of, list_of, plain, text_of
from bot.adapters.slack.marks import ANSWERED, HOLDING, PART, Mark, marked, metadata, read_mark
from bot.adapters.slack.reading import Reading
from bot.adapters.slack.uploads import Posted, Uploads
from bot.errors import BadInput, Unavailable, Withdrawn
from bot.messages import Attachment, Message, Reply, Said
from bot.ports import Delivery, Inbox
from bot.presses import STOP

log = logging.getLogger(__name__)

PRIVATELY = "private"
SENT_DIRECTLY = "ファイルは、庶務とのダイレクトメッセージにお送りしました。"
WHISPERED = "質問した方だけに答えました。"
PAGES = 20
PAGE = 200
# A response_url takes five posts; the placeholder was one of them.
WHISPERS = 3
PROGRESS_SECONDS = 1.0
RECENT_SECONDS = 1_800
PATIENCE_SECONDS = 2.0
TOO_LARGE = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}
)
NOT_THERE = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
GONE = frozenset({"message_not_found", "cant_update_message"})


class SlackChat:
    """`ports.Chat` for one delivery."""

    def __init__(
        self,
        api: SlackApi,
        inbox: Inbox,
        heard: Heard,
        delivery: Delivery,
        bot_user: str,
        is_withdrawn: Callable[[], bool] = lambda: False,
        uploads: Uploads | None = None,
        reading: Reading | None = None,
    ) -> None:
        self._api = api
        self._inbox = inbox
        self._heard = heard
        self._delivery = delivery
        self._bot_user = bot_user
        self._is_withdrawn = is_withdrawn
        self._uploads = uploads
        self._reading = reading
        self._posted = Posted.load(delivery.posted)
        self._parts: dict[int, str] = {}
        self._whispering = False
        self._waiting: asyncio.Task[None] | None = None
        self._last_progress = 0.0
        self._shows_stop = False

    async def hold(self, message: Message, text: str) -> bool:
        """Post the placeholder. True when an earlier attempt already answered."""
        if self._is_withdrawn():
            return False
        if self._delivery.posted == PRIVATELY:
            return True
        if message.attempt > 1 and await self._find_own(message.turn):
            return True
        if not self._heard.shows_work or 0 in self._parts:
            return False
        if self._heard.is_private:
            if self._heard.response_url and message.attempt <= 1:
                self._waiting = asyncio.create_task(self._whisper_placeholder(text))
            return False
        await self._post(message.turn, slack_blocks.note(text), HOLDING, 0)
        self._posted.channel, self._posted.ts = self._heard.channel, self._parts[0]
        await self._inbox.remember(message.turn, self._posted.dump())
        return False

    async def progress(self, message: Message, text: str, *, stoppable: bool = False) -> None:
        """Change the placeholder, at most once a second; the button at once."""
        await self._stop_if_withdrawn()
        now = time.monotonic()
        is_soon = now - self._last_progress < PROGRESS_SECONDS and stoppable == self._shows_stop
        if 0 not in self._parts or is_soon:
            return
        self._last_progress, self._shows_stop = now, stoppable
        item = slack_blocks.note(text, STOP if stoppable else None, message.turn)
        try:
            await self._update(message.turn, item, HOLDING, 0)
        except Unavailable as error:
            log.info("progress of turn %s not shown: %s", message.turn, error.code)

    async def answer(self, message: Message, reply: Reply) -> None:
        """Show the reply: to everyone in the thread, or to the asker alone."""
        await self._finish_waiting()
        if self._is_withdrawn():
            await self._remove_placeholder()
            return
        in_public = not self._heard.is_direct or self._heard.is_press
        if self._heard.is_private or (reply.is_private and in_public):
            # The files first: once the words are whispered, nothing may be missing.
            reply = await self._send_privately(message, reply)
            await self._whisper(message, slack_blocks.render(reply, asked=self._heard.asked))
            return
        if reply.files and 0 in self._parts:
            # The words need not wait for the files, but are not called answered before them.
            words = slack_blocks.render(reply, asked=self._heard.asked)
            await self._publish(message.turn, words, PART)
        place = {"channel_id": self._heard.channel}
        if self._heard.thread:
            place["thread_ts"] = self._heard.thread
        reply = _noticed(reply, *await self._send_files(message, reply, place))
        words = slack_blocks.render(reply, asked=self._heard.asked)
        await self._publish(message.turn, words, ANSWERED)

    async def history(self, message: Message, limit: int = 20) -> Sequence[Said]:
        """The newest `limit` lines before this message; the first says how many were left out."""
        await self._stop_if_withdrawn()
        kept: deque[Said] = deque(maxlen=limit)
        left_out = 0
        async for item in self._messages():
            said = self._said(item)
            if said is None or (self._heard.ts and text_of(item, "ts") >= self._heard.ts):
                continue
            left_out += len(kept) == limit
            kept.append(said)
        mark = [Said(f"（これより前の {left_out} 件は省略）", by_bot=True)] if left_out else []
        return [*mark, *kept]

    async def read_back(
        self, message: Message, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Said]:
        await self._stop_if_withdrawn()
        return await self._reading.back(since, until) if self._reading else ()

    async def close(self) -> None:
        """End what still runs for this turn, answered or not."""
        await self._finish_waiting()

    async def download(self, attachment: Attachment) -> bytes:
        if not attachment.location:
            raise BadInput(
                "no location", remedy="添付ファイルを開けません。もう一度添付してください。"
            )
        return await self._api.fetch(attachment.location)

    async def _send_files(
        self, message: Message, reply: Reply, place: Mapping[str, str]
    ) -> Sequence[str]:
        """Show the files in a place; a sentence for each that could not be sent."""
        if not reply.files or self._uploads is None:
            return ()

        async def remember() -> None:
            await self._inbox.remember(message.turn, self._posted.dump())

        return await self._uploads.send(message, reply.files, place, self._posted, remember)

    async def _send_privately(self, message: Message, reply: Reply) -> Reply:
        """Show the files to the asker alone; the reply says where they are."""
        if not reply.files:
            return reply
        place = {"channel_id": await self._direct_channel()}
        problems = await self._send_files(message, reply, place)
        sent = [SENT_DIRECTLY] if len(problems) < len(reply.files) else []
        return _noticed(reply, *sent, *problems)

    async def _direct_channel(self) -> str:
        opened = await self._api.call("conversations.open", users=self._heard.user)
        return text_of(dict_of(opened, "channel"), "id")

    def reference(self) -> str:
        return DIRECTLY if self._heard.is_private else ""

    async def _publish(self, turn: str, rendered: Sequence[Rendered], state: str) -> None:
        """Post the parts, the first one last: once it says answered, nothing is missing."""
        first, *rest = rendered
        if 0 not in self._parts and rest:
            await self._post(turn, slack_blocks.note(first.text), HOLDING, 0)
        for part, item in enumerate(rest, 1):
            if part in self._parts:
                await self._update(turn, item, PART, part)
            else:
                await self._post(turn, item, PART, part)
        for part in [part for part in self._parts if part > len(rest)]:
            await self._delete(self._parts.pop(part))
        if 0 in self._parts:
            try:
                await self._update(turn, first, state, 0)
                return
            except SlackRefused as refusal:
                if refusal.reason not in GONE:
                    raise
        try:
            await self._post(turn, first, state, 0)
        except SlackRefused as refusal:
            # Shared from a command in a channel the bot is not in: Slack still lets us answer.
            if refusal.reason not in NOT_THERE or not self._heard.response_url:
                raise
            await self._respond(first, {"response_type": "in_channel", "replace_original": False})

    async def _whisper_placeholder(self, text: str) -> None:
        # Only when the answer takes its time: not every client takes the line away again.
        await asyncio.sleep(PATIENCE_SECONDS)
        try:
            await self._respond(slack_blocks.note(text), {"response_type": "ephemeral"})
            self._whispering = True
        except Unavailable as error:
            log.info("placeholder not shown: %s", error.code)

    async def _finish_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.wait({self._waiting})
            self._waiting = None

    async def _whisper(self, message: Message, rendered: Sequence[Rendered]) -> None:
        for position, item in enumerate(rendered[:WHISPERS]):
            await self.whisper(item, replace=self._whispering and position == 0)
        # Before anything else can fail: what was whispered cannot be found again in the thread.
        await self._inbox.remember(message.turn, PRIVATELY)
        if 0 not in self._parts:
            return
        try:
            await self._update(message.turn, slack_blocks.note(WHISPERED), ANSWERED, 0)
        except SlackRefused as refusal:
            if refusal.reason not in GONE:
                raise

    async def whisper(self, item: Rendered, *, replace: bool = False) -> None:
        """Show to the asker alone: by response_url, in the channel, or in a direct message."""
        heard = self._heard
        if heard.response_url:
            try:
                options = {"response_type": "ephemeral", "replace_original": replace}
                await self._respond(item, options)
                return
            except SlackRefused:
                log.info("response_url is no longer open")
        place = {"channel": heard.channel, "user": heard.user}
        if heard.thread:
            place["thread_ts"] = heard.thread
        try:
            await self._send("chat.postEphemeral", item, place)
        except SlackRefused as refusal:
            if refusal.reason not in NOT_THERE | {"user_not_in_channel"}:
                raise
            direct = {"channel": await self._direct_channel()}
            await self._send("chat.postMessage", item, direct)

    async def _respond(self, item: Rendered, options: Mapping[str, Any]) -> None:
        body = {"text": item.text, "blocks": list(item.blocks), **options}
        await self._api.respond(self._heard.response_url, body)

    async def _post(self, turn: str, item: Rendered, state: str, part: int) -> None:
        place: dict[str, Any] = {"channel": self._heard.channel}
        if self._heard.thread:
            place["thread_ts"] = self._heard.thread
        posted = await self._send("chat.postMessage", item, place, Mark(turn, state, part))
        self._parts[part] = text_of(posted, "ts")

    async def _update(self, turn: str, item: Rendered, state: str, part: int) -> None:
        place = {"channel": self._heard.channel, "ts": self._parts[part]}
        await self._send("chat.update", item, place, Mark(turn, state, part))

    async def _delete(self, ts: str) -> None:
        try:
            await self._api.call("chat.delete", channel=self._heard.channel, ts=ts)
        except SlackRefused as refusal:
            if refusal.reason not in GONE:
                raise

    async def _send(
        self, method: str, item: Rendered, place: Mapping[str, Any], mark: Mark | None = None
    ) -> dict[str, Any]:
        """Post or update; a message whose blocks Slack refuses goes out as plain words."""
        arguments: dict[str, Any] = {**place, "parse": "none", "link_names": False}
        if method == "chat.postMessage":
            arguments |= {"unfurl_links": False, "unfurl_media": False}
        if mark:
            arguments["metadata"] = metadata(mark)
        try:
            return await self._api.call(
                method, **arguments, text=item.text, blocks=marked(item.blocks, mark)
            )
        except SlackRefused as refusal:
            if refusal.reason not in TOO_LARGE:
                raise
            log.error("%s refused blocks: %s", method, refusal.reason)
            words = slack_blocks.unformatted(item)
            return await self._api.call(method, **arguments, text=words.text, blocks=[])

    async def _find_own(self, turn: str) -> bool:
        """Look through the thread for messages of this turn. True when it is answered."""
        answered = False
        async for item in self._messages():
            mark = read_mark(item)
            if mark is not None and mark.turn == turn and self._is_own(item):
                self._parts[mark.part] = text_of(item, "ts")
                answered = answered or mark.state == ANSWERED
        known = self._posted
        if 0 not in self._parts and known.ts and known.channel == self._heard.channel:
            self._parts[0] = known.ts
        return answered

    async def _messages(self) -> AsyncIterator[Mapping[str, Any]]:
        """The thread, oldest first; or, outside a thread, the channel since the question."""
        heard = self._heard
        if heard.thread:
            async for item in self._pages("conversations.replies", {"ts": heard.thread}):
                yield item
            return
        if not heard.channel or (not heard.is_direct and not heard.ts):
            return
        # Outside a thread only what was said lately belongs together.
        oldest = float(heard.ts or time.time()) - RECENT_SECONDS
        found = [
            item
            async for item in self._pages("conversations.history", {"oldest": f"{oldest:.6f}"})
            if _moment(item) >= oldest
        ]
        for item in sorted(found, key=_moment):
            yield item

    async def _pages(
        self, method: str, arguments: Mapping[str, Any]
    ) -> AsyncIterator[Mapping[str, Any]]:
        cursor = ""
        for _ in range(PAGES):
            page = await self._api.call(
                method,
                channel=self._heard.channel,
                limit=PAGE,
                include_all_metadata=True,
                **arguments,
                **({"cursor": cursor} if cursor else {}),
            )
            for item in list_of(page, "messages"):
                yield item
            cursor = text_of(dict_of(page, "response_metadata"), "next_cursor")
            if not cursor:
                return

    def _said(self, item: Mapping[str, Any]) -> Said | None:
        """One line of history; None for placeholders and what is not meant for everyone."""
        if text_of(item, "subtype") == "ephemeral":
            return None
        if not self._is_own(item):
            text = plain(text_of(item, "text"), self._bot_user)
            return Said(text, by_bot=False, name=text_of(item, "user")) if text else None
        mark = read_mark(item)
        if mark is not None and mark.state == HOLDING:
            return None
        text = plain(slack_blocks.read_back(dict(item)))
        return Said(text.replace(slack_blocks.ZERO_WIDTH, ""), by_bot=True) if text else None

    def _is_own(self, item: Mapping[str, Any]) -> bool:
        return text_of(item, "user") == self._bot_user

    async def _remove_placeholder(self) -> None:
        if 0 in self._parts:
            await self._delete(self._parts.pop(0))

    async def _stop_if_withdrawn(self) -> None:
        if self._is_withdrawn():
            await self._remove_placeholder()
            raise Withdrawn("the message was deleted")


def _noticed(reply: Reply, *sentences: str) -> Reply:
    """The reply with sentences added to its notice."""
    return replace(reply, notice="\n".join(part for part in (reply.notice, *sentences) if part))


def _moment(item: Mapping[str, Any]) -> float:
    try:
        return float(text_of(item, "ts"))
    except ValueError:
        return 0.0
