"""A draft between turns: what it was made of, every version of its text, and who confirmed it."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from bot import BadInput, Context, Message, Source
from skills.draft import document, drafting, kinds, marks, wareki
from skills.draft.drafting import Draft

MOST_VERSIONS = 20
GONE = "この下書きは見つかりません。もう一度作ってください。"
CHANGED = "この下書きは新しい版になっています。新しい版を確かめてから、もう一度お試しください。"


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a draft. `what` says how it came about, `at` is an ISO time."""

    number: int
    text: str
    what: str
    by: str
    at: str

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who confirmed which text at which step."""

    step: str
    by: str
    digest: str
    at: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as it is kept.

    `author` is the actor who asked for it. `records` are the excerpts (passage ids) that are past
    documents. `upload` is the Word file that a person edited, base64; empty while the draft comes
    from its form. `engine` stays a model's name once one wrote any of
    it. `discloses` is False when the line about AI was taken off, for `reason`.
    """

    id: str
    author: str
    kind: str
    values: Mapping[str, str]
    styles: tuple[str, ...] = ()
    prose: str = ""
    engine: str = "offline"
    excerpts: tuple[Source, ...] = ()
    records: tuple[str, ...] = ()
    upload: str = ""
    versions: tuple[Version, ...] = ()
    confirmed: tuple[Confirmation, ...] = ()
    discloses: bool = True
    reason: str = ""

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def with_text(self, text: str, what: str, by: str, at: datetime) -> Kept:
        """The draft with a further version: what was confirmed before is so no longer."""
        number = self.versions[-1].number + 1 if self.versions else 1
        version = Version(number, text, what, by, at.isoformat())
        return replace(self, versions=(*self.versions, version)[-MOST_VERSIONS:], confirmed=())


def compose(kept: Kept, own: Path, at: datetime) -> Draft:
    """The document of a draft as it stands. Raises BadInput when its kind cannot be used."""
    kind = kinds.find(kept.kind, own)
    made = drafting.compose(
        kind,
        kept.values,
        own,
        wareki.day_of(at),
        styles=kept.styles,
        excerpts=kept.excerpts,
        prose=kept.prose,
        engine=kept.engine,
    )
    if not kept.upload:
        return made
    word = document.open_word(base64.b64decode(kept.upload), "アップロードした文書")
    text = drafting.text_of(word)
    still = ("文書の中",) if document.MISSING in text else ()
    return replace(made, word=word, text=text, missing=still)


def uploaded(kept: Kept, content: bytes, name: str) -> tuple[Kept, str]:
    """The draft with a Word file that a person edited, and its text.

    The marks of an unconfirmed draft are taken out: they are written anew on each export.
    Raises BadInput when the file is broken, holds macros or says nothing.
    """
    word = document.open_word(content, name)
    marks.remove_marks(word, drafting.MARKS)
    text = drafting.text_of(word)
    if not text.strip():
        raise BadInput("empty docx", remedy=f"{name} に文章がありません。内容を確認してください。")
    packed = base64.b64encode(marks.packed(word)).decode()
    return replace(kept, upload=packed), text


async def keep(context: Context, kept: Kept) -> None:
    """Keep a draft, and on the record which text it now is."""
    await context.keep(f"draft/{kept.id}", asdict(kept))


async def load(context: Context, key: str, number: str = "") -> Kept:
    """Fetch a draft. Raises BadInput when there is none, or `number` is not its latest version."""
    values = await context.kept(f"draft/{key}")
    if values is None:
        raise BadInput("no draft", remedy=GONE)
    kept = _read(values)
    if number and number != str(kept.latest.number):
        raise BadInput("old version", remedy=CHANGED)
    return kept


def _read(values: Mapping[str, Any]) -> Kept:
    return Kept(
        **{
            **values,
            "styles": tuple(values["styles"]),
            "records": tuple(values["records"]),
            "excerpts": tuple(Source(**item) for item in values["excerpts"]),
            "versions": tuple(Version(**item) for item in values["versions"]),
            "confirmed": tuple(Confirmation(**item) for item in values["confirmed"]),
        }
    )


async def follow(message: Message, context: Context, key: str) -> None:
    """Remember which draft a thread is about."""
    await context.keep(_thread(message), key)


async def followed(message: Message, context: Context) -> str:
    """The draft this thread is about; empty when it is about none."""
    return str(await context.kept(_thread(message)) or "")


def _thread(message: Message) -> str:
    place = message.place
    return f"thread/{place.platform}/{place.team}/{place.channel}/{place.thread}"


def changes(before: str, after: str) -> list[str]:
    """The lines that differ, as 「－」 and 「＋」."""
    lines: list[str] = []
    old, new = before.split("\n"), after.split("\n")
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            lines += [f"－ {line}" for line in old[i:j] if line.strip()]
            lines += [f"＋ {line}" for line in new[k:m] if line.strip()]
    return lines


def last_change(versions: Sequence[Version]) -> list[str]:
    """What the last version changed; empty when there is only one."""
    return changes(versions[-2].text, versions[-1].text) if len(versions) > 1 else []
