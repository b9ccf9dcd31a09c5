"""What passes in a chat: messages in, replies out, the same on every platform.

Nothing here knows Slack, Teams or a terminal. Adapters turn their vendor's JSON into a `Message`
and a `Reply` into their vendor's JSON.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

Platform = Literal["slack", "teams", "console"]
Kind = Literal[
    "mention", "direct", "follow-up", "command", "shortcut", "button", "form", "reminder"
]
Visibility = Literal["direct", "private", "public"]
Status = Literal["answered", "not_found", "help", "refused", "failed", "withdrawn"]

LABELS: tuple[str, ...] = ("1", "2", "3C", "3B", "3A")
UNKNOWN_LABEL = "3B"
# Longer texts are files: a question of this length already fills a screen.
LONGEST_QUESTION = 4_000


def new_id() -> str:
    """Make a UUID version 7: ordered by time, unique without asking anyone.

    Source: RFC 9562 section 5.7 (48 bits of Unix milliseconds, 74 random bits).
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (random >> 68) << 64
    value |= 0b10 << 62 | random & ((1 << 62) - 1)
    return str(uuid.UUID(int=value))


def engine_title(engine: str) -> str:
    """What produced an answer, in words people know."""
    return "オフライン（AIなし）" if engine == "offline" else engine


def label_rank(label: str) -> int:
    """Order labels from public (0) to secret (4); an unknown label counts as 3B."""
    return LABELS.index(label if label in LABELS else UNKNOWN_LABEL)


