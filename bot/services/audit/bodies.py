"""The words kept beside audit events: written, read, expired and erased.

Erasing deletes the subject's key first and the rows after it. The record itself stays valid: it
holds only a digest, whose salt was encrypted with the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.services.audit.canonical import Entry, timestamp
from bot.services.audit.tables import BODY, EVENT, SUBJECT_KEY
from bot.services.audit.vault import Vault
from bot.services.database import Database

CLEAN_BUSY_MILLISECONDS = 1_000
MOST_AT_ONCE = 500


class Bodies:
    """Reads and writes `audit_body` and `subject_key`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

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
        keys = await self._keys(connection, {entry.subject for entry in worded}, now)
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

    async def expire(self, connection: AsyncConnection, now: datetime) -> Mapping[str, int]:
        """Delete words past their date, and keys that open nothing. Count by workspace."""
        await self._overwrite_deleted(connection)
        condition = BODY.c.expires <= timestamp(now)
        counts = await self._count(connection, condition)
        gone = select(BODY.c.subject).where(condition).distinct().order_by(BODY.c.subject)
        subjects = (await connection.scalars(gone)).all()
        await connection.execute(delete(BODY).where(condition))
        unused = ~exists().where(BODY.c.subject == SUBJECT_KEY.c.subject)
        for start in range(0, len(subjects), MOST_AT_ONCE):
            these = SUBJECT_KEY.c.subject.in_(subjects[start : start + MOST_AT_ONCE])
            if not self._database.is_sqlite:
                # A writer that holds a key adds its words before we look for the last ones.
                await connection.execute(select(SUBJECT_KEY).where(these).with_for_update())
            await connection.execute(delete(SUBJECT_KEY).where(these, unused))
        return counts

    async def erase(self, connection: AsyncConnection, subject: str) -> Mapping[str, int]:
        """Delete a subject's key and words. Count by workspace."""
        await self._overwrite_deleted(connection)
        await connection.execute(delete(SUBJECT_KEY).where(SUBJECT_KEY.c.subject == subject))
        condition = BODY.c.subject == subject
        counts = await self._count(connection, condition)
        await connection.execute(delete(BODY).where(condition))
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
        self, connection: AsyncConnection, condition: ColumnElement[bool]
    ) -> Mapping[str, int]:
        query = (
            select(EVENT.c.workspace, func.count().label("bodies"))
            .join(BODY, BODY.c.event_id == EVENT.c.id)
            .where(condition)
            .group_by(EVENT.c.workspace)
        )
        rows = (await connection.execute(query)).all()
        return {row.workspace: row.bodies for row in rows}

    async def _keys(
        self, connection: AsyncConnection, subjects: set[str], now: datetime
    ) -> Mapping[str, bytes]:
        query = select(SUBJECT_KEY.c.subject, SUBJECT_KEY.c.wrapped).where(
            SUBJECT_KEY.c.subject.in_(sorted(subjects))
        )
        if not self._database.is_sqlite:
            # Erasing waits until these words are committed, and then deletes them as well.
            query = query.with_for_update(read=True)
        rows = (await connection.execute(query)).all()
        keys = {row.subject: row.wrapped for row in rows}
        missing = sorted(subjects - keys.keys())
        if missing:
            make = sqlite_insert if self._database.is_sqlite else postgres_insert
            await connection.execute(
                make(SUBJECT_KEY).on_conflict_do_nothing(),
                [
                    {
                        "subject": subject,
                        "wrapped": self._vault.new_key(subject),
                        "created": timestamp(now),
                    }
                    for subject in missing
                ],
            )
            rows = (await connection.execute(query)).all()
            keys = {row.subject: row.wrapped for row in rows}
        return keys
