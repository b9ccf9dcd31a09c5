"""前年踏襲 in the chat: last year's file in, this year's draft and a 新旧対照表 out.

Only what nobody can suggest is asked for, in forms of a few fields. The old file and the answers
are kept until the draft is done with, so that each form gives a fuller document.
"""

from __future__ import annotations

import base64
from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from bot import Action, Attachment, BadInput, Context, Field, Form, Message, Reply
from skills.draft import comparison, provisions, records, roll
from skills.draft import roster as rosters
from skills.draft.roll import BLANK, Document
from skills.draft.roster import Roster
from skills.draft.stale import Stale, years

STEP, FORM, YEAR, ANSWER = "roll", "draft/roll", "year", "answer-"
WORDS = ("前年踏襲", "昨年の文書を", "去年の文書を", "新年度に直")
ROSTERS = ("roster.xlsx", "roster.csv")
LISTED = (".xlsx", ".csv", ".tsv")
# One form is one screen; what is left comes in the next.
FIELDS_AT_ONCE = 10
MOST_SHOWN = 40
TITLE_CHARACTERS = 40
HOW = (
    "昨年の文書（docx、txt、md）を添付して、「令和9年度に前年踏襲」のように書いてください。"
    "職員名簿（xlsx、csv）も添付すると、職名と氏名も見比べます。"
)
NOTICE = "未確認の下書きです。日付・氏名・金額と【要記入】を確かめてからお使いください。"
GONE = "この前年踏襲は見つかりません。もう一度、昨年の文書を添付してください。"


@dataclass(frozen=True, slots=True)
class Rolled:
    """One roll-forward between turns: `answers` are by the place of a thing in `stale`."""

    key: str
    document: Document
    year: int
    stale: tuple[Stale, ...]
    answers: Mapping[int, str]
    has_roster: bool

    @property
    def asked(self) -> list[int]:
        """What a person has to say and has not yet said."""
        return [
            number
            for number, one in enumerate(self.stale)
            if not one.suggestion and not self.answers.get(number)
        ]

    def texts(self) -> dict[Stale, str]:
        """What stands in the new document for each stale thing."""
        return {
            one: self.answers.get(number, "") or one.suggestion
            for number, one in enumerate(self.stale)
        }


def is_meant(message: Message) -> bool:
    """Whether a message is about a roll-forward: its command, its form, its button or its words."""
    return (
        message.values.get("step") == STEP
        or message.values.get("form", "").startswith(FORM)
        or message.values.get("value", "").startswith(f"{STEP} ")
        or (message.kind not in ("button", "form") and any(w in message.text for w in WORDS))
    )


async def answer(message: Message, context: Context) -> Reply:
    """Answer a file, a button or a form of the roll-forward."""
    if message.kind == "button":
        rolled = await _load(context, message.values["value"].partition(" ")[2])
        return Reply("新しい内容を入力してください。", form=_form(rolled), status="help")
    if message.kind == "form":
        return await _answered(message, context)
    files = [item for item in message.attachments if not _is_roster(item)]
    if not files:
        return await _which(message, context)
    await context.progress(f"{files[0].name} を読んでいます…")
    document = await _read(files[0], context)
    roster = await _roster(message, context)
    rules = await provisions.cited(document.lines, context)
    year = _year(message, document)
    stale = await to_thread(roll.find_stale, document, year, roster, rules)
    answers = _given(message.values)
    rolled = Rolled(message.turn, document, year, stale, answers, bool(roster.members))
    return await _show(message, context, rolled)


async def _which(message: Message, context: Context) -> Reply:
    """Without a file: the records that may be meant, so that a person knows which to attach."""
    wish = message.text
    for word in WORDS:
        wish = wish.replace(word, " ")
    found = await records.find(context, wish) if wish.strip() else []
    if not found:
        return Reply(HOW, status="help")
    listed = [
        f"- {record.citation}〔{number}〕（{record.best.document}）"
        for number, record in enumerate(found, 1)
    ]
    sources = tuple(records.source(record, number) for number, record in enumerate(found, 1))
    text = "\n".join([HOW, "", "もとにする文書は、このどれかでしょうか。", *listed])
    return Reply(text, sources=sources, status="help")


