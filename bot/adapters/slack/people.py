"""Who is speaking and who else reads along: guests, locales, public and shared channels.

When Slack does not say, the answer is no: an unknown person is a guest, an unknown channel public.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.adapters.slack.api import SlackApi, SlackRefused
from bot.adapters.slack.events import Heard, dict_of, text_of
from bot.messages import Actor, Visibility

KEPT_SECONDS = 600
MOST_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Channel:
    """Who reads a channel. `is_shared` with another organisation, through Slack Connect."""

    visibility: Visibility
    is_shared: bool = False


class People:
    """Looks up people and channels, and keeps what it found for ten minutes."""

    def __init__(self, api: SlackApi, now: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._now = now
        self._kept: dict[str, tuple[float, Any]] = {}

    async def actor(self, heard: Heard, teams: frozenset[str]) -> Actor:
        """The person, as the policy needs to know them. `teams` are those that may use the bot."""
        actor = self._remembered(heard.user)
        if actor is None:
            try:
                answer = await self._api.call("users.info", user=heard.user, include_locale=True)
            except SlackRefused:
                return Actor(heard.user, is_guest=True)
            actor = _actor(heard.user, dict_of(answer, "user"), teams)
            self._keep(heard.user, actor)
        is_foreign = bool(heard.user_team) and heard.user_team not in teams
        if is_foreign or (await self.channel(heard)).is_shared:
            return Actor(actor.id, actor.name, actor.locale, is_guest=True)
        return Actor(actor.id, actor.name, actor.locale, actor.is_guest)

    async def name(self, user: str) -> str:
        """What a person is called, as far as Slack says; else their id."""
        kept = self._remembered(f"name:{user}")
        if kept is None:
            try:
                answer = await self._api.call("users.info", user=user, include_locale=True)
                kept = _actor(user, dict_of(answer, "user"), frozenset()).name or user
            except SlackRefused:
                kept = user
            self._keep(f"name:{user}", kept)
        return str(kept)

    async def channel(self, heard: Heard) -> Channel:
        """Who reads what is answered there."""
        if heard.is_direct:
            return Channel("direct")
        found = self._remembered(heard.channel)
        if found is None:
            try:
                answer = await self._api.call("conversations.info", channel=heard.channel)
            except SlackRefused:
                # A command may come from a channel the bot is not in.
                return Channel("public", heard.is_shared)
            found = _channel(dict_of(answer, "channel"))
            self._keep(heard.channel, found)
        return Channel(found.visibility, found.is_shared or heard.is_shared)

    def _remembered(self, key: str) -> Any:
        until, value = self._kept.get(key, (0.0, None))
        return value if until > self._now() else None

    def _keep(self, key: str, value: Any) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (self._now() + KEPT_SECONDS, value)


def _actor(user_id: str, user: Any, teams: frozenset[str]) -> Actor:
    profile = dict_of(user, "profile")
    name = text_of(profile, "display_name") or text_of(user, "real_name") or text_of(user, "name")
    team = text_of(user, "team_id")
    is_guest = any(
        user.get(flag) is True for flag in ("is_restricted", "is_ultra_restricted", "is_stranger")
    )
    return Actor(
        user_id,
        name,
        text_of(user, "locale").partition("-")[0] or "ja",
        is_guest=is_guest or (bool(team) and team not in teams),
    )


def _channel(channel: Any) -> Channel:
    is_shared = channel.get("is_ext_shared") is True or channel.get("is_pending_ext_shared") is True
    if channel.get("is_im") is True:
        return Channel("direct", is_shared)
    is_private = any(channel.get(flag) is True for flag in ("is_private", "is_group", "is_mpim"))
    return Channel("private" if is_private else "public", is_shared)
