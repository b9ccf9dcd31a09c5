"""Small JSON values that skills keep, from the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from bot.services.database import Database


class SqlRecords:
    """Implements `bot.ports.Records`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, workspace: str, skill: str, key: str, value: Any) -> None:
        statement = text(
            "INSERT INTO record (workspace, skill, key, value, updated)"
            " VALUES (:workspace, :skill, :key, :value, :updated)"
            " ON CONFLICT (workspace, skill, key) DO UPDATE SET value = :value, updated = :updated"
        )
        values = {
            "workspace": workspace,
            "skill": skill,
            "key": key,
            "value": json.dumps(value, ensure_ascii=False),
            "updated": datetime.now(UTC).isoformat(),
        }
        async with self._database.write() as connection:
            await connection.execute(statement, values)

    async def get(self, workspace: str, skill: str, key: str) -> Any:
        statement = text(
            "SELECT value FROM record"
            " WHERE workspace = :workspace AND skill = :skill AND key = :key"
        )
        values = {"workspace": workspace, "skill": skill, "key": key}
        async with self._database.read() as connection:
            found = await connection.scalar(statement, values)
        return None if found is None else json.loads(found)

    async def drop(self, workspace: str, skill: str, key: str) -> None:
        statement = text(
            "DELETE FROM record WHERE workspace = :workspace AND skill = :skill AND key = :key"
        )
        values = {"workspace": workspace, "skill": skill, "key": key}
        async with self._database.write() as connection:
            await connection.execute(statement, values)

    async def list(self, workspace: str, skill: str, prefix: str = "") -> Mapping[str, Any]:
        # Not LIKE: a key may hold % and _.
        statement = text(
            "SELECT key, value FROM record WHERE workspace = :workspace AND skill = :skill"
            " AND substr(key, 1, :length) = :prefix ORDER BY key"
        )
        values = {
            "workspace": workspace,
            "skill": skill,
            "prefix": prefix,
            "length": len(prefix),
        }
        async with self._database.read() as connection:
            rows = await connection.execute(statement, values)
            return {row.key: json.loads(row.value) for row in rows}
