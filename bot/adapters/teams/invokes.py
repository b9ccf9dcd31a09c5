"""What Teams waits for: buttons, dialogs and message actions, answered in the HTTP response.

The answer says only that it was received, or shows a dialog. Work goes through the inbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.adapters.teams import cards, forms
from bot.adapters.teams.messages import ASK, FORM, form_values, pressed
from bot.messages import Form

MESSAGE = "application/vnd.microsoft.activity.message"
RECEIVED = "受け付けました。"
LOOKING = "調べています。回答はこの会話に届きます。"
THANKS = "ご意見を受け付けました。ありがとうございます。"
NOTHING = "検索する文章がありません。文章のあるメッセージを選んでください。"
STALE_FORM = "この入力画面は古くなりました。もう一度ボタンを押してください。"
USE_MENTION = "検索は「@庶務」と書いて質問してください。"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The body of the HTTP response, and whether the activity goes to the inbox."""

    body: Mapping[str, Any] | None
    is_work: bool = False


def answer(activity: Mapping[str, Any]) -> Outcome:
    """Answer one invoke. Raises nothing: what is not understood is acknowledged and dropped."""
    data = pressed(activity)
    match str(activity.get("name", "")):
        case "adaptiveCard/action":
            return Outcome(_toast(data), is_work=bool(data.get("name")))
        case "message/submitAction":
            # Teams waits for an empty object here.
            return Outcome({}, is_work=bool(data.get("value")))
        case "task/fetch":
            return Outcome(_open(data))
        case "task/submit":
            return _submit(data)
        case "composeExtension/fetchTask" | "composeExtension/submitAction":
            return _shortcut(activity)
        case "composeExtension/query":
            text = {"type": "message", "text": USE_MENTION}
            return Outcome({"composeExtension": text})
        case _:
            return Outcome({})


def _toast(data: Mapping[str, Any]) -> dict[str, Any]:
    words = {"feedback": THANKS, ASK: LOOKING}.get(str(data.get("name")), RECEIVED)
    return {"statusCode": 200, "type": MESSAGE, "value": words}


def dialog(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """The body that shows a form, for the turn that a button's or dialog's data names."""
    card = forms.form_card(form, str(data.get("turn") or ""))
    content = {"contentType": cards.CARD_TYPE, "content": card}
    value = {"title": cards.inert(form.title)[:80], "card": content, "width": "medium"}
    return {"task": {"type": "continue", "value": value}}


def _notice(text: str) -> dict[str, Any]:
    return {"task": {"type": "message", "value": text}}


def _open(data: Mapping[str, Any]) -> dict[str, Any]:
    form = forms.form_from(data.get(FORM))
    if form is None:
        return _notice(STALE_FORM)
    return dialog(form, data)


def _submit(data: Mapping[str, Any]) -> Outcome:
    form = forms.form_from(data.get(FORM))
    if form is None:
        return Outcome(_notice(STALE_FORM))
    values = form_values(data)
    empty = [field for field in form.fields if field.required and not values[field.name].strip()]
    if empty:
        # The client checks too; a client that does not must not lose what was typed.
        problems = {field.name: forms.missing(field) for field in empty}
        return Outcome(dialog(form.filled(values, problems), data))
    return Outcome(_notice(RECEIVED), is_work=True)


def _shortcut(activity: Mapping[str, Any]) -> Outcome:
    """「この内容を調べる」 on a message: its words become the question."""
    value = activity.get("value")
    payload = value.get("messagePayload") if isinstance(value, dict) else None
    body = payload.get("body") if isinstance(payload, dict) else None
    if not isinstance(body, dict) or not body.get("content"):
        return Outcome(_notice(NOTHING))
    return Outcome(_notice(LOOKING), is_work=True)
