"""The words kept beside audit events: written, read, expired and erased.

The files of replies are kept under the same keys: they expire and are erased here as well.
Erasing deletes the subject's key first and the rows after it. The record itself stays valid: it
holds only a digest, whose salt was encrypted with the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, text, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.services.audit.canonical import Entry, timestamp
from bot.services.audit.subject_keys import SubjectKeys
from bot.services.audit.tables import BODY, EVENT, FILE, SUBJECT_KEY
from bot.services.audit.vault import Vault
from bot.services.database import Database

CLEAN_BUSY_MILLISECONDS = 1_000
# What was deleted, by workspace: how many "bodies" and how many "files".
Counts = Mapping[str, Mapping[str, int]]


class Bodies:
    """Reads and writes `audit_body`; deletes from `file`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._keys = SubjectKeys(database, vault)

    async def store(
        self,
        connection: AsyncConnection,
        entries: Sequence[Entry],
        *,
        now: datetime,
        expires: datetime,
    ) -> None:
        """Encrypt the words of the entries that have any, making keys for new subjects."""
        worded = [entry for entry in entries if entry.body]
        if not worded:
            return
        keys = await self._keys.of(connection, {entry.subject for entry in worded}, now)
        await connection.execute(
            insert(BODY),
            [
                {
                    "event_id": entry.id,
                    "subject": entry.subject,
                    "sealed": self._vault.seal(
                        keys[entry.subject], entry.subject, entry.id, entry.salt, entry.body
                    ),
                    "expires": timestamp(expires),
                }
                for entry in worded
            ],
        )

    async def read(self, event_id: str) -> str:
        """Return the words; empty when there are none any more. Raises Tampered."""
        query = (
            select(BODY.c.subject, BODY.c.sealed, SUBJECT_KEY.c.wrapped)
            .join(SUBJECT_KEY, SUBJECT_KEY.c.subject == BODY.c.subject)
            .where(BODY.c.event_id == event_id)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return ""
        _, body = self._vault.unseal(row.wrapped, row.subject, event_id, row.sealed)
        return body.decode()

    async def expire(self, connection: AsyncConnection, now: datetime) -> Counts:
        """Delete what is past its date, and keys that open nothing."""
        await self._overwrite_deleted(connection)
        bodies, files = (table.c.expires <= timestamp(now) for table in (BODY, FILE))
        counts = await self._count(connection, bodies, files)
        gone = union(
            select(BODY.c.subject).where(bodies), select(FILE.c.subject).where(files)
        ).order_by("subject")
        subjects = (await connection.scalars(gone)).all()
        await connection.execute(delete(BODY).where(bodies))
        await connection.execute(delete(FILE).where(files))
        await self._keys.delete_unused(connection, subjects)
        return counts

    async def erase(self, connection: AsyncConnection, subject: str) -> Counts:
        """Delete a subject's key, words and files."""
        await self._overwrite_deleted(connection)
        await self._keys.delete(connection, subject)
        bodies, files = (table.c.subject == subject for table in (BODY, FILE))
        counts = await self._count(connection, bodies, files)
        await connection.execute(delete(BODY).where(bodies))
        await connection.execute(delete(FILE).where(files))
        return counts

    async def clean_journal(self) -> None:
        """Bring deletions into the database file itself, out of SQLite's journal.

        On PostgreSQL the same is VACUUM's and the archive's business; see the runbook.
        """
        if not self._database.is_sqlite:
            return
        async with self._database.engine.connect() as connection:
            waits = await connection.scalar(text("PRAGMA busy_timeout"))
            # A long reader only postpones the cleaning to the next one.
            await connection.execute(text(f"PRAGMA busy_timeout={CLEAN_BUSY_MILLISECONDS}"))
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            await connection.execute(text(f"PRAGMA busy_timeout={waits}"))

    async def _overwrite_deleted(self, connection: AsyncConnection) -> None:
        # Otherwise SQLite leaves a deleted key readable in the free part of its page.
        if self._database.is_sqlite:
            await connection.execute(text("PRAGMA secure_delete=ON"))

    async def _count(
        self, connection: AsyncConnection, bodies: ColumnElement[bool], files: ColumnElement[bool]
    ) -> Counts:
        query = (
            select(EVENT.c.workspace, func.count().label("kept"))
            .join(BODY, BODY.c.event_id == EVENT.c.id)
            .where(bodies)
            .group_by(EVENT.c.workspace)
        )
        counted = {row.workspace: row.kept for row in await connection.execute(query)}
        query = (
            select(FILE.c.workspace, func.count().label("kept"))
            .where(files)
            .group_by(FILE.c.workspace)
        )
        attached = {row.workspace: row.kept for row in await connection.execute(query)}
        return {
            workspace: {
                "bodies": counted.get(workspace, 0),
                "files": attached.get(workspace, 0),
            }
            for workspace in counted.keys() | attached.keys()
        }
