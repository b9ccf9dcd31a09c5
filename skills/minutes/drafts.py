"""A draft of minutes as people read it, and as programs do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skills.minutes.summary import Summary
from skills.minutes.transcript import Item, Kind, Transcript

TITLES: Mapping[Kind, str] = {
    "decision": "決定",
    "action": "対応",
    "open": "残った論点",
    "request": "要望",
    "question": "質問",
    "answer": "答え",
}
IN_CHAT: tuple[Kind, ...] = ("decision", "action", "open")
DOUBTFUL = "**要確認**"
MOST_OF_A_KIND = 12


def as_text(
    transcript: Transcript,
    items: Sequence[Item],
    digest: Summary,
    agenda: Sequence[tuple[str, Summary]],
) -> str:
    """The draft in the chat: the whole in short, decisions, actions, open points, each agenda."""
    day = f"（{transcript.date:%Y年%-m月%-d日}）" if transcript.date else ""
    parts = [f"**{transcript.title or '議事録'}{day}** 下書き（未確認）"]
    if digest.text:
        parts.append(digest.text)
    for kind in IN_CHAT:
        chosen = [item for item in items if item.kind == kind]
        if not chosen:
            continue
        parts.append(f"**{TITLES[kind]}**")
        parts += [f"- {_line(item)}" for item in chosen[:MOST_OF_A_KIND]]
        if len(chosen) > MOST_OF_A_KIND:
            parts.append(f"- ほか{len(chosen) - MOST_OF_A_KIND}件")
    titled = [(title, each) for title, each in agenda if title and each.text]
    if titled:
        parts.append("**議題ごとの要約**")
        parts += [f"- {title}：{each.text}" for title, each in titled]
    return "\n".join(parts)


def _line(item: Item) -> str:
    about = []
    if item.kind == "action":
        guessed = "（推定）" if item.owner_inferred else ""
        about.append(f"担当 {item.owner or '未定'}{guessed}")
        if item.due is not None:
            day = f"＝{item.due.day.isoformat()}" if item.due.day else ""
            about.append(f"期限 {item.due.text}{day}")
    about.append("、".join(f"{number}行目" for number in item.lines) or "行なし")
    if item.doubtful:
        about.append(DOUBTFUL)
    return f"{item.text}（{'、'.join(about)}）"


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
