"""Keeps the documents of a workspace: added, updated when they change, removed.

A document, its passages with their tokens, the new index version and the audit event are one
transaction: either all of it happened or none.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from bot.errors import BadInput, UnknownWorkspace, UnreadableDocument
from bot.japanese import grams, words
from bot.messages import LABELS, new_id
from bot.ports import MANUAL, AuditEvent, Passage
from bot.services.database import Database
from bot.services.manuals.chunking import PATH, chunk
from bot.services.manuals.documents import Document, Reader
from bot.services.manuals.incoming import Incoming, Waiting, collect, named
from bot.services.manuals.register import Register
from bot.services.tables import DocumentRow, IndexVersionRow, PassageRow

# Part of every digest: raise it when reading or cutting changes, and re-adding takes effect.
READING = b"1\0"
INSERT_ROWS = 200

Record = Callable[[AsyncConnection, AuditEvent], Awaitable[object]]
Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class AddReport:
    """What became of each document, by name; `failed` and `warnings` say why and what to do."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    passages: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """One kept document, as `docs list` shows it."""

    name: str
    title: str
    label: str
    revised: str
    passages: int
    collection: str
    added: str


class Library:
    """The documents of all workspaces. `record` writes an audit event in the same transaction."""

    def __init__(self, database: Database, record: Record) -> None:
        self._database = database
        self._record = record

    async def add(
        self,
        documents: Iterable[Incoming],
        *,
        workspace: str,
        label: str,
        collection: str = MANUAL,
        actor: str = "",
        progress: Progress | None = None,
        register: Register | None = None,
    ) -> AddReport:
        """Add files, folders or (name, bytes) pairs; only what changed is read again.

        A folder is followed downwards and its documents are named by their path below it. Hidden
        and temporary files are skipped. A document that cannot be read does not stop the others.
        `progress` is called with (done, total, name) before each document. With a `register`
        the documents are records: what each is cited as opens the heading path of its passages.

        Raises UnknownWorkspace without a workspace, BadInput for a label that does not exist.
        """
        _check(workspace, label)
        report = AddReport()
        waiting, problems = collect(documents)
        report.failed += problems
        if register is not None:
            waiting = [item for item in waiting if item.name not in register.tables]
        known = await self._known(workspace, collection)
        async with Reader() as reader:
            for number, item in enumerate(waiting):
                if progress:
                    progress(number, len(waiting), item.name)
                place = _Place(workspace, collection, label, actor, register)
                await self._add_one(item, reader, report, known, place)
        if progress:
            progress(len(waiting), len(waiting), "")
        return report

    async def sync(
        self,
        folder: Path,
        *,
        workspace: str,
        label: str,
        collection: str = MANUAL,
        actor: str = "",
    ) -> AddReport:
        """Make the documents that came from a folder what the folder holds now.

        A folder that is missing or empty removes nothing: a share that is not mounted looks so.
        """
        report = await self.add(
            [folder], workspace=workspace, label=label, collection=collection, actor=actor
        )
        if not (report.added or report.updated or report.unchanged):
            return report
        root = folder.resolve()
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(col(DocumentRow.name), col(DocumentRow.location)).where(
                    col(DocumentRow.workspace) == workspace,
                    col(DocumentRow.collection) == collection,
                    col(DocumentRow.location) != "",
                )
            )
            gone = [
                str(name)
                for name, location in rows
                if Path(location).is_relative_to(root) and not Path(location).exists()
            ]
        report.removed += await self.remove(
            gone, workspace=workspace, collection=collection, actor=actor
        )
        return report

    async def list(self, workspace: str, *, collection: str | None = MANUAL) -> Sequence[Listed]:
        """Kept documents by name; all collections when `collection` is None."""
        _check(workspace)
        query = select(
            col(DocumentRow.name),
            col(DocumentRow.title),
            col(DocumentRow.label),
            col(DocumentRow.revised),
            col(DocumentRow.passages),
            col(DocumentRow.collection),
            col(DocumentRow.added),
        ).where(col(DocumentRow.workspace) == workspace)
        if collection is not None:
            query = query.where(col(DocumentRow.collection) == collection)
        query = query.order_by(col(DocumentRow.collection), col(DocumentRow.name))
        async with self._database.read() as connection:
            return [Listed(*row) for row in await connection.execute(query)]

    async def remove(
        self,
        names: Sequence[str],
        *,
        workspace: str,
        collection: str = MANUAL,
        actor: str = "",
    ) -> Sequence[str]:
        """Remove documents by name; returns those that were there."""
        _check(workspace)
        removed = []
        known = await self._known(workspace, collection)
        for name in dict.fromkeys(named(name) for name in names):
            row = known.get(name)
            if row is None:
                continue
            async with self._database.write() as connection:
                await connection.execute(
                    delete(PassageRow).where(col(PassageRow.document_id) == row.id)
                )
                await connection.execute(delete(DocumentRow).where(col(DocumentRow.id) == row.id))
                await _bump(connection, workspace)
                place = _Place(workspace, collection, row.label, actor)
                await self._record(connection, place.event("document.removed", name, row.digest))
            removed.append(name)
        return removed

    async def store(
        self, documents: Sequence[Document], *, workspace: str, label: str, collection: str = MANUAL
    ) -> int:
        """Keep documents that are already read, all in one transaction; returns the passages.

        For texts that come from no file, such as an evaluation set.
        """
        _check(workspace, label)
        place = _Place(workspace, collection, label, "")
        known = await self._known(workspace, collection)
        cut = [(document, await asyncio.to_thread(_cut, document, place)) for document in documents]
        async with self._database.write() as connection:
            for document, passages in cut:
                old = known.get(document.name)
                row = _row(document, place, digest=new_id(), passages=len(passages), old=old)
                await self._replace(connection, row, passages, old)
                action = "document.updated" if old else "document.added"
                event = place.event(action, row.name, row.digest, len(passages))
                await self._record(connection, event)
            await _bump(connection, workspace)
        return sum(len(passages) for _, passages in cut)

    async def _add_one(
        self,
        item: Waiting,
        reader: Reader,
        report: AddReport,
        known: Mapping[str, _Known],
        place: _Place,
    ) -> None:
        try:
            content = item.path.read_bytes() if item.path else item.content
        except OSError as error:
            report.failed.append((item.name, f"ファイルを開けません（{error.strerror}）。"))
            return
        digest = hashlib.sha256(READING + place.listed(item.name) + content).hexdigest()
        old = known.get(item.name)
        location = str(item.path.resolve()) if item.path else ""
        if old and old.digest == digest:
            await self._relabel(old, item.name, location, place, report)
            return
        try:
            document = await reader.parse(item.name, content)
        except UnreadableDocument as error:
            report.failed.append((item.name, error.remedy))
            return
        if place.register is not None:
            document = replace(document, title=place.register.cite(document))
        passages = await asyncio.to_thread(_cut, document, place)
        row = _row(document, place, digest, len(passages), old, location)
        async with self._database.write() as connection:
            await self._replace(connection, row, passages, old)
            await _bump(connection, place.workspace)
            action = "document.updated" if old else "document.added"
            await self._record(connection, place.event(action, item.name, digest, len(passages)))
        (report.updated if old else report.added).append(item.name)
        report.warnings += [(item.name, warning) for warning in document.warnings]
        report.passages += len(passages)

    async def _relabel(
        self, old: _Known, name: str, location: str, place: _Place, report: AddReport
    ) -> None:
        """The same bytes: at most the label or the place of the file has changed."""
        if old.label == place.label and location in ("", old.location):
            report.unchanged.append(name)
            return
        values = {"label": place.label, "location": location or old.location}
        async with self._database.write() as connection:
            await connection.execute(
                update(DocumentRow).where(col(DocumentRow.id) == old.id).values(**values)
            )
            if old.label != place.label:
                await _bump(connection, place.workspace)
                event = place.event("document.relabelled", name, old.digest, before=old.label)
                await self._record(connection, event)
        (report.unchanged if old.label == place.label else report.updated).append(name)

    async def _replace(
        self,
        connection: AsyncConnection,
        row: DocumentRow,
        passages: Sequence[dict[str, object]],
        old: _Known | None,
    ) -> None:
        if old:
            await connection.execute(
                delete(PassageRow).where(col(PassageRow.document_id) == old.id)
            )
            await connection.execute(delete(DocumentRow).where(col(DocumentRow.id) == old.id))
        await connection.execute(insert(DocumentRow).values(row.model_dump()))
        for at in range(0, len(passages), INSERT_ROWS):
            rows = [part | {"document_id": row.id} for part in passages[at : at + INSERT_ROWS]]
            await connection.execute(insert(PassageRow), rows)

    async def _known(self, workspace: str, collection: str) -> dict[str, _Known]:
        query = select(
            col(DocumentRow.name),
            col(DocumentRow.id),
            col(DocumentRow.digest),
            col(DocumentRow.label),
            col(DocumentRow.location),
        ).where(col(DocumentRow.workspace) == workspace, col(DocumentRow.collection) == collection)
        async with self._database.read() as connection:
            return {row[0]: _Known(*row[1:]) for row in await connection.execute(query)}


@dataclass(frozen=True, slots=True)
class _Known:
    id: str
    digest: str
    label: str
    location: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where documents go, and on whose behalf."""

    workspace: str
    collection: str
    label: str
    actor: str
    register: Register | None = None

    def listed(self, name: str) -> bytes:
        """What the register says of a file: part of its digest, as the bytes are."""
        said = self.register.listed(name) if self.register else ""
        return said.encode() + b"\0" if said else b""

    def event(
        self, action: str, name: str, digest: str, passages: int | None = None, *, before: str = ""
    ) -> AuditEvent:
        details: dict[str, object] = {
            "collection": self.collection,
            "label": self.label,
            "digest": digest,
        }
        if passages is not None:
            details["passages"] = passages
        if before:
            details["label_before"] = before
        return AuditEvent(
            action=action,
            workspace=self.workspace,
            actor=self.actor,
            target=name,
            details=details,
            key=new_id(),
        )


