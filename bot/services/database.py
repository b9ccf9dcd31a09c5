"""The only file that opens the database: SQLite by default, PostgreSQL for many replicas.

SQLite runs in WAL with synchronous=FULL: NORMAL gains little once commits are grouped and can
lose the last acknowledged messages when the power fails. A write takes the lock at once
(BEGIN IMMEDIATE): upgrading a read to a write fails with "database is locked" under load.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.services import migrations

BUSY_SECONDS = 30


class Database:
    """Connections for reading and for writing. Open one a process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._write_lock = asyncio.Lock()
        self._ordinary = asyncio.Lock()
        self.engine: AsyncEngine = (
            _sqlite_engine(url) if self.is_sqlite else create_async_engine(url, pool_pre_ping=True)
        )

    @classmethod
    async def open(cls, url: str) -> Database:
        """Connect, and bring the schema up to date. `url` is an SQLAlchemy async URL."""
        database = cls(url)
        await migrations.upgrade(database.engine)
        return database

    @classmethod
    async def open_home(cls, home: Path) -> Database:
        """Open the SQLite file of a state directory, making it when it is new."""
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return await cls.open(f"sqlite+aiosqlite:///{home / 'shomu.db'}")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; what it sees does not change until it is closed."""
        async with self.engine.connect() as connection:
            yield connection
            await connection.rollback()

    @asynccontextmanager
    async def write(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back when an exception passes.

        `urgent` goes before the others: a platform waits three seconds for its acknowledgement.
        """
        if not self.is_sqlite:
            async with self.engine.begin() as connection:
                yield connection
            return
        # SQLite has one writer. Waiting here is fair; waiting inside SQLite is not. The others
        # queue at a lock of their own, so an urgent write waits for one of them at most.
        queue = nullcontext() if urgent else self._ordinary
        async with queue, self._write_lock, self.engine.connect() as connection:
            await connection.execute(text("BEGIN IMMEDIATE"))
            try:
                yield connection
            except BaseException:
                await connection.rollback()
                raise
            await connection.commit()

    async def close(self) -> None:
        await self.engine.dispose()


def _sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver's own BEGIN is deferred; we begin by hand.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            # Deleted words are overwritten, whatever SQLite was built to do.
            "secure_delete=ON",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
