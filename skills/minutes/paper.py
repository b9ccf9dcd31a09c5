"""Minutes laid out as a document, before it is Word or Markdown: rows, headings, lists, tables.

A list or table remembers the numbers of its items, so that an edited copy can be read back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from skills.minutes.drafts import BY_HAND, CARRIED_STATES, TO_CHECK, due_of, owner_of
from skills.minutes.minutes import APPROVED, CHECKED, DRAFT, TO_FILL, Minutes
from skills.minutes.templates import Names, Template
from skills.minutes.transcript import Line, Transcript

MARKS: Mapping[str, str] = {DRAFT: "【未確認】", CHECKED: "【確認済み・未承認】", APPROVED: ""}
ANONYMOUS = "参加者"
NOTHING = "なし"
ACTION_HEADER = ("番号", "内容", "担当", "期限")
CARRIED_HEADER = ("前回の対応", "担当", "期限", "状況")
DISCLOSURE = (
    "この議事録は、生成AI（{engine}）が作った下書きをもとに、職員が内容を確認したものです。"
)
DISCLOSURE_DRAFT = (
    "この議事録は、生成AI（{engine}）が作った下書きです。職員の確認が済んでいません。"
)
GONE = "発言の記録は、保存期間を過ぎたか、承認の後に消したため、載せられません。"
# Which kinds of item a section lists.
LISTED: Mapping[str, tuple[str, ...]] = {
    "決定": ("decision",),
    "対応": ("action",),
    "残った論点": ("open",),
    "要望": ("request",),
    "質疑": ("question", "answer"),
}
ASKED, ANSWERED = "問　", "答　"


@dataclass(frozen=True, slots=True)
class Part:
    """A section: `name` is what it holds, `heading` what the office calls it.

    `lines` are paragraphs, a numbered list when `is_list`; a table has `header` and `rows`.
    `numbers` stand beside lines or rows that are items. A part of level 2 belongs to the one
    before. `speech` are (speaker, words, time).
    """

    name: str
    heading: str
    level: int = 1
    lines: tuple[str, ...] = ()
    is_list: bool = False
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[int, ...] = ()
    speech: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A document: `mark` says how far it is, `notes` stand at its end.

    `version` is that of the minutes it was written from; 0 when a copy does not say.
    """

    key: str
    title: str
    mark: str
    rows: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    version: int = 0


def compose(
    minutes: Minutes, template: Template, record: str, transcript: Transcript | None
) -> Paper:
    """Lay minutes out by a template. Without the transcript the words said are left out."""
    shown = Shown(minutes, template.names)
    rows = tuple((name, minutes.fields.get(name) or TO_FILL) for name in template.head)
    parts: list[Part] = []
    for name, heading in template.records[record].sections:
        parts += _FILL[name](minutes, Part(name, heading), shown, transcript)
    title = template.records[record].title
    return Paper(
        minutes.key,
        title,
        MARKS[minutes.state],
        rows,
        tuple(parts),
        _notes(minutes),
        minutes.version,
    )


def unnamed(minutes: Minutes, template: Template) -> tuple[str, ...]:
    """The speakers whose names a template does not show."""
    return tuple(Shown(minutes, template.names).hidden)


class Shown:
    """How people are called in a document."""

    def __init__(self, minutes: Minutes, names: Names) -> None:
        self._names = names
        self._roles = dict(minutes.speakers)
        self.hidden = [name for name in self._roles if self.label(name) == ANONYMOUS]
        # The longest first: 「佐藤花子」 before 「佐藤」.
        forms = {form for name in self.hidden for form in (name, *name.split()) if len(form) > 1}
        self._forms = sorted(forms, key=len, reverse=True)

    def label(self, name: str, role: str = "") -> str:
        """A speaker: 「会長（長谷川）」, 「会長」 or 「参加者」, as the template says."""
        role = role or self._roles.get(name, "")
        if not name or role == name:
            return name
        if not role:
            return ANONYMOUS if self._names == ANONYMOUS else name
        return role if self._names == "職名" else f"{role}（{name}）"

    def text(self, text: str) -> str:
        """Words, without the names that are not shown."""
        for form in self._forms:
            text = text.replace(form, ANONYMOUS)
        return text


Fill = Callable[[Minutes, Part, Shown, Transcript | None], Iterator[Part]]


def _agenda(minutes: Minutes, part: Part, shown: Shown, _: Transcript | None) -> Iterator[Part]:
    titles = tuple(shown.text(each["title"]) for each in minutes.agenda if each["title"])
    yield Part(part.name, part.heading, lines=titles or (TO_FILL,), is_list=bool(titles))


def _carried(minutes: Minutes, part: Part, shown: Shown, _: Transcript | None) -> Iterator[Part]:
    if not minutes.carried:
        return
    rows = tuple(
        (
            shown.text(each["text"]),
            shown.text(each["owner"]) or "未定",
            due_of(each) or "―",
            CARRIED_STATES[each["state"]],
        )
        for each in minutes.carried
    )
    yield Part(part.name, part.heading, header=CARRIED_HEADER, rows=rows)


