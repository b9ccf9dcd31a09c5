"""Cuts a document into passages by its own structure: each is small enough to quote and cite."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.japanese import sentences
from bot.ports import MANUAL, Passage
from bot.services.manuals.headings import (
    LAW_TOP,
    LOOKS_RANK,
    Heading,
    declared,
    is_caption,
    recognise,
)
from bot.services.manuals.readers.document import LOOKS_LIKE_HEADING, Block, Document

TARGET = 500
# Rows of a longer table are grouped up to this size: a citation should point at few rows.
ROWS_TARGET = 240
WHOLE_TABLE = 400
# A last piece shorter than this joins the one before it.
REMNANT = 80
PATH = " ＞ "


@dataclass(slots=True)
class _Section:
    """What stands under one heading path. A unit is (text, page, is a table row)."""

    path: tuple[str, ...]
    page: str = ""
    units: list[tuple[str, str, bool]] = field(default_factory=list)


def chunk(
    document: Document, *, workspace: str = "", collection: str = MANUAL, label: str = "3B"
) -> list[Passage]:
    """Cut a document into passages, in reading order.

    The id of a passage is a digest of workspace, document, place and text: an unchanged passage
    keeps its id when the document is added again, also when others before it have changed.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    passages = []
    for section in _sections(document):
        heading = PATH.join(section.path)
        for text, page in _pack(section):
            key = (heading, page, text)
            seen[key] += 1
            identity = (workspace, collection, document.name, *key, str(seen[key]))
            passages.append(
                Passage(
                    id=hashlib.sha256("\0".join(identity).encode()).hexdigest()[:24],
                    document=document.name,
                    heading=heading,
                    text=text,
                    page=page,
                    revised=document.revised,
                    label=label,
                    collection=collection,
                )
            )
    return passages


