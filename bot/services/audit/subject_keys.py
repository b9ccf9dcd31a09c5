"""The key of each subject: made at first need, deleted with the last thing it opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.services.audit.canonical import timestamp
from bot.services.audit.tables import BODY, FILE, SUBJECT_KEY
from bot.services.audit.vault import Vault
from bot.services.database import Database

MOST_AT_ONCE = 500


class SubjectKeys:
    """Reads and writes `subject_key`; what it hands out is wrapped by the master key."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def of(
        self, connection: AsyncConnection, subjects: set[str], now: datetime
    ) -> Mapping[str, bytes]:
        """The wrapped keys by subject, making those that are missing."""
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

    async def delete(self, connection: AsyncConnection, subject: str) -> None:
        await connection.execute(delete(SUBJECT_KEY).where(SUBJECT_KEY.c.subject == subject))

    async def delete_unused(self, connection: AsyncConnection, subjects: Sequence[str]) -> None:
        """Delete those of these subjects' keys that open nothing any more."""
        no_words = ~exists().where(BODY.c.subject == SUBJECT_KEY.c.subject)
        no_files = ~exists().where(FILE.c.subject == SUBJECT_KEY.c.subject)
        for start in range(0, len(subjects), MOST_AT_ONCE):
            these = SUBJECT_KEY.c.subject.in_(subjects[start : start + MOST_AT_ONCE])
            if not self._database.is_sqlite:
                # A writer that holds a key adds its words before we look for the last ones.
                await connection.execute(select(SUBJECT_KEY).where(these).with_for_update())
            await connection.execute(delete(SUBJECT_KEY).where(these, no_words, no_files))
