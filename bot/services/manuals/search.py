"""The only file that imports tantivy: finds passages by words and by character grams.

The passages table is the truth; an index is derived from it and rebuilt when the workspace's
index version changes. Rights come before ranking in the strict sense: each set of labels has its
own index, built from the rows those labels allow, so that what may not be read cannot even move
the score of what may. Small indexes live in memory, large ones under `home/index`.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tantivy
from sqlalchemy import Select, func, select
from sqlmodel import col

from bot.errors import UnknownWorkspace
from bot.japanese import grams, words
from bot.messages import LABELS, UNKNOWN_LABEL, label_rank
from bot.ports import MANUAL, Passage
from bot.services.database import Database
from bot.services.manuals.chunking import chunk
from bot.services.manuals.documents import parse, read_sheets, read_text
from bot.services.manuals.marking import mark
from bot.services.manuals.question import Question
from bot.services.tables import DocumentRow, IndexVersionRow, PassageRow
from bot.sheets import Sheet

# Below this an index is built from the table faster than people notice (0.1 s).
IN_MEMORY = 2_000
DEPTH = 200
# How many of the best are looked into when the sentence that answers is wanted.
LOOKED_INTO = 8
GRAM_WEIGHT = 0.5
# Of a long question the rarest terms are searched.
MAX_WORDS, MAX_GRAMS = 64, 128
# How long a search waits for a new index while it has an old one to answer from.
PATIENCE_SECONDS = 2.0
KEPT_VIEWS = 64
WRITER_BYTES = 50_000_000
FORMAT = "1"


@dataclass(frozen=True, slots=True)
class _Key:
    """Which rows an index holds: those of one workspace and collection with these labels."""

    workspace: str
    collection: str
    labels: tuple[str, ...]

    @property
    def digest(self) -> str:
        parts = (FORMAT, self.workspace, self.collection, *self.labels)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


class _View:
    """One finished index, never changed: a newer one takes its place."""

    def __init__(self, index: Any, version: str) -> None:
        self.version = version
        self._searcher = index.searcher()
        self._schema = index.schema

    def score(self, question: Question, depth: int) -> list[tuple[str, float]]:
        """(id, score) best first: BM25 over words plus half that over grams, each by its best."""
        total: dict[str, float] = {}
        terms = (("words", question.words, MAX_WORDS, 1.0),
                 ("grams", question.grams, MAX_GRAMS, GRAM_WEIGHT))  # fmt: skip
        for field, counted, limit, weight in terms:
            hits = self._search(field, counted, limit, depth)
            best = hits[0][1] if hits else 1.0
            for identity, score in hits:
                total[identity] = total.get(identity, 0.0) + weight * score / best
        # Equal scores keep the order of the first list, which is that of the documents.
        return sorted(total.items(), key=lambda item: -item[1])

    def weights(self, terms: Iterable[str]) -> dict[str, float]:
        """How much each word says here (BM25's idf); a word that occurs nowhere says most."""
        return {term: self._idf("words", term) for term in terms}

    def _search(
        self, field: str, counted: Mapping[str, float], limit: int, depth: int
    ) -> list[tuple[str, float]]:
        known = [term for term in counted if self._searcher.doc_freq(field, term)]
        rarest = sorted(known, key=lambda term: -self._idf(field, term))[:limit]
        if not rarest:
            return []
        should = tantivy.Occur.Should
        query = tantivy.Query.boolean_query(
            [
                (
                    should,
                    tantivy.Query.boost_query(
                        tantivy.Query.term_query(self._schema, field, term, "freq"),
                        counted[term],
                    ),
                )
                for term in rarest
            ]
        )
        hits = self._searcher.search(query, depth, count=False).hits
        return [(self._searcher.doc(address)["id"][0], score) for score, address in hits]

    def _idf(self, field: str, term: str) -> float:
        count, total = self._searcher.doc_freq(field, term), self._searcher.num_docs
        return math.log(1 + (total - count + 0.5) / (count + 0.5))


class TantivySearch:
    """Fulfils the Search port over the passages table. One a process."""

    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._folder = home / "index"
        self._views: OrderedDict[_Key, _View] = OrderedDict()
        self._building: dict[_Key, asyncio.Task[_View]] = {}

    async def find(
        self,
        query: str,
        *,
        workspace: str,
        clearance: str,
        collection: str = MANUAL,
        top: int = 5,
        marked: bool = False,
        before: str = "",
    ) -> Sequence[Passage]:
        """Find passages that may answer, best first; empty when nothing matches.

        `coverage` is the share of the question's words, weighted by how rare they are among the
        passages the asker may read, that the passage holds; of words and letter pairs when
        `marked`.

        Raises UnknownWorkspace without a workspace. A clearance that does not exist reads nothing.
        """
        if not workspace:
            raise UnknownWorkspace(
                "no workspace given", remedy="ワークスペースを指定してください。"
            )
        if clearance not in LABELS or top < 1:
            return ()
        question = await asyncio.to_thread(Question.of, query, before)
        if not question:
            return ()
        version, labels = await self._allowed(workspace, collection, clearance)
        if not labels:
            return ()
        key = _Key(workspace, collection, labels)
        view = await self._view(key, version)
        scored = await asyncio.to_thread(view.score, question, max(DEPTH, top))
        weights = view.weights(question.asked)
        depth = max(top, LOOKED_INTO) if marked else top
        found: list[Passage] = []
        # Twice at most: only an index about to be replaced names rows that are gone.
        for part in (scored[:depth], scored[depth:]):
            if len(found) < depth and part:
                found += await self._load(key, part, question, weights)
        if marked:
            found = await asyncio.to_thread(mark, question, found[:depth], weights)
        return found[:top]

    async def holds_any(self, *, workspace: str, clearance: str, collection: str = MANUAL) -> bool:
        """Whether there is anything at all that this clearance may read."""
        if clearance not in LABELS:
            return False
        return bool((await self._allowed(workspace, collection, clearance))[1])

    async def read(self, name: str, content: bytes) -> Sequence[Passage]:
        """Read a file that is not kept; its label is unknown. Raises UnreadableDocument."""
        document = await parse(name, content)
        return await asyncio.to_thread(chunk, document, label=UNKNOWN_LABEL)

    async def text(self, name: str, content: bytes) -> str:
        """Read a file that is not kept as plain lines. Raises UnreadableDocument."""
        return await read_text(name, content)

    async def sheets(self, name: str, content: bytes) -> Sequence[Sheet]:
        """Read a spreadsheet or CSV that is not kept. Raises UnreadableDocument."""
        return await read_sheets(name, content)

    async def rank(
        self, query: str, passages: Sequence[Passage], *, top: int = 5
    ) -> Sequence[Passage]:
        """Order passages that are not kept by how well they answer, like `find`."""
        return await asyncio.to_thread(_rank, query, passages, top)

    async def close(self) -> None:
        for task in list(self._building.values()):
            task.cancel()
        await asyncio.gather(*self._building.values(), return_exceptions=True)
        self._views.clear()

    async def _allowed(
        self, workspace: str, collection: str, clearance: str
    ) -> tuple[str, tuple[str, ...]]:
        """The index version, and the labels that occur here and may be read."""
        async with self._database.read() as connection:
            version = await connection.scalar(
                select(col(IndexVersionRow.version)).where(
                    col(IndexVersionRow.workspace) == workspace
                )
            )
            found = await connection.scalars(
                select(col(DocumentRow.label))
                .where(
                    col(DocumentRow.workspace) == workspace,
                    col(DocumentRow.collection) == collection,
                )
                .distinct()
            )
            labels = [str(label) for label in found]
        limit = label_rank(clearance)
        return str(version or ""), tuple(sorted(x for x in labels if label_rank(x) <= limit))

    async def _view(self, key: _Key, version: str) -> _View:
        """The index of a key, waiting for a new one unless an old one can answer meanwhile."""
        current = self._views.get(key)
        if current is not None and current.version == version:
            self._views.move_to_end(key)
            return current
        task = self._building.get(key)
        if task is None:
            task = self._building[key] = asyncio.create_task(self._build(key, version))
            task.add_done_callback(lambda done: self._built(key, done))
        # Not cancelled with the asker: others may wait for the same index.
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS if current else None)
        return current if current is not None and not task.done() else task.result()

    def _built(self, key: _Key, task: asyncio.Task[_View]) -> None:
        self._building.pop(key, None)
        if task.cancelled() or task.exception() is not None:
            return
        self._views[key] = task.result()
        self._views.move_to_end(key)
        while len(self._views) > KEPT_VIEWS:
            self._views.popitem(last=False)

    async def _build(self, key: _Key, version: str) -> _View:
        async with self._database.read() as connection:
            count = await connection.scalar(_rows(key, func.count())) or 0
            place = self._folder / f"{key.digest}-{version}" if count > IN_MEMORY else None
            if place is not None and (place / "meta.json").exists():
                return _View(tantivy.Index.open(str(place)), version)
            query = _rows(key, col(PassageRow.id), col(PassageRow.words), col(PassageRow.grams))
            query = query.order_by(col(DocumentRow.name), col(PassageRow.position))
            rows = (await connection.execute(query)).all()
        index = await asyncio.to_thread(_write, [tuple(row) for row in rows], place)
        return _View(index, version)

    async def _load(
        self,
        key: _Key,
        scored: Sequence[tuple[str, float]],
        question: Question,
        weights: Mapping[str, float],
    ) -> list[Passage]:
        """Read passages by id, asking for the rights once more: the table is the truth."""
        columns = (
            col(PassageRow.id),
            col(DocumentRow.name),
            col(PassageRow.heading),
            col(PassageRow.text),
            col(PassageRow.page),
            col(DocumentRow.revised),
            col(DocumentRow.label),
            col(PassageRow.words),
        )
        query = _rows(key, *columns).where(col(PassageRow.id).in_([name for name, _ in scored]))
        async with self._database.read() as connection:
            rows = {row[0]: row for row in await connection.execute(query)}
        found = []
        for identity, score in scored:
            if identity in rows:
                about, tokens = rows[identity][:-1], rows[identity][-1]
                found.append(
                    replace(
                        Passage(*about),
                        collection=key.collection,
                        score=score,
                        coverage=question.coverage(weights, set(tokens.split(" "))),
                    )
                )
        return found