async def _read(attachment: Attachment, context: Context) -> Document:
    content = await context.open(attachment)
    # Says what is wrong with a file before any of it is read in this process.
    await context.text(attachment)
    return await to_thread(roll.read, attachment.name, content)


def _is_roster(attachment: Attachment) -> bool:
    return PurePosixPath(attachment.name).suffix.lower() in LISTED


async def _roster(message: Message, context: Context) -> Roster:
    """The staff list that came with the message, else that of the workspace, else none."""
    for attachment in message.attachments:
        if _is_roster(attachment):
            await context.text(attachment)
            return rosters.load(attachment.name, await context.open(attachment))
    for name in ROSTERS:
        path = context.folder / name
        if path.exists():
            return rosters.load(name, path.read_bytes())
    return Roster()


def _year(message: Message, document: Document) -> int:
    """The year that is asked for, else the one after the document's own."""
    word = message.values.get(YEAR, "")
    asked = years.parse(word) if word else years.mentioned(message.text)
    old = roll.year_of(document)
    if not asked and not old:
        raise BadInput(
            "no year", remedy="新しい年度を「令和9年度に前年踏襲」のように書いてください。"
        )
    return asked or old + 1


def _given(values: Mapping[str, str]) -> dict[int, str]:
    """Answers by number: `answer-3` is the third thing of the list."""
    return {
        int(name.removeprefix(ANSWER)) - 1: text.strip()
        for name, text in values.items()
        if name.startswith(ANSWER) and name.removeprefix(ANSWER).isdigit() and text.strip()
    }


async def _answered(message: Message, context: Context) -> Reply:
    """A form: its answers go into the document, the next form asks for what is left."""
    key = message.values.get("form", "").removeprefix(f"{FORM}/").partition("/")[0]
    rolled = await _load(context, key)
    answers = {**rolled.answers, **_given(message.values)}
    changed = Rolled(key, rolled.document, rolled.year, rolled.stale, answers, rolled.has_roster)
    return await _show(message, context, changed)


async def _show(message: Message, context: Context, rolled: Rolled) -> Reply:
    """The new document, the comparison, and what is still to be said."""
    document, texts = rolled.document, rolled.texts()
    content = await to_thread(roll.apply, document, texts)
    stem, suffix = PurePosixPath(document.name).stem, PurePosixPath(document.name).suffix
    new = await to_thread(roll.read, document.name, content)
    changes = roll.changes(document, new)
    table = await to_thread(comparison.as_docx, changes, stem)
    title = f"{stem}_{years.name(rolled.year)}年度"
    files = (
        await context.attach(f"{title}_未確認{suffix}", content),
        await context.attach(f"{title}_新旧対照表.docx", table),
    )
    await _keep(context, rolled)
    await context.note(
        "rolled",
        rolled.key,
        {
            "year": rolled.year,
            "old_sha256": sha256(document.content).hexdigest(),
            "sha256": sha256(content).hexdigest(),
            "stale": len(rolled.stale),
            "missing": len(rolled.asked),
        },
    )
    asked = rolled.asked
    button = Action("draft", "新しい内容を入力する", f"{STEP} {rolled.key}", "primary")
    return Reply(
        _text(rolled, comparison.as_lines(changes) if rolled.answers else ""),
        files=files,
        form=_form(rolled) if asked and message.kind == "form" else None,
        actions=(button,) if asked else (),
        notice="\n".join([*_notices(rolled), NOTICE]),
        summary=_headline(rolled),
        data={"year": rolled.year, "stale": as_data(rolled)},
    )


