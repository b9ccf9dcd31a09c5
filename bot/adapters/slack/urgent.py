"""What cannot wait in the inbox: Slack wants it in the response, or within three seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from bot.adapters.slack import blocks, events, views
from bot.adapters.slack.api import SlackApi
from bot.adapters.slack.events import Heard, dict_of, text_of
from bot.adapters.slack.gate import Intake
from bot.errors import Unavailable

log = logging.getLogger(__name__)

# A trigger lives three seconds, the way here included.
FORM_SECONDS = 2.5
TOO_SLOW = "入力欄を開けませんでした。もう一度ボタンを押してください。"


async def answer(api: SlackApi, intake: Intake, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check a submitted form and keep it, or open a form. Returns the body of the response."""
    if payload.get("type") == "block_suggestion":
        return {"options": []}
    if payload.get("type") == "view_submission":
        errors = views.form_errors(payload)
        if errors:
            return {"response_action": "errors", "errors": errors}
        await intake.keep(payload)
        return {"response_action": "clear"}
    await _open_form(api, payload)
    return {}


async def _open_form(api: SlackApi, payload: Mapping[str, Any]) -> None:
    heard = events.hear_press(payload)
    form = blocks.unpack_form(heard.text) if heard else None
    if heard is None or form is None:
        return
    is_ephemeral = dict_of(payload, "container").get("is_ephemeral") is True
    metadata = {
        "turn": heard.values.get("turn", ""),
        "channel": heard.channel,
        "thread": heard.thread,
        "ts": heard.ts,
        "private": "1" if is_ephemeral else "",
        "url": heard.response_url,
    }
    try:
        async with asyncio.timeout(FORM_SECONDS):
            await api.call(
                "views.open",
                trigger_id=text_of(payload, "trigger_id"),
                view=views.form_view(form, metadata),
            )
    except (TimeoutError, Unavailable):
        await _say_so(api, heard)


async def _say_so(api: SlackApi, heard: Heard) -> None:
    note = blocks.note(TOO_SLOW)
    body = {"text": note.text, "response_type": "ephemeral", "replace_original": False}
    try:
        await api.respond(heard.response_url, body)
    except Unavailable as error:
        log.warning("a form could not be opened, nor the person told: %s", error.code)
