"""Whether the server can do its work: database, index, inbox.

For the machine that watches the server: states and counts only, no names and no words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from bot.errors import ShomuError
from bot.services.database import Database
from bot.web.visit import Visit

# Returns what to show; raises ShomuError, SQLAlchemyError or OSError when the part does not work.
Check = Callable[[], Awaitable[Mapping[str, int | str]]]


class HealthPage:
    """Answers /healthz: 200 when every part works, else 503."""

    def __init__(self, database: Database, checks: Mapping[str, Check]) -> None:
        self._database = database
        self._checks: dict[str, Check] = {"database": self._query, **checks}

    async def show(self, visit: Visit) -> Response:
        parts: dict[str, object] = {}
        is_well = True
        for name, check in self._checks.items():
            try:
                parts[name] = {"ok": True, **await check()}
            except (ShomuError, SQLAlchemyError, OSError) as error:
                is_well = False
                problem = error.code if isinstance(error, ShomuError) else type(error).__name__
                parts[name] = {"ok": False, "problem": problem}
        return JSONResponse({"ok": is_well, **parts}, 200 if is_well else 503)

    async def _query(self) -> Mapping[str, int | str]:
        async with self._database.read() as connection:
            await connection.execute(text("SELECT 1"))
        return {}
