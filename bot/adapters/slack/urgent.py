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
from bot.messages import Actor, Form, Message, Place
from bot.ports import Forms

log = logging.getLogger(__name__)

Payload = Mapping[str, Any]

# A trigger lives three seconds, the way here included.
FORM_SECONDS = 2.5
TOO_SLOW = "入力欄を開けませんでした。もう一度ボタンを押してください。"
FORM_GONE = "この入力欄は保存期間を過ぎたか、ほかの方のものです。もう一度作ってください。"


async def answer(api: SlackApi, intake: Intake, forms: Forms | None, payload: Payload) -> Payload:
    """Check a submitted form and keep it, or open a form. Returns the body of the response."""
    if payload.get("type") == "block_suggestion":
        return {"options": []}
    if payload.get("type") == "view_submission":
        return await _submit(intake, forms, payload)
    if text_of(payload, "command"):
        await _open_first(api, intake, forms, payload)
    else:
        await _open_offered(api, forms, payload)
    return {}


async def _submit(intake: Intake, forms: Forms | None, payload: Payload) -> Payload:
    """What is wrong with a form, the form that comes next, or nothing: then it is complete."""
    errors = views.form_errors(payload)
    heard = views.hear_form(payload)
    if not errors and forms is not None and heard is not None:
        following = await forms.following(_message(heard))
        if following is not None and not following.problems:
            view = views.form_view(following, views.metadata_of(payload))
            return {"response_action": "update", "view": view}
        errors = following.problems if following else {}
    if errors:
        return {"response_action": "errors", "errors": errors}
    await intake.keep(payload)
    return {"response_action": "clear"}


async def _open_first(api: SlackApi, intake: Intake, forms: Forms | None, payload: Payload) -> None:
    """A skill's command without words: its first form, or else an ordinary turn."""
    heard = events.hear_command(payload, "")
    form = await forms.first(_message(heard)) if forms else None
    if form is None:
        await intake.keep(payload)
        return
    metadata = {"channel": heard.channel, "private": "1", "url": heard.response_url}
    await _open(api, heard, form, metadata, payload)


async def _open_offered(api: SlackApi, forms: Forms | None, payload: Payload) -> None:
    """The button under a reply that offers a form."""
    heard = events.hear_press(payload)
    if heard is None:
        return
    form = blocks.unpack_form(heard.text)
    if form is None and forms is not None:
        form = await forms.offered(_message(heard))
    if form is None:
        await _say(api, heard, FORM_GONE)
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
    await _open(api, heard, form, metadata, payload)


async def _open(
    api: SlackApi, heard: Heard, form: Form, metadata: Mapping[str, str], payload: Payload
) -> None:
    try:
        async with asyncio.timeout(FORM_SECONDS):
            await api.call(
                "views.open",
                trigger_id=text_of(payload, "trigger_id"),
                view=views.form_view(form, metadata),
            )
    except (TimeoutError, Unavailable):
        await _say(api, heard, TOO_SLOW)


def _message(heard: Heard) -> Message:
    """As much of a message as forms need: who, where, and what was entered."""
    place = Place("slack", heard.team, heard.channel, heard.thread)
    return Message(
        heard.text, Actor(heard.user), place, heard.kind, command=heard.command, values=heard.values
    )


async def _say(api: SlackApi, heard: Heard, text: str) -> None:
    note = blocks.note(text)
    body = {"text": note.text, "response_type": "ephemeral", "replace_original": False}
    try:
        await api.respond(heard.response_url, body)
    except Unavailable as error:
        log.warning("a form could not be opened, nor the person told: %s", error.code)
