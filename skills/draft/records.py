"""Past records that are like what is wanted, and what differs: day, amount, recipient.

Records are the collection "record", added with `shomu records add`. The heading path of their
passages opens with what a record is cited as: 「8総務第123号　令和8年5月1日　件名」.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from bot import Context, Message, Passage, Reply, Source

COLLECTION, STEP = "record", "records"
WORDS = ("似た文書", "過去の文書", "過去の起案", "先例")
TOP = 5
# Several passages of one record may be found: enough are fetched to show so many records.
PASSAGES_PER_RECORD = 4
EXCERPT_CHARACTERS = 120
PATH, GAP = " ＞ ", "　"
EMPTY = (
    "過去の文書は見つかりませんでした。"
    "登録がまだのときは、管理者に「shomu records add フォルダー --label 2」を頼んでください。"
)
_NUMBER = re.compile(r".*第\s?[0-9-]+\s?号$")
_DAY = re.compile(r"(?:令和|平成)?(?:[0-9]{1,4}|元)年[0-9]{1,2}月[0-9]{1,2}日$")
_FIELDS = {
    "日付": re.compile(r"(?:(?:令和|平成)(?:[0-9]{1,2}|元)年|[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}日"),
    "金額": re.compile(r"[0-9][0-9,]*(?:[千万億]{1,2})?円"),
    "宛先": re.compile(r"[一-龥ァ-ヶー・]{2,20}(?=\s?(?:様|殿|御中|各位))"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which a record is not as wanted; `wish` is empty when it was not given."""

    field: str
    wish: str
    record: str


@dataclass(frozen=True, slots=True)
class Record:
    """One past document: its number, day and title as it is cited, and the passages found."""

    number: str
    day: str
    title: str
    passages: tuple[Passage, ...]
    differs: tuple[Difference, ...] = ()

    @property
    def best(self) -> Passage:
        return self.passages[0]

    @property
    def place(self) -> str:
        """Where in the record the excerpt stands: its headings without the citation, the page."""
        _, _, inside = self.best.heading.partition(PATH)
        return " ".join(part for part in (inside, self.best.page) if part)

    @property
    def citation(self) -> str:
        return GAP.join(part for part in (self.number, self.day, self.title) if part)


def is_meant(message: Message) -> bool:
    """Whether a message asks for records: the command, or words such as 「似た文書」."""
    is_said = message.kind not in ("button", "form") and any(w in message.text for w in WORDS)
    return message.values.get("step") == STEP or is_said


async def find(context: Context, wish: str, *, top: int = TOP) -> list[Record]:
    """The records most like a wish, best first, at most `top`; empty when there are none."""
    passages = await context.find(wish, top=top * PASSAGES_PER_RECORD, collection=COLLECTION)
    return similar(wish, passages)[:top]


def similar(wish: str, passages: Iterable[Passage]) -> list[Record]:
    """Passages grouped by their record in the order they came, with what differs from a wish."""
    by_document: dict[str, list[Passage]] = {}
    for passage in passages:
        by_document.setdefault(passage.document, []).append(passage)
    return [_record(wish, tuple(found)) for found in by_document.values()]


def _record(wish: str, passages: tuple[Passage, ...]) -> Record:
    number, day, title = cited(passages[0])
    text = "\n".join([day, *(passage.text for passage in passages)])
    return Record(number, day, title, passages, tuple(differences(wish, text)))


def cited(passage: Passage) -> tuple[str, str, str]:
    """Number, day and title of the record a passage is from; what is not known is empty."""
    number = day = ""
    rest: list[str] = []
    for part in passage.heading.split(PATH)[0].split(GAP):
        if not number and not rest and _NUMBER.fullmatch(part):
            number = part
        elif not day and not rest and _DAY.fullmatch(part):
            day = part
        else:
            rest.append(part)
    return number, day, GAP.join(rest) or passage.document


def differences(wish: str, record: str) -> list[Difference]:
    """Days, amounts and recipients of a wish that a record does not have, beside its own."""
    wish, record = (unicodedata.normalize("NFKC", text) for text in (wish, record))
    found = []
    for name, pattern in _FIELDS.items():
        wanted, there = (list(dict.fromkeys(pattern.findall(text))) for text in (wish, record))
        new = [value for value in wanted if value not in there]
        if there and (new or not wanted):
            found.append(Difference(name, "、".join(new), "、".join(there[:3])))
    return found


def source(record: Record, number: int) -> Source:
    """Cite a record: its number, day and title come first, its file after them."""
    best = record.best
    return Source(
        number=number,
        document=record.citation,
        heading=PATH.join(part for part in (record.place, best.document) if part),
        quote=best.text,
        passage_id=best.id,
        label=best.label,
    )


async def answer(message: Message, context: Context) -> Reply:
    """Show the records most like the words of a message."""
    top = int(message.values.get("top") or TOP)
    found = await find(context, message.text, top=top)
    if not found:
        return Reply(EMPTY, status="not_found", data={"records": []})
    blocks = [_shown(record, number) for number, record in enumerate(found, 1)]
    return Reply(
        "似た過去の文書です。\n\n" + "\n\n".join(blocks),
        sources=tuple(source(record, number) for number, record in enumerate(found, 1)),
        summary=f"似た過去の文書が{len(found)}件あります。",
        data={"records": [as_data(record) for record in found]},
    )


def as_data(record: Record) -> dict[str, Any]:
    """A record for programs."""
    return {
        "document_number": record.number,
        "date": record.day,
        "title": record.title,
        "document": record.best.document,
        "place": record.place,
        "excerpt": record.best.text,
        "passage_id": record.best.id,
        "score": record.best.score,
        "differs": [asdict(difference) for difference in record.differs],
    }


def _shown(record: Record, number: int) -> str:
    excerpt = " ".join(record.best.text.split())
    more = "…" if len(excerpt) > EXCERPT_CHARACTERS else ""
    lines = [f"**{record.citation}**〔{number}〕", f"> {excerpt[:EXCERPT_CHARACTERS]}{more}"]
    lines += [f"- 違い（{one.field}）：{_told(one)}" for one in record.differs]
    return "\n".join(lines)


def told(wish: str, record: str) -> list[str]:
    """The differences as people read them."""
    return [f"違い（{one.field}）：{_told(one)}" for one in differences(wish, record)]


def _told(one: Difference) -> str:
    return f"今回 {one.wish} ／ 過去 {one.record}" if one.wish else f"過去は {one.record}"