def tokens_of(passage: Passage, title: str = "") -> tuple[str, str]:
    """The words and grams a passage is found by: its text, its heading path and the title."""
    parts = [title if title not in passage.heading else "", passage.heading, passage.text]
    text = "\n".join(part for part in parts if part)
    return " ".join(words(text)), " ".join(grams(text))


def _cut(document: Document, place: _Place) -> list[dict[str, object]]:
    """Passages as rows of the table, without the document's id."""
    rows: list[dict[str, object]] = []
    passages = chunk(
        document, workspace=place.workspace, collection=place.collection, label=place.label
    )
    for position, passage in enumerate(passages):
        found_words, found_grams = tokens_of(passage, document.title)
        cited = (document.title, passage.heading) if place.register is not None else ()
        rows.append(
            {
                "id": passage.id,
                "workspace": place.workspace,
                "collection": place.collection,
                "position": position,
                "heading": PATH.join(filter(None, cited)) or passage.heading,
                "text": passage.text,
                "page": passage.page,
                "words": found_words,
                "grams": found_grams,
            }
        )
    return rows


def _row(
    document: Document,
    place: _Place,
    digest: str,
    passages: int,
    old: _Known | None,
    location: str = "",
) -> DocumentRow:
    return DocumentRow(
        id=old.id if old else new_id(),
        workspace=place.workspace,
        collection=place.collection,
        name=document.name,
        title=document.title,
        digest=digest,
        label=place.label,
        revised=document.revised,
        location=location or (old.location if old else ""),
        passages=passages,
        added=datetime.now(UTC).isoformat(timespec="seconds"),
    )


async def _bump(connection: AsyncConnection, workspace: str) -> None:
    await connection.execute(
        delete(IndexVersionRow).where(col(IndexVersionRow.workspace) == workspace)
    )
    await connection.execute(insert(IndexVersionRow).values(workspace=workspace, version=new_id()))


def _check(workspace: str, label: str = "1") -> None:
    if not workspace:
        raise UnknownWorkspace("no workspace given", remedy="ワークスペースを指定してください。")
    if label not in LABELS:
        raise BadInput(
            f"unknown label {label!r}",
            remedy=f"機密性「{label}」はありません。"
            f"{'、'.join(LABELS)} のどれかを指定してください。",
        )
