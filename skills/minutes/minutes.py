"""Minutes as they are kept: what they say, which lines it rests on, and how far they are.

The transcript is not in here. It is a file of its own, encrypted and with an end, because it holds
every word that was said and has to go away alone.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Any

from bot import BadInput, Context, Message, Refused
from skills.minutes.calendar import wareki
from skills.minutes.readers import Read
from skills.minutes.transcript import Line, Segment, Transcript

DRAFT, CHECKED, APPROVED = "draft", "checked", "approved"
STATES: Mapping[str, str] = {DRAFT: "未確認", CHECKED: "確認済み", APPROVED: "承認済み"}
TO_FILL = "【要記入】"
# The order in which items are numbered and shown.
KINDS = ("decision", "action", "open", "request", "question", "answer")

# What the head of a transcript may call the rows of ours.
_ROWS: Mapping[str, tuple[str, ...]] = {
    "会議名": ("会議名", "会議の名称", "名称"),
    "日時": ("日時", "開催日時", "期日"),
    "場所": ("場所", "会場", "開催場所"),
    "出席者": ("出席者", "出席委員", "参加者", "メンバー"),
    "欠席者": ("欠席者", "欠席委員", "欠席"),
    "傍聴者": ("傍聴者", "傍聴人", "傍聴"),
    "参加者数": ("参加者数", "参加人数"),
    "配付資料": ("配付資料", "配布資料", "資料"),
}
_ROW = re.compile(r"(?:[(]?\d{1,2}[).、]?\s*|[・■●○◆]\s*)?([^\s::]{1,8})\s*(?:[::]|\s)\s*(.+)")


@dataclass(frozen=True, slots=True)
class Minutes:
    """One meeting's minutes. JSON values only, so that they can be kept.

    `items` are those of `shomu minutes --json`, each with its `number`, which stays the same
    through all edits; `last` is the highest ever given. `agenda` has `title`, `text` and `lines`.
    `fields` are the rows of the head, by name. `by` made the draft; `visibility` is that of the
    place it was made in, and `is_private` says that only they have seen it. `transcript` is the
    id of a kept file, empty when it was deleted.
    """

    key: str
    title: str
    day: str = ""
    meeting: str = ""
    record: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    agenda: tuple[Mapping[str, Any], ...] = ()
    items: tuple[Mapping[str, Any], ...] = ()
    last: int = 0
    carried: tuple[Mapping[str, Any], ...] = ()
    speakers: tuple[tuple[str, str], ...] = ()
    engine: str = "offline"
    source: str = ""
    transcript: str = ""
    state: str = DRAFT
    version: int = 1
    by: str = ""
    visibility: str = "public"
    is_private: bool = False
    checked_by: str = ""
    approvals: tuple[str, ...] = ()
    undisclosed: str = ""

    @property
    def series(self) -> str:
        """What the meetings of one series have in common: the title without number and date.

        Empty for what was said in a chat: that is no meeting which comes again.
        """
        if not self.source:
            return ""
        plain = unicodedata.normalize("NFKC", self.title)
        return re.sub(
            r"(?:令和|平成|R|H)?[\d元]+(?:年度?|月|日|回|期)|第(?=\s|$)|[\d\s/.,_()\-]|第(?=[^一-龥])"
            r"|議事録|会議録|文字起こし",
            "",
            plain,
        )

    @property
    def is_whispered(self) -> bool:
        """Whether words about them are shown to the author alone, where others would read them."""
        return self.is_private and self.visibility != "direct"

    @property
    def content(self) -> dict[str, Any]:
        """What the minutes say: what a digest stands for, and an edit changes."""
        return {
            "title": self.title,
            "fields": dict(self.fields),
            "summary": self.summary,
            "agenda": list(self.agenda),
            "items": list(self.items),
            "carried": list(self.carried),
        }

    @property
    def digest(self) -> str:
        text = json.dumps(self.content, ensure_ascii=False, sort_keys=True)
        return sha256(text.encode()).hexdigest()

    def item(self, number: int) -> Mapping[str, Any]:
        """The item of a number. Raises BadInput naming the numbers there are."""
        for item in self.items:
            if item["number"] == number:
                return item
        numbers = [item["number"] for item in self.items]
        known = f"1から{max(numbers)}まで" if numbers else "まだ一つもなし"
        raise BadInput(
            "no item",
            remedy=f"{number}番の項目はありません（番号は{known}）。番号を確かめてください。",
        )

    def of_kind(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        return tuple(item for item in self.items if item["kind"] == kind)


def numbered(items: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Items in the order they are shown, each with its number."""
    ordered = sorted(items, key=lambda item: KINDS.index(item["kind"]))
    return tuple({**item, "number": number} for number, item in enumerate(ordered, 1))


