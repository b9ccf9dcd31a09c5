"""Minutes as people read them in the chat, and as programs do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from skills.minutes.calendar import wareki
from skills.minutes.minutes import DRAFT, STATES, Minutes
from skills.minutes.summary import Summary
from skills.minutes.transcript import Item, Transcript

TITLES: Mapping[str, str] = {
    "decision": "決定",
    "action": "対応",
    "open": "残った論点",
    "request": "要望",
    "question": "質問",
    "answer": "答え",
}
IN_CHAT = ("decision", "action", "open")
MOST_OF_A_KIND = 12
# What stands behind an item that its lines do not bear out, or that a person added.
TO_CHECK = "要確認"
BY_HAND = "発言の行なし"
CARRIED_STATES: Mapping[str, str] = {"open": "未完了", "done": "完了"}


def as_text(minutes: Minutes) -> str:
    """The draft in the chat: the whole in short, decisions, actions, open points, each agenda."""
    day = f"（{date.fromisoformat(minutes.day):%Y年%-m月%-d日}）" if minutes.day else ""
    state = "下書き（未確認）" if minutes.state == DRAFT else STATES[minutes.state]
    form = f"　{minutes.meeting}・{minutes.record}" if minutes.source else ""
    parts = [f"**{minutes.title or '議事録'}{day}** {state}{form}"]
    if minutes.summary:
        parts.append(minutes.summary)
    if minutes.carried:
        parts.append("**前回からの対応**")
        parts += [f"- {carried_line(each)}" for each in minutes.carried[:MOST_OF_A_KIND]]
    for kind in IN_CHAT:
        chosen = minutes.of_kind(kind)
        if not chosen:
            continue
        parts.append(f"**{TITLES[kind]}**")
        parts += [f"- {item_line(item)}" for item in chosen[:MOST_OF_A_KIND]]
        if len(chosen) > MOST_OF_A_KIND:
            parts.append(f"- ほか{len(chosen) - MOST_OF_A_KIND}件")
    titled = [each for each in minutes.agenda if each["title"] and each["text"]]
    if titled:
        parts.append("**議題ごとの要約**")
        parts += [f"- {each['title']}：{each['text']}" for each in titled]
    return "\n".join(parts)


def item_line(item: Mapping[str, Any]) -> str:
    """「3．鍵を借ります。（担当 田中、期限 金曜日＝2026-11-27、12行目）」"""
    about = []
    if item["kind"] == "action":
        about.append(f"担当 {owner_of(item) or '未定'}")
        if item["due_text"] or item["due"]:
            day = f"＝{item['due']}" if item["due"] and item["due"] != item["due_text"] else ""
            about.append(f"期限 {item['due_text']}{day}".replace(" ＝", " "))
    about.append("、".join(f"{number}行目" for number in item["lines"]) or BY_HAND)
    if item.get("doubtful"):
        about.append(f"**{TO_CHECK}**")
    return f"{item['number']}．{item['text']}（{'、'.join(about)}）"


def owner_of(item: Mapping[str, Any]) -> str:
    """Who does it; 「（推定）」 when nobody said so."""
    guessed = "（推定）" if item["owner"] and item["owner_inferred"] else ""
    return f"{item['owner']}{guessed}"


def due_of(item: Mapping[str, Any]) -> str:
    """When it is due as an office writes it, the words that were said beside it."""
    if not item["due"]:
        return str(item["due_text"])
    day = date.fromisoformat(item["due"])
    said = item["due_text"]
    return f"{wareki(day)}{f'［{said}］' if said and said != item['due'] else ''}"


def carried_line(action: Mapping[str, Any]) -> str:
    """An action of the meeting before, with what became of it."""
    due = action["due"] or action["due_text"]
    about = f"担当 {action['owner'] or '未定'}" + (f"、期限 {due}" if due else "")
    return f"［{CARRIED_STATES[action['state']]}］{action['text']}（{about}）"


def as_data(
    transcript: Transcript,
    items: Sequence[Item],
    digest: Summary,
    problems: Sequence[str],
    *,
    engine: str,
) -> dict[str, Any]:
    """The stable JSON of `shomu minutes --json`."""
    return {
        "title": transcript.title,
        "date": transcript.date.isoformat() if transcript.date else None,
        "speakers": list(transcript.speakers),
        "items": [
            {
                "kind": item.kind,
                "text": item.text,
                "lines": list(item.lines),
                "speaker": item.speaker,
                "agenda": item.agenda,
                "owner": item.owner,
                "owner_inferred": item.owner_inferred,
                "due": item.due.day.isoformat() if item.due and item.due.day else None,
                "due_text": item.due.text if item.due else "",
                "doubtful": item.doubtful,
            }
            for item in items
        ],
        "summary": digest.text,
        "engine": engine,
        "problems": list(problems),
    }
