"""The past records and manuals that a draft can rest on, numbered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from bot import BadInput, Context, Passage, Source
from skills.draft import records
from skills.draft.kinds import Kind

RECORD, MANUAL = records.COLLECTION, "manual"
# The passage that is no passage: what the person gave.
GIVEN = "given"
PUBLIC = "1"
SHOWN = 4
# Of the record that a person chose: its beginning says most.
CHOSEN = 3
# How much of what is searched for a passage must hold: what manual search calls an answer. What is
# only near would stand beside a draft as if it were its basis.
SURE = 0.35
QUERY_CHARACTERS = 80
SENTENCES = 2
QUOTE_CHARACTERS = 400


async def passages(
    context: Context, kind: Kind, values: Mapping[str, str], record: str = ""
) -> list[Passage]:
    """Passages about what the draft is about: the best of each search first, then the next.

    Those of `record`, which a person named, come before all others. Raises BadInput when there is
    no such record.
    """
    rows = [await _record(context, record)] if record else []
    first = rows[0] if rows else []
    for query in _queries(kind, values):
        for collection in (RECORD, MANUAL):
            found = await context.find(query, top=SHOWN, collection=collection)
            rows.append([passage for passage in found if passage.coverage >= SURE])
    mixed = (row[rank] for rank in range(SHOWN) for row in rows if rank < len(row))
    return list({passage.id: passage for passage in [*first, *mixed]}.values())[:SHOWN]


async def _record(context: Context, name: str) -> list[Passage]:
    """The passages of one past record, by its number, its title or its file."""
    wanted = _plain(name)
    found = await context.find(name, top=50, collection=RECORD)
    named = [passage for passage in found if wanted in _plain(passage.document + passage.heading)]
    if not named:
        raise BadInput(
            "record",
            remedy=f"「{name}」という過去の文書は見つかりません。文書番号か件名を確認してください。"
            "shomu records search で探せます。",
        )
    document = named[0].document
    return [passage for passage in named if passage.document == document][:CHOSEN]


async def is_readable(context: Context, excerpts: Sequence[Source]) -> bool:
    """Whether the asker may read every excerpt, as they stand in the office's documents now."""
    for item in excerpts:
        if item.passage_id == GIVEN or item.label == PUBLIC:
            continue
        query = " ".join(item.quote.split())[:QUERY_CHARACTERS]
        found = [
            passage.id
            for collection in (RECORD, MANUAL)
            for passage in await context.find(query, top=SHOWN * 4, collection=collection)
        ]
        if item.passage_id not in found:
            return False
    return True


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _queries(kind: Kind, values: Mapping[str, str]) -> list[str]:
    """The first sentences of the fields that say what the document is about.

    One by one: no passage holds much of a whole page.
    """
    found: list[str] = []
    for name in kind.find:
        parts = re.split(r"[。？?\n]", values.get(name, ""))
        queries = [part.strip()[:QUERY_CHARACTERS] for part in parts if part.strip()]
        found += queries[:SENTENCES]
    return list(dict.fromkeys(found))


def source(passage: Passage, number: int) -> Source:
    """Cite a passage, its words kept as they stand; a past record by its number and title."""
    if passage.collection == RECORD:
        return records.source(records.similar("", [passage])[0], number)
    return Source(
        number=number,
        document=passage.document,
        heading=passage.heading,
        quote=passage.text[:QUOTE_CHARACTERS],
        passage_id=passage.id,
        page=passage.page,
        revised=passage.revised,
        label=passage.label,
    )


def kept_passages(excerpts: Sequence[Source]) -> list[Passage]:
    """Excerpts as passages again, for a second look; without what was given by hand."""
    return [
        Passage(
            item.passage_id, item.document, item.heading, item.quote, item.page, item.revised,
            item.label,
        )
        for item in excerpts
        if item.passage_id != GIVEN
    ]  # fmt: skip


def record_ids(passages: Sequence[Passage]) -> tuple[str, ...]:
    """Which of the passages are of past documents."""
    return tuple(passage.id for passage in passages if passage.collection == RECORD)