def highest_label(labels: Sequence[str]) -> str:
    """The label an answer inherits from its sources; "1" when it has none."""
    return max((LABELS[label_rank(label)] for label in labels), key=label_rank, default="1")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is speaking. `id` is unique within the platform and team."""

    id: str
    name: str = ""
    locale: str = "ja"
    is_guest: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message was written; `thread` is empty outside a thread."""

    platform: Platform
    team: str
    channel: str
    thread: str = ""
    visibility: Visibility = "public"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; its bytes are fetched through `Context.open`."""

    name: str
    media_type: str = ""
    size: int = 0
    location: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a reply; `Context.attach` makes it and keeps its bytes encrypted.

    `size` is in bytes, `digest` is SHA-256 in hexadecimal.
    """

    id: str
    name: str
    media_type: str
    size: int
    digest: str
    label: str = "2"

    @property
    def size_title(self) -> str:
        """The size as people read it, rounded up."""
        if self.size < 1024 * 1024:
            return f"{-(-self.size // 1024)}KB"
        return f"{self.size / 1024 / 1024:.1f}MB"


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier line of the same thread, oldest first in `Context.history`.

    `at` is when it was said, where that is known.
    """

    text: str
    by_bot: bool
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a skill sees it: the words without the mention, and where they came from."""

    text: str
    actor: Actor
    place: Place
    kind: Kind = "mention"
    # Not the event id: one mention can be delivered as two kinds of event.
    identity: str = ""
    turn: str = field(default_factory=new_id)
    attempt: int = 1
    workspace: str = ""
    command: str = ""
    attachments: tuple[Attachment, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    sent_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def subject(self) -> str:
        """Whose words these are: they are encrypted with this person's key, to be erasable."""
        return f"{self.place.platform}:{self.place.team}:{self.actor.id}"


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a skill wants to be called for later, and where. `due` is in UTC.

    `reference` is the platform's own, from `Chat.reference`; `to` the actor who reads it in a
    direct message, empty for the place itself.
    """

    workspace: str
    skill: str
    key: str
    due: datetime
    place: Place
    actor: Actor
    reference: str = ""
    to: str = ""

    @property
    def identity(self) -> str:
        """The same for every replica that finds it due, so that the inbox takes it once."""
        parts = (self.place.platform, "reminder", self.workspace, self.skill, self.key)
        return "/".join((*parts, self.due.isoformat()))

    def dump(self) -> str:
        return json.dumps({**asdict(self), "due": self.due.isoformat()}, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Reminder:
        values = json.loads(text)
        place, actor = Place(**values.pop("place")), Actor(**values.pop("actor"))
        due = datetime.fromisoformat(values.pop("due"))
        return cls(**values, due=due, place=place, actor=actor)

    def message(self, turn: str, attempt: int) -> Message:
        """What the skill is called with. Whoever reads it is its actor: their rights decide."""
        is_own = self.to in ("", self.actor.id)
        return Message(
            text="",
            actor=self.actor if is_own else Actor(self.to, locale=self.actor.locale),
            place=self.place,
            kind="reminder",
            identity=self.identity,
            turn=turn,
            attempt=attempt,
            workspace=self.workspace,
            command=self.skill,
            values={"key": self.key},
            sent_at=self.due,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """A citation: the found text and where a reader can check it.

    `number` is the n of 〔n〕 in the reply. `page` is empty for formats without pages.
    `revised` is an ISO date, or empty when the document does not say; `page` reads as people say
    it: "p.4", "スライド3", "シート「日当」".
    """

    number: int
    document: str
    heading: str
    quote: str
    passage_id: str
    page: str = ""
    revised: str = ""
    label: str = UNKNOWN_LABEL
    link: str = ""

    @property
    def where(self) -> str:
        """Document, heading path, page and revision date on one line, as a reader looks it up."""
        place = " ＞ ".join(part for part in (self.document, self.heading) if part)
        page = f" {self.page}" if self.page else ""
        revised = f"（{self.revised} 改正）" if self.revised else ""
        return f"{place}{page}{revised}"


@dataclass(frozen=True, slots=True)
class Action:
    """A button. `name` says what it does to the bot, `value` is handed back unchanged."""

    name: str
    title: str
    value: str = ""
    style: Literal["", "primary", "danger"] = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A small table under the text: a title and rows of (name, value)."""

    title: str
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form; `choices` makes it a list to pick from.

    `problem` says what to do about the value that was entered; empty when nothing is wrong.
    """

    name: str
    title: str
    kind: Literal["line", "text", "date", "choice"] = "line"
    required: bool = True
    choices: tuple[str, ...] = ()
    hint: str = ""
    value: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Inputs asked of a person at once: a Slack modal, a Teams dialog, a local page.

    `name` is the skill's name, or the skill's name and a step: "draft", "draft/通知".
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    submit: str = "送信"

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {field.name: field.problem for field in self.fields if field.problem}

    def filled(self, values: Mapping[str, str], problems: Mapping[str, str] | None = None) -> Form:
        """The same form with what was entered so far, and what is wrong with it."""
        wrong = problems or {}
        fields = (
            replace(
                field,
                value=values.get(field.name, field.value),
                problem=wrong.get(field.name, ""),
            )
            for field in self.fields
        )
        return replace(self, fields=tuple(fields))


def skill_of(form_name: str) -> str:
    """The skill a form belongs to."""
    return form_name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot says.

    `text` is plain lines with a small Markdown subset that every adapter renders: `**bold**`,
    `> ` quotes, `- ` bullets and 〔n〕 pointing into `sources`. `summary` is the one sentence a
    notification or a screen reader says; the first line of `text` when empty.
    `suggestions` are questions offered as buttons. `data` is the same answer for programs, JSON
    values only: what the command line prints under --json. `files` are handed over beside the
    text, in the way each platform does that. `can_be_shared` is False while a private reply waits
    for a person to check it: no button then offers to show it to everyone.
    """

    text: str
    sources: tuple[Source, ...] = ()
    card: Card | None = None
    actions: tuple[Action, ...] = ()
    suggestions: tuple[str, ...] = ()
    form: Form | None = None
    status: Status = "answered"
    engine: str = "offline"
    notice: str = ""
    summary: str = ""
    is_private: bool = False
    turn: str = ""
    skill: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    can_be_shared: bool = True

    @property
    def label(self) -> str:
        """The highest label of what it cites and of the files that go with it."""
        sources = [source.label for source in self.sources]
        return highest_label([*sources, *(file.label for file in self.files)])


def dump_reply(reply: Reply) -> str:
    """Write a reply as JSON, so that it can be kept and shown again."""
    return json.dumps(asdict(reply), ensure_ascii=False, sort_keys=True)


def load_reply(text: str) -> Reply:
    """Read what `dump_reply` wrote."""
    values = json.loads(text)
    card, form = values.pop("card"), values.pop("form")
    return Reply(
        **{
            **values,
            "sources": tuple(Source(**source) for source in values["sources"]),
            "actions": tuple(Action(**action) for action in values["actions"]),
            "suggestions": tuple(values["suggestions"]),
            # Replies kept before there were files have none.
            "files": tuple(File(**file) for file in values.get("files", ())),
        },
        card=card and Card(card["title"], tuple((name, value) for name, value in card["rows"])),
        form=form and load_form(form),
    )


def load_form(values: Mapping[str, Any]) -> Form:
    """Read a form back from its dictionary. Raises KeyError or TypeError when it is not one."""
    fields = tuple(
        Field(**{**item, "choices": tuple(item["choices"])}) for item in values["fields"]
    )
    return Form(values["name"], values["title"], fields, values["submit"])
