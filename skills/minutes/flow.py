"""From a draft to minutes that someone signed off, and to actions that get done.

draft → checked → approved. Who did what and when is on the audit record with the digest of the
text; what an action needs stays in the workspace's records until it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from bot import Action, BadInput, Context, Message, Reply

DRAFT, CHECKED, APPROVED = "draft", "checked", "approved"
STATES: Mapping[str, str] = {DRAFT: "未確認", CHECKED: "確認済み", APPROVED: "承認済み"}
MOST_LISTED = 10
LIST_WORDS = ("対応一覧", "対応の一覧", "宿題一覧")


def digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


async def keep_draft(message: Message, context: Context, data: Mapping[str, Any], text: str) -> str:
    """Keep a new draft under its turn; returns that."""
    record = {"state": DRAFT, "text": text, "data": dict(data), "by": message.actor.id}
    await context.keep(f"draft/{message.turn}", record)
    await context.note("drafted", message.turn, {"digest": digest_of(text)})
    return message.turn


def next_step(draft: str, state: str) -> tuple[Action, ...]:
    """The button that moves a draft on."""
    if state == DRAFT:
        return (Action("minutes", "内容を確認した", f"check {draft}", "primary"),)
    if state == CHECKED:
        return (Action("minutes", "承認する", f"approve {draft}", "primary"),)
    return (Action("minutes", "対応の一覧", "list"),)


async def press(message: Message, context: Context) -> Reply:
    """Do what a button of ours says."""
    verb, _, key = message.values.get("value", "").partition(" ")
    match verb:
        case "check":
            return await _move(message, context, key, DRAFT, CHECKED)
        case "approve":
            return await _move(message, context, key, CHECKED, APPROVED)
        case "done":
            return await _finish(message, context, key)
        case "list":
            return await list_actions(context)
    raise BadInput("minutes button", remedy="もう一度ボタンを押してください。")


async def _move(message: Message, context: Context, key: str, before: str, after: str) -> Reply:
    draft = await context.kept(f"draft/{key}")
    if draft is None:
        raise BadInput("no draft", remedy="この下書きは見つかりません。もう一度作ってください。")
    if draft["state"] == after:
        return Reply(f"すでに{STATES[after]}です。", actions=next_step(key, after), status="help")
    if draft["state"] != before:
        raise BadInput("order", remedy=f"この議事録は{STATES[draft['state']]}です。")
    moved = {**draft, "state": after, f"{after}_by": message.actor.id}
    await context.keep(f"draft/{key}", moved)
    await context.note(after, key, {"digest": digest_of(draft["text"]), "was": before})
    opened = await _open_actions(context, key, moved) if after == APPROVED else 0
    title = draft["data"].get("title") or "議事録"
    told = f"「{title}」を{STATES[after]}にしました。"
    if after == APPROVED:
        told += f"対応{opened}件を一覧に加えました。"
    return Reply(told, actions=next_step(key, after), status="help")


async def _open_actions(context: Context, key: str, draft: Mapping[str, Any]) -> int:
    """Keep each action of approved minutes until it is done."""
    actions = [item for item in draft["data"]["items"] if item["kind"] == "action"]
    for number, item in enumerate(actions, 1):
        record = {
            "text": item["text"],
            "owner": item["owner"],
            "due": item["due"],
            "due_text": item["due_text"],
            "meeting": draft["data"].get("title", ""),
            "state": "open",
        }
        await context.keep(f"action/{key}/{number:03}", record)
    return len(actions)


async def _finish(message: Message, context: Context, key: str) -> Reply:
    action = await context.kept(f"action/{key}")
    if action is None:
        raise BadInput("no action", remedy="この対応は見つかりません。一覧を開き直してください。")
    if action["state"] != "done":
        done = {**action, "state": "done", "done_by": message.actor.id}
        await context.keep(f"action/{key}", done)
        await context.note("action-done", key, {})
    return Reply(f"完了にしました：{action['text']}", status="help")


async def list_actions(context: Context) -> Reply:
    """What is still open in this workspace, the earliest due first."""
    kept = await context.all_kept("action/")
    still = [(key, item) for key, item in kept.items() if item["state"] == "open"]
    if not still:
        return Reply("残っている対応はありません。", status="help")
    still.sort(key=lambda pair: (pair[1]["due"] or "9999", pair[0]))
    today = context.now.date().isoformat()
    lines = [f"**残っている対応 {len(still)}件**"]
    lines += [f"- {_told(item, today)}" for _, item in still[:MOST_LISTED]]
    if len(still) > MOST_LISTED:
        lines.append(f"- ほか{len(still) - MOST_LISTED}件")
    # It gathers from meetings that not everybody in this place took part in.
    return Reply(
        "\n".join(lines), actions=tuple(_done_buttons(still)), status="help", is_private=True
    )


def _told(item: Mapping[str, Any], today: str) -> str:
    due = item["due"] or item["due_text"] or "期限なし"
    late = "、**期限を過ぎています**" if item["due"] and item["due"] < today else ""
    return f"{item['text']}（担当 {item['owner'] or '未定'}、期限 {due}{late}）"


def _done_buttons(still: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Action]:
    return [
        Action("minutes", f"完了：{item['text'][:24]}", f"done {key.removeprefix('action/')}")
        for key, item in still[:MOST_LISTED]
    ]