def _rows(key: _Key, *columns: Any) -> Select[Any]:
    """Select from the passages that a key allows; every query of this file goes through here."""
    return (
        select(*columns)
        .select_from(PassageRow)
        .join(DocumentRow, col(DocumentRow.id) == col(PassageRow.document_id))
        .where(
            col(PassageRow.workspace) == key.workspace,
            col(DocumentRow.workspace) == key.workspace,
            col(DocumentRow.collection) == key.collection,
            col(DocumentRow.label).in_(key.labels),
        )
    )


def _rank(query: str, passages: Sequence[Passage], top: int) -> Sequence[Passage]:
    question = Question.of(query)
    if not question or not passages or top < 1:
        return ()
    tokens = []
    for passage in passages:
        text = f"{passage.heading}\n{passage.text}"
        tokens.append((words(text), grams(text)))
    rows = [
        (str(number), " ".join(found[0]), " ".join(found[1])) for number, found in enumerate(tokens)
    ]
    view = _View(_write(rows, None), "")
    weights = view.weights(question.asked)
    best = [
        replace(
            passages[int(number)],
            score=score,
            coverage=question.coverage(weights, set(tokens[int(number)][0])),
        )
        for number, score in view.score(question, max(DEPTH, top))[: max(top, LOOKED_INTO)]
    ]
    return mark(question, best, weights)[:top]


def _write(rows: Sequence[tuple[str, str, str]], place: Path | None) -> Any:
    """Build an index of (id, words, grams) in memory, or in a folder that appears when whole."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("words", "grams"):
        builder.add_text_field(name, tokenizer_name="spaces", index_option="freq")
    schema = builder.build()
    if place is None:
        return _fill(tantivy.Index(schema), rows)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=place.parent))
    try:
        _fill(tantivy.Index(schema, path=str(draft)), rows)
        draft.rename(place)
    except OSError:
        # Another process on this state directory was faster; its index is as good.
        if not (place / "meta.json").exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    stem = place.name.partition("-")[0]
    for old in place.parent.glob(f"{stem}-*"):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)
    return tantivy.Index.open(str(place))


def _fill(index: Any, rows: Sequence[tuple[str, str, str]]) -> Any:
    spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("spaces", spaces)
    writer = index.writer(WRITER_BYTES, 1)
    for identity, found_words, found_grams in rows:
        writer.add_document(tantivy.Document(id=identity, words=found_words, grams=found_grams))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index
