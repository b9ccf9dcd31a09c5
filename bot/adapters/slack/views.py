"""App Home and forms: the views of Slack that are not messages. Pure.

A form travels inside the button that opens it, because a trigger lives three seconds: there is no
time to look anything up. What a view must remember stands in its private_metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.slack import blocks as slack_blocks
from bot.adapters.slack.events import FORM, Heard, dict_of, list_of, storable, team_of, text_of
from bot.messages import Action, Field, Form, skill_of

View = dict[str, Any]

TOURED = "toured"
TITLE = "庶務へようこそ"
GREETING = (
    "職場のマニュアルや規程から、出典をつけてお答えします。文書の該当箇所をそのまま示すので、"
    "確かめてからお使いいただけます。"
)
STEPS = (
    ("聞く", "チャンネルで「@庶務」と書いて、ふだんの言葉で質問します。添付ファイルも読みます。"),
    ("確かめる", "答えの下に、文書名・見出し・ページ・改正日が出ます。元の文書で確認できます。"),
    ("続ける", "同じスレッドなら、@庶務 を付けずに続けて聞けます。「/shomu 質問」なら、"
     "あなただけに答えます。"),
)  # fmt: skip
TRY = "*まずは、ここから*　押すと「メッセージ」タブに答えが届きます。"
REQUIRED = "入力してください。"


def home(examples: Sequence[str], *, has_toured: bool = False) -> View:
    """What App Home shows: three steps the first time, and three questions to start from."""
    blocks: list[View] = [_header(TITLE), _section(GREETING)]
    if not has_toured:
        blocks.append({"type": "divider"})
        blocks += [
            _section(f"*{number}. {name}*\n{about}")
            for number, (name, about) in enumerate(STEPS, 1)
        ]
        done = slack_blocks.button(Action("toured", "わかりました（次から表示しない）"), "", 0)
        blocks.append({"type": "actions", "elements": [done]})
    questions = [question for question in examples if question][:3]
    if questions:
        blocks += [{"type": "divider"}, _section(TRY)]
    for position, question in enumerate(questions):
        ask = slack_blocks.button(Action("ask", question, question[:500]), "", position)
        blocks.append({"type": "actions", "elements": [ask]})
    metadata = TOURED if has_toured else ""
    return {"type": "home", "blocks": blocks, "private_metadata": metadata}


def has_toured(event: Mapping[str, Any]) -> bool:
    """Whether the home that Slack shows now was already without the tour."""
    view = event.get("view")
    return isinstance(view, dict) and view.get("private_metadata") == TOURED


def form_view(form: Form, metadata: Mapping[str, str]) -> View:
    """A modal. `metadata` says where the answer to it will go."""
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": slack_blocks.plain_text(form.title, 24),
        "submit": slack_blocks.plain_text(form.submit, 24),
        "close": slack_blocks.plain_text("やめる", 24),
        "private_metadata": json.dumps({**metadata, "name": form.name})[:3_000],
        "blocks": [_input(item) for item in form.fields[:95]],
    }


def form_errors(payload: Mapping[str, Any]) -> dict[str, str]:
    """What is missing, by block: spaces alone do not fill a required field."""
    values = form_values(payload)
    return {
        text_of(block, "block_id"): REQUIRED
        for block in list_of(dict_of(payload, "view"), "blocks")
        if text_of(block, "type") == "input"
        and block.get("optional") is not True
        and not values.get(text_of(block, "block_id"), "").strip()
    }


def form_values(payload: Mapping[str, Any]) -> dict[str, str]:
    """What was entered, by field name."""
    state = dict_of(dict_of(dict_of(payload, "view"), "state"), "values")
    values: dict[str, str] = {}
    for name in state:
        entered = dict_of(dict_of(state, name), "value")
        found = (
            text_of(entered, "value")
            or text_of(entered, "selected_date")
            or text_of(dict_of(entered, "selected_option"), "value")
        )
        values[name] = storable(found)
    return values


def metadata_of(payload: Mapping[str, Any]) -> dict[str, str]:
    """What a view remembers: the form's name and where the answer goes."""
    try:
        found = json.loads(text_of(dict_of(payload, "view"), "private_metadata") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def hear_form(payload: Mapping[str, Any]) -> Heard | None:
    """A submitted form: its values, and the place its button stood in."""
    view, user = dict_of(payload, "view"), dict_of(payload, "user")
    metadata = metadata_of(payload)
    if text_of(view, "callback_id") != FORM or not metadata:
        return None
    channel = text_of(metadata, "channel")
    return Heard(
        kind="form",
        user=text_of(user, "id"),
        team=team_of(payload),
        channel=channel,
        thread=text_of(metadata, "thread"),
        ts=text_of(metadata, "ts"),
        channel_type="im" if not channel or channel.startswith("D") else "",
        user_team=text_of(user, "team_id"),
        is_private=text_of(metadata, "private") == "1",
        command=skill_of(text_of(metadata, "name")),
        response_url=text_of(metadata, "url"),
        values={**form_values(payload), "form": text_of(metadata, "name")},
    )


def _input(item: Field) -> View:
    block: View = {
        "type": "input",
        "block_id": item.name[:255],
        "label": slack_blocks.plain_text(item.title, 150),
        "optional": not item.required,
        "element": _element(item),
    }
    if item.hint:
        block["hint"] = slack_blocks.plain_text(item.hint, 150)
    return block


def _element(item: Field) -> View:
    element: View = {"action_id": "value"}
    match item.kind:
        case "choice" if item.choices:
            options = [_option(choice) for choice in item.choices[:100]]
            element |= {"type": "static_select", "options": options}
            if item.value in item.choices[:100]:
                element["initial_option"] = _option(item.value)
        case "date":
            element["type"] = "datepicker"
            if item.value:
                element["initial_date"] = item.value
        case _:
            element |= {"type": "plain_text_input", "multiline": item.kind == "text"}
            element["max_length"] = 3_000
            if item.value:
                element["initial_value"] = item.value[:3_000]
    return element


def _option(choice: str) -> View:
    return {"text": slack_blocks.plain_text(choice, 75), "value": choice[:150]}


def _header(text: str) -> View:
    return {"type": "header", "text": slack_blocks.plain_text(text, 150)}


def _section(text: str) -> View:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
