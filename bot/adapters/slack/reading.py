"""Reading a thread or a channel back as what people said, with their names.

Who asks in a channel is in it, so they may read what is read for them; the bot itself has to be
invited. Threads of a channel are read one by one, which Slack limits to about fifty a minute.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.adapters.slack.api import SlackApi, SlackRefused
from bot.adapters.slack.events import SPOKEN, Heard, dict_of, list_of, plain, text_of
from bot.adapters.slack.people import People
from bot.errors import BadInput
from bot.messages import Said

PAGE = 200
MOST_LINES = 2_000
MOST_THREADS = 40
NOT_INVITED = frozenset({"not_in_channel", "channel_not_found", "missing_scope"})
INVITE = (
    "このチャンネルを読めません。「/invite @庶務」で庶務を招待してから、もう一度お試しください。"
)
TOO_MUCH = (
    f"発言が多すぎて一度に読めません（{MOST_LINES:,}件、スレッド{MOST_THREADS}本まで）。"
    "期間を短くするか、スレッドの中で「要約して」と書いてください。"
)

_NAMED = re.compile(r"@([UW][A-Z0-9]{1,20})\b")


class Reading:
    """Reads the place where somebody wrote."""

    def __init__(self, api: SlackApi, people: People, heard: Heard, bot_user: str) -> None:
        self._api = api
        self._people = people
        self._heard = heard
        self._bot_user = bot_user

    async def back(self, since: datetime | None, until: datetime | None) -> Sequence[Said]:
        """As `ports.Chat.read_back`."""
        if since is None or until is None:
            return await self._thread()
        return await self._channel(since, until)

    async def _thread(self) -> Sequence[Said]:
        """The thread up to the message that asks for it; outside one there is none."""
        items: list[Mapping[str, Any]] = []
        if self._heard.thread:
            arguments = {"ts": self._heard.thread}
            items = [item async for item in self._pages("conversations.replies", arguments)]
        return await self._lines(items)

    async def _channel(self, since: datetime, until: datetime) -> Sequence[Said]:
        """The channel from `since` until `until`, each thread where it begins."""
        if not self._heard.channel:
            raise BadInput("no channel", remedy="要約したいチャンネルの中で書いてください。")
        span = {"oldest": f"{since.timestamp():.6f}", "latest": f"{until.timestamp():.6f}"}
        found = [item async for item in self._pages("conversations.history", span)]
        roots = [item for item in found if item.get("reply_count")]
        if len(roots) > MOST_THREADS:
            raise BadInput("too many threads", remedy=TOO_MUCH)
        items: list[Mapping[str, Any]] = []
        for item in sorted(found, key=_moment):
            if not since.timestamp() <= _moment(item) < until.timestamp():
                continue
            if item in roots:
                thread = {"ts": text_of(item, "ts")}
                items += [reply async for reply in self._pages("conversations.replies", thread)]
            else:
                items.append(item)
            if len(items) > MOST_LINES:
                raise BadInput("too many lines", remedy=TOO_MUCH)
        return await self._lines(items)

    async def _pages(
        self, method: str, arguments: Mapping[str, Any]
    ) -> AsyncIterator[Mapping[str, Any]]:
        cursor, count = "", 0
        while True:
            about = {**arguments, "limit": PAGE, **({"cursor": cursor} if cursor else {})}
            try:
                page = await self._api.call(method, channel=self._heard.channel, **about)
            except SlackRefused as refusal:
                if refusal.reason not in NOT_INVITED:
                    raise
                raise BadInput("not invited", remedy=INVITE) from refusal
            for item in list_of(page, "messages"):
                yield item
            count += len(list_of(page, "messages"))
            if count > MOST_LINES:
                raise BadInput("too many lines", remedy=TOO_MUCH)
            cursor = text_of(dict_of(page, "response_metadata"), "next_cursor")
            if not cursor:
                return

    async def _lines(self, items: Sequence[Mapping[str, Any]]) -> list[Said]:
        """What people said; joining, pins and what other bots post are no words of theirs."""
        lines = []
        for item in items:
            is_ours = text_of(item, "user") == self._bot_user
            is_late = bool(self._heard.ts) and _moment(item) >= float(self._heard.ts or 0)
            if text_of(item, "subtype") not in SPOKEN or text_of(item, "bot_id") or is_late:
                continue
            text = plain(text_of(item, "text"), self._bot_user)
            if not text or is_ours:
                continue
            for user in set(_NAMED.findall(text)):
                text = text.replace(f"@{user}", await self._people.name(user))
            name = await self._people.name(text_of(item, "user"))
            at = datetime.fromtimestamp(_moment(item), UTC)
            lines.append(Said(text, by_bot=False, name=name, at=at))
        return lines


def _moment(item: Mapping[str, Any]) -> float:
    try:
        return float(text_of(item, "ts"))
    except ValueError:
        return 0.0
