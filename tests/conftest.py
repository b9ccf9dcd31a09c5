"""What tests of the database share: SQLite always, PostgreSQL when there is one to reach."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from bot.services.database import Database

POSTGRES = "TEST_POSTGRES_URL"


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        opened = await Database.open_home(tmp_path / "home")
    else:
        url = os.environ.get(POSTGRES, "")
        if not url:
            pytest.skip(f"{POSTGRES} is not set: infra/test.sh starts PostgreSQL and sets it")
        emptied = Database(url)
        async with emptied.write() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
        await emptied.close()
        opened = await Database.open(url)
    yield opened
    await opened.close()
