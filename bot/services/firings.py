"""Which firings of the schedule have been claimed, so that each runs once."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from bot.services.database import Database


class Firings:
    """One row for each firing of each job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, key: str) -> bool:
        """True for the one caller that may run this firing."""
        statement = text(
            "INSERT INTO firing (key, started, finished, outcome)"
            " VALUES (:key, :started, '', '') ON CONFLICT (key) DO NOTHING"
        )
        values = {"key": key, "started": datetime.now(UTC).isoformat()}
        async with self._database.write() as connection:
            return (await connection.execute(statement, values)).rowcount == 1

    async def forget(self, before: datetime) -> int:
        """Drop firings that no clock asks about any more."""
        statement = text("DELETE FROM firing WHERE started < :before")
        async with self._database.write() as connection:
            values = {"before": before.isoformat()}
            return (await connection.execute(statement, values)).rowcount

    async def finish(self, key: str, outcome: str) -> None:
        statement = text(
            "UPDATE firing SET finished = :finished, outcome = :outcome WHERE key = :key"
        )
        values = {"key": key, "finished": datetime.now(UTC).isoformat(), "outcome": outcome}
        async with self._database.write() as connection:
            await connection.execute(statement, values)