def _headline(rolled: Rolled) -> str:
    count, asked = len(rolled.stale), len(rolled.asked)
    if not count:
        return f"「{rolled.document.name}」に、年度が変わって古くなるところは見つかりませんでした。"
    told = (
        f"「{rolled.document.name}」を{years.name(rolled.year)}年度にすると"
        f"古くなるところが{count}か所あります。"
    )
    if asked:
        return told + f"うち{asked}か所は、新しい内容を教えてください（今は{BLANK}にしています）。"
    return told + "すべて新しい内容にしました。"


def _text(rolled: Rolled, compared: str) -> str:
    """The list of what goes stale: first what is asked, then what was changed."""
    numbered = list(enumerate(rolled.stale))
    left = set(rolled.asked)
    asked = [_line(number, one) for number, one in numbered if number in left]
    done = [
        _line(number, one, rolled.answers.get(number, "") or one.suggestion)
        for number, one in numbered
        if number not in left
    ]
    parts = [_headline(rolled)]
    for title, lines in (("教えてほしいところ", asked), ("直したところ", done)):
        if lines:
            parts.append("\n".join([f"**{title}**", *_cut(lines)]))
    if compared:
        parts.append(f"**新旧対照表**\n{compared}")
    return "\n\n".join(parts)


def _line(number: int, one: Stale, new: str = "") -> str:
    moved = f"{one.text} → **{new}**" if new else f"**{one.text}**"
    return f"- {number + 1}. {one.place}（{one.kind}）：{moved}　{one.reason}"


def _cut(lines: Sequence[str]) -> list[str]:
    rest = len(lines) - MOST_SHOWN
    more = [f"- ほか{rest}か所は、添付の新旧対照表にあります。"] if rest > 0 else []
    return [*lines[:MOST_SHOWN], *more]


def _notices(rolled: Rolled) -> list[str]:
    if rolled.has_roster:
        return []
    return ["職員名簿がないため、職名と氏名は見比べていません。"]


def _form(rolled: Rolled) -> Form:
    """The next few things that only a person can say."""
    numbers = rolled.asked[:FIELDS_AT_ONCE]
    fields = tuple(_field(number, rolled.stale[number]) for number in numbers)
    left = len(rolled.asked) - len(numbers)
    title = f"新しい内容（残り{left}か所は次へ）" if left else "新しい内容"
    return Form(f"{FORM}/{rolled.key}", title, fields, "反映する")


def _field(number: int, one: Stale) -> Field:
    title = f"{number + 1}. {one.kind}「{one.text}」"
    return Field(
        f"{ANSWER}{number + 1}",
        title[:TITLE_CHARACTERS],
        required=False,
        hint=f"{one.place}。{one.reason}空欄は{BLANK}になります。",
    )


def as_data(rolled: Rolled) -> list[dict[str, Any]]:
    """Every stale thing for programs, numbered as `answer-N` counts them."""
    return [
        {
            "number": number,
            "place": one.place,
            "text": one.text,
            "kind": one.kind,
            "suggestion": one.suggestion,
            "reason": one.reason,
            "line": one.index,
            "start": one.start,
            "end": one.end,
        }
        for number, one in enumerate(rolled.stale, 1)
    ]


async def _keep(context: Context, rolled: Rolled) -> None:
    await context.keep(
        f"roll/{rolled.key}",
        {
            "name": rolled.document.name,
            "content": base64.b64encode(rolled.document.content).decode(),
            "year": rolled.year,
            "stale": [asdict(one) for one in rolled.stale],
            "answers": {str(number): text for number, text in rolled.answers.items()},
            "has_roster": rolled.has_roster,
        },
    )


async def _load(context: Context, key: str) -> Rolled:
    kept = await context.kept(f"roll/{key}")
    if kept is None:
        raise BadInput("no roll", remedy=GONE)
    document = await to_thread(roll.read, kept["name"], base64.b64decode(kept["content"]))
    return Rolled(
        key,
        document,
        kept["year"],
        tuple(Stale(**one) for one in kept["stale"]),
        {int(number): text for number, text in kept["answers"].items()},
        kept["has_roster"],
    )