def head_fields(read: Read) -> dict[str, str]:
    """The rows that the head of a transcript fills in, as the office wrote them."""
    found: dict[str, str] = {}
    for line in read.left_out:
        match = _ROW.fullmatch(unicodedata.normalize("NFKC", line).strip())
        if match is None:
            continue
        for name, words in _ROWS.items():
            if match[1] in words and name not in found:
                found[name] = match[2].strip()
    transcript = read.transcript
    found.setdefault("会議名", re.sub(r"[\s　]*(?:会議録|議事録)$", "", transcript.title))
    if "日時" not in found and transcript.date:
        found["日時"] = f"{wareki(transcript.date)} {TO_FILL}"
    if "出席者" not in found and transcript.speakers:
        spoke = "、".join(transcript.speakers)
        found["出席者"] = f"{spoke}（発言した方。ほかの出席者は{TO_FILL}）"
    return {name: value for name, value in found.items() if value}


def roles_of(read: Read) -> tuple[tuple[str, str], ...]:
    """(name, role) of everybody who spoke; the role is empty when nobody says it."""
    roles = {name: role for name, role in read.participants if role}
    for line in read.transcript.lines:
        if line.role:
            roles.setdefault(line.speaker, line.role)
    return tuple((name, roles.get(name, "")) for name in read.transcript.speakers)


def dump_transcript(transcript: Transcript) -> bytes:
    """The lines as they were said, to be kept beside the minutes."""
    lines = [
        [line.number, line.text, line.speaker, line.role, line.at] for line in transcript.lines
    ]
    segments = [[each.title, each.first, each.last] for each in transcript.segments]
    values = {"title": transcript.title, "lines": lines, "segments": segments}
    return json.dumps(values, ensure_ascii=False).encode()


def load_transcript(content: bytes) -> Transcript:
    """What `dump_transcript` wrote."""
    values = json.loads(content)
    lines = tuple(Line(*line) for line in values["lines"])
    segments = tuple(Segment(*each) for each in values["segments"])
    return Transcript(values["title"], lines, segments=segments)


def day_of(minutes: Minutes) -> date | None:
    return date.fromisoformat(minutes.day) if minutes.day else None


def place_of(message: Message) -> str:
    """Where a message was written: its thread, or the person's own side of a channel."""
    place = message.place
    return "/".join((place.team, place.channel, place.thread or message.actor.id))


async def keep(context: Context, minutes: Minutes) -> None:
    """Keep minutes, and each version of what they say."""
    await context.keep(f"draft/{minutes.key}", asdict(minutes))
    await context.keep(f"version/{minutes.key}/{minutes.version:04}", minutes.content)


async def at_version(context: Context, minutes: Minutes, version: int) -> Minutes:
    """The minutes with what an earlier version said; as they are when it is not known."""
    kept = await context.kept(f"version/{minutes.key}/{version:04}")
    if kept is None:
        return minutes
    lists = {name: tuple(kept[name]) for name in ("agenda", "items", "carried")}
    return replace(minutes, **{**kept, **lists})


async def fetch(context: Context, key: str, message: Message) -> Minutes:
    """Minutes that this person may see here.

    A private draft is its author's alone. Raises BadInput without one, Refused for others.
    """
    kept = await context.kept(f"draft/{key}") if key else None
    if kept is None:
        raise BadInput(
            "no draft",
            remedy="議事録の下書きが見つかりません。文字起こしを添付して"
            "「議事録にして」と書いてください。",
        )
    minutes = load(kept)
    if minutes.is_private and minutes.by != message.actor.id:
        raise Refused(
            "private draft",
            remedy="この下書きは、作った方だけが見られます。"
            "作った方が内容を確認して共有すると、ほかの方も見られるようになります。",
        )
    return minutes


async def remember_place(context: Context, message: Message, key: str) -> None:
    """The newest minutes of a place: words said there are about them."""
    await context.keep(f"at/{place_of(message)}", key)


async def here(context: Context, message: Message) -> str:
    """The key of the newest minutes of the place; empty when there are none."""
    return str(await context.kept(f"at/{place_of(message)}") or "")


def load(kept: Mapping[str, Any]) -> Minutes:
    values = {
        **kept,
        "speakers": tuple((name, role) for name, role in kept["speakers"]),
        **{name: tuple(kept[name]) for name in ("agenda", "items", "carried", "approvals")},
    }
    return Minutes(**values)


def edited(minutes: Minutes, **changes: Any) -> Minutes:
    """The next version. Whatever was checked or approved is not any more."""
    numbers = [item["number"] for item in changes.get("items", minutes.items)]
    return replace(
        minutes,
        **changes,
        last=max((minutes.last, *numbers)),
        version=minutes.version + 1,
        state=DRAFT,
        checked_by="",
        approvals=(),
    )