class _Outline:
    """The headings that are open at one point of a document, outermost first."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._open: list[Heading] = []
        self._last: dict[int, int] = {}

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(heading.label for heading in self._open if heading.label != self._title)

    @property
    def is_in_article(self) -> bool:
        return any(heading.is_article for heading in self._open)

    @property
    def depth(self) -> int:
        return len(self._open)

    def enter(self, heading: Heading) -> None:
        leaves_rule = heading.is_rule and heading.rank == LAW_TOP
        while self._open and (
            self._open[-1].rank >= heading.rank or (leaves_rule and self._open[-1].is_rule)
        ):
            self._open.pop()
        self._open.append(heading)
        self._last = {rank: n for rank, n in self._last.items() if rank < heading.rank}
        self._last[heading.rank] = heading.number

    def follows(self, heading: Heading) -> bool:
        """Whether a numbered heading is the next of its series here."""
        return heading.number == self._last.get(heading.rank, 0) + 1


def _sections(document: Document) -> Iterator[_Section]:
    """Walk the blocks; a section ends where the next heading begins."""
    outline = _Outline(_redundant_title(document))
    section = _Section(())
    blocks = document.blocks
    caption = ""
    for at, block in enumerate(blocks):
        if not block.rows and is_caption(block.text) and _article_follows(blocks, at):
            caption = block.text.strip()
            continue
        heading = _heading(blocks, at, outline)
        if heading is None:
            section.units += _units(block)
            section.page = section.page or block.page
            continue
        depth = outline.depth
        outline.enter(_captioned(heading, caption))
        caption = ""
        # A heading that only holds deeper ones is in their paths; one with nothing under it
        # is itself what the document says there.
        if section.units or (section.path and outline.depth <= depth):
            yield section
        section = _Section(outline.path, block.page)
        if heading.rest:
            section.units.append((heading.rest, block.page, False))
    if section.units or section.path:
        yield section


def _heading(blocks: Sequence[Block], at: int, outline: _Outline) -> Heading | None:
    block = blocks[at]
    if block.rows or block.is_item:
        return None
    if 0 < block.level < LOOKS_LIKE_HEADING:
        return declared(block.text, block.level)
    found = recognise(block.text, in_rule=outline.is_in_article)
    if block.level == LOOKS_LIKE_HEADING:
        return found or Heading(label=" ".join(block.text.split()), rank=LOOKS_RANK)
    if found is None or found.is_rule or not found.number:
        return found
    return found if outline.follows(found) and not _is_list(blocks, at, found) else None


def _is_list(blocks: Sequence[Block], at: int, heading: Heading) -> bool:
    """Short numbered lines one after another are a list; a heading has something under it."""
    if at + 1 >= len(blocks):
        return True
    following = blocks[at + 1]
    if following.rows:
        return False
    after = recognise(following.text, in_rule=False)
    return after is not None and after.rank == heading.rank and after.number > 0


def _article_follows(blocks: Sequence[Block], at: int) -> bool:
    following = blocks[at + 1] if at + 1 < len(blocks) else Block()
    if following.rows:
        return False
    found = recognise(following.text, in_rule=True)
    return found is not None and found.is_article


def _captioned(heading: Heading, caption: str) -> Heading:
    if not caption or not heading.is_article:
        return heading
    return Heading(
        label=heading.label + caption,
        rank=heading.rank,
        rest=heading.rest,
        is_rule=True,
        is_article=True,
    )


def _redundant_title(document: Document) -> str:
    """The title when the file name already says it: it need not open every heading path."""
    first = next((block for block in document.blocks if block.level == 1), None)
    if first is None:
        return ""
    stem = _squeeze(document.name.rpartition(".")[0] or document.name)
    title = _squeeze(first.text)
    says_it = len(stem) > 3 and (stem in title or title in stem)
    return " ".join(first.text.split()) if says_it and document.blocks[0] == first else ""


def _squeeze(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter.isalnum())


def _units(block: Block) -> list[tuple[str, str, bool]]:
    if not block.rows:
        return [(block.text, block.page, False)] if block.text else []
    return [(_row(block.header, row), block.page, True) for row in block.rows if any(row)]


def _row(header: Sequence[str], row: Sequence[str]) -> str:
    """A row that can be read alone: 「品目：… ／ 区分：…」."""
    if not header:
        name, *values = [cell for cell in row if cell]
        return f"{name}：{' ／ '.join(values)}" if values else name
    pairs = zip(header, row, strict=True)
    named = (f"{name}：{cell}" if name else cell for name, cell in pairs if cell)
    return " ／ ".join(dict.fromkeys(named))


def _pack(section: _Section) -> Iterator[tuple[str, str]]:
    """Join units into passages of about TARGET characters, tables apart from prose."""
    if not section.units:
        yield section.path[-1], section.page
        return
    at = 0
    while at < len(section.units):
        is_row = section.units[at][2]
        end = at
        while end < len(section.units) and section.units[end][2] == is_row:
            end += 1
        run = section.units[at:end]
        whole = sum(len(text) + 1 for text, _, _ in run)
        limit = TARGET if not is_row or whole <= WHOLE_TABLE else ROWS_TARGET
        yield from _join([(text, page) for text, page, _ in run], limit)
        at = end


def _join(units: Sequence[tuple[str, str]], limit: int) -> Iterator[tuple[str, str]]:
    packed: list[tuple[str, str]] = []
    for unit, page in units:
        for text in _short(unit):
            last = packed[-1][0] if packed else ""
            room = limit if len(text) > REMNANT else limit + REMNANT
            if last and len(last) + 1 + len(text) <= room:
                packed[-1] = (f"{last}\n{text}", packed[-1][1])
            else:
                packed.append((text, page))
    yield from packed


def _short(text: str) -> Iterator[str]:
    """A unit as pieces of at most TARGET characters, cut between sentences where there are any."""
    if len(text) <= TARGET:
        yield text
        return
    piece = ""
    for sentence in sentences(text):
        if piece and len(piece) + len(sentence) > TARGET:
            yield piece
            piece = ""
        piece += sentence
        while len(piece) > TARGET:
            cut = max(piece.rfind(mark, TARGET // 2, TARGET) for mark in "、，,／ ")
            cut = cut + 1 if cut > 0 else TARGET
            yield piece[:cut]
            piece = piece[cut:]
    if piece:
        yield piece
