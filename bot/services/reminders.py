"""Reminders: what is due moves into the inbox, and from there is worked on like any message."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from bot.messages import Reminder, new_id
from bot.services.database import Database
from bot.services.inbox import INSERT

DUE = (
    "SELECT workspace, skill, key, due, content FROM reminder WHERE due <= :now"
    " ORDER BY due LIMIT 100{lock}"
)


class SqlReminders:
    """Implements `bot.ports.Reminders`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        lock = "" if database.is_sqlite else " FOR UPDATE SKIP LOCKED"
        self._due = text(DUE.format(lock=lock))

    async def put(self, reminder: Reminder) -> None:
        statement = text(
            "INSERT INTO reminder (workspace, skill, key, due, content)"
            " VALUES (:workspace, :skill, :key, :due, :content)"
            " ON CONFLICT (workspace, skill, key) DO UPDATE SET due = :due, content = :content"
        )
        values = {
            "workspace": reminder.workspace,
            "skill": reminder.skill,
            "key": reminder.key,
            "due": _moment(reminder.due),
            "content": reminder.dump(),
        }
        async with self._database.write() as connection:
            await connection.execute(statement, values)

    async def drop(self, workspace: str, skill: str, key: str) -> bool:
        statement = text(
            "DELETE FROM reminder WHERE workspace = :workspace AND skill = :skill AND key = :key"
        )
        values = {"workspace": workspace, "skill": skill, "key": key}
        async with self._database.write() as connection:
            return (await connection.execute(statement, values)).rowcount == 1

    async def release(self, now: datetime) -> int:
        released = 0
        while moved := await self._move(now):
            released += moved
        return released

    async def _move(self, now: datetime) -> int:
        """Move some of what is due in one transaction: a kill leaves each in one place."""
        delete = text(
            "DELETE FROM reminder"
            " WHERE workspace = :workspace AND skill = :skill AND key = :key AND due = :due"
        )
        received = datetime.now(UTC).isoformat()
        async with self._database.write() as connection:
            rows = (await connection.execute(self._due, {"now": _moment(now)})).all()
            for row in rows:
                reminder = Reminder.load(row.content)
                delivery = {
                    "identity": reminder.identity,
                    "platform": reminder.place.platform,
                    "turn": new_id(),
                    "payload": row.content,
                    "received": received,
                }
                await connection.execute(INSERT, delivery)
                key = {"workspace": row.workspace, "skill": row.skill, "key": row.key}
                await connection.execute(delete, {**key, "due": row.due})
        return len(rows)


def _moment(moment: datetime) -> str:
    """ISO 8601 of one width: with and without a fraction, texts would not order as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