def _summary(minutes: Minutes, part: Part, shown: Shown, _: Transcript | None) -> Iterator[Part]:
    yield Part(part.name, part.heading, lines=(shown.text(minutes.summary) or TO_FILL,))


def _by_agenda(minutes: Minutes, part: Part, shown: Shown, _: Transcript | None) -> Iterator[Part]:
    said = [each for each in minutes.agenda if each["text"]]
    titled = [each for each in said if each["title"]]
    if not titled:
        texts = tuple(shown.text(each["text"]) for each in said)
        yield Part(part.name, part.heading, lines=texts or (TO_FILL,))
        return
    yield Part(part.name, part.heading)
    for each in titled:
        yield Part(part.name, shown.text(each["title"]), 2, (shown.text(each["text"]),))


def _items(minutes: Minutes, part: Part, shown: Shown, _: Transcript | None) -> Iterator[Part]:
    items = [item for kind in LISTED[part.name] for item in minutes.of_kind(kind)]
    if part.name == "質疑":
        # As they were said: a question, then its answer.
        items.sort(key=lambda item: (item["lines"][:1] or [10**9], item["kind"] != "question"))
    numbers = tuple(item["number"] for item in items)
    if not items:
        yield Part(part.name, part.heading, lines=(NOTHING,))
        return
    marks = {"question": ASKED, "answer": ANSWERED}
    lines = tuple(
        f"{marks.get(item['kind'], '')}{shown.text(item['text'])}{_doubt(item)}" for item in items
    )
    yield Part(part.name, part.heading, lines=lines, is_list=part.name != "質疑", numbers=numbers)


def _actions(minutes: Minutes, part: Part, shown: Shown, _: Transcript | None) -> Iterator[Part]:
    items = minutes.of_kind("action")
    if not items:
        yield Part(part.name, part.heading, lines=(NOTHING,))
        return
    rows = tuple(
        (
            str(position),
            shown.text(item["text"]) + _doubt(item),
            shown.text(owner_of(item)) or TO_FILL,
            due_of(item) or "―",
        )
        for position, item in enumerate(items, 1)
    )
    numbers = tuple(item["number"] for item in items)
    yield Part(part.name, part.heading, header=ACTION_HEADER, rows=rows, numbers=numbers)


def _speech(
    minutes: Minutes, part: Part, shown: Shown, transcript: Transcript | None
) -> Iterator[Part]:
    if transcript is None:
        yield Part(part.name, part.heading, lines=(GONE,))
        return
    yield Part(part.name, part.heading)
    for segment in transcript.segments:
        lines = [line for line in transcript.lines if segment.first <= line.number <= segment.last]
        if not lines:
            continue
        title = shown.text(segment.title) or "開会"
        heading = title if len(transcript.segments) > 1 else ""
        yield Part(part.name, heading, 2, speech=tuple(_turns(lines, shown)))


def _turns(lines: Sequence[Line], shown: Shown) -> Iterator[tuple[str, str, str]]:
    """What one person said in one go, as one paragraph."""
    waiting: tuple[str, str, str] | None = None
    for line in lines:
        speaker = shown.label(line.speaker, line.role)
        # Two people without names to show are still two.
        if waiting and waiting[0] == speaker and speaker != ANONYMOUS:
            waiting = (speaker, waiting[1] + shown.text(line.text), waiting[2])
            continue
        if waiting:
            yield waiting
        waiting = (speaker, shown.text(line.text), clock(line.at))
    if waiting:
        yield waiting


def clock(seconds: float | None) -> str:
    """Seconds from the start as 0:02:31; empty when unknown."""
    if seconds is None:
        return ""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _doubt(item: Mapping[str, object]) -> str:
    return f"【{TO_CHECK}】" if item.get("doubtful") else ""


def without_doubt(text: str) -> str:
    """The words of an item without what we wrote behind them."""
    for mark in (f"【{TO_CHECK}】", f"（{BY_HAND}）"):
        text = text.replace(mark, "")
    return unicodedata.normalize("NFC", text).strip()


def _notes(minutes: Minutes) -> tuple[str, ...]:
    if minutes.engine == "offline" or minutes.undisclosed:
        return ()
    words = DISCLOSURE_DRAFT if minutes.state == DRAFT else DISCLOSURE
    return (words.format(engine=minutes.engine),)


_FILL: Mapping[str, Fill] = {
    "次第": _agenda,
    "前回からの対応": _carried,
    "要約": _summary,
    "議題ごとの要約": _by_agenda,
    "質疑": _items,
    "要望": _items,
    "決定": _items,
    "対応": _actions,
    "残った論点": _items,
    "発言": _speech,
}
