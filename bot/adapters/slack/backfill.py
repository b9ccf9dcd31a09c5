"""Questions that were asked while nobody listened.

Slack delivers an event three times within six minutes, then gives up. What it keeps can be read
again: mentions and direct messages in the bot's channels. Not found are replies inside threads,
commands and buttons, and what lies beyond the bounds below.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.slack import events
from bot.adapters.slack.api import SlackApi
from bot.adapters.slack.events import dict_of, list_of, text_of
from bot.adapters.slack.gate import Intake

# Older identities may be forgotten by the inbox: the question would be answered twice.
LONGEST_OUTAGE = timedelta(hours=20)
CHANNELS = 200
PAGES = 5
PAGE = 200


async def fetch(api: SlackApi, intake: Intake, team: str, since: datetime) -> int:
    """Put questions since then into the inbox. Returns how many it did not know yet."""
    oldest = max(since, datetime.now(UTC) - LONGEST_OUTAGE).timestamp()
    listed = await api.call(
        "users.conversations",
        types="public_channel,private_channel,mpim,im",
        exclude_archived=True,
        limit=CHANNELS,
    )
    found = 0
    for channel in list_of(listed, "channels"):
        found += await _fetch_channel(api, intake, team, channel, oldest)
    return found


async def _fetch_channel(
    api: SlackApi, intake: Intake, team: str, channel: Mapping[str, Any], oldest: float
) -> int:
    cursor, found = "", 0
    for _ in range(PAGES):
        page = await api.call(
            "conversations.history",
            channel=text_of(channel, "id"),
            oldest=f"{oldest:.6f}",
            limit=PAGE,
            **({"cursor": cursor} if cursor else {}),
        )
        for said in list_of(page, "messages"):
            payload = _as_delivered(said, channel, team)
            if _moment(said) >= oldest and not events.is_noise(payload, intake.bot_user):
                found += await intake.keep(payload)
        cursor = text_of(dict_of(page, "response_metadata"), "next_cursor")
        if not cursor:
            break
    return found


def _as_delivered(said: Mapping[str, Any], channel: Mapping[str, Any], team: str) -> dict[str, Any]:
    """The payload Slack would have sent; same identity, so that it is never answered twice."""
    event = {**said, "type": "message", "channel": text_of(channel, "id")}
    if channel.get("is_im") is True:
        event["channel_type"] = "im"
    return {
        "type": "event_callback",
        "team_id": team,
        "is_ext_shared_channel": channel.get("is_ext_shared") is True,
        "event": event,
    }


def _moment(said: Mapping[str, Any]) -> float:
    try:
        return float(text_of(said, "ts"))
    except ValueError:
        return 0.0
