"""Brings the schema up to date. The only file that imports alembic.

Importing alembic costs 0.4 s, so a database that is already at the newest revision is recognised
by one query, and alembic is loaded only when there is work.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine

FOLDER = Path(__file__).parents[2] / "infra" / "migrations"


def newest_revision() -> str:
    """The revision a fresh database gets: migration files are named 0001_….py, 0002_….py."""
    return max(path.name for path in (FOLDER / "versions").glob("[0-9]*.py")).split("_")[0]


async def upgrade(engine: AsyncEngine) -> None:
    """Run the migrations that this database has not seen."""
    if await _revision(engine) == newest_revision():
        return
    async with engine.connect() as connection:
        await connection.run_sync(_upgrade)
        await connection.commit()


async def _revision(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        try:
            found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        except DatabaseError:  # no table: nothing has run yet
            return ""
        finally:
            await connection.rollback()
    return str(found or "")


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        # Replicas that start together must not both create the tables.
        connection.execute(text("SELECT pg_advisory_xact_lock(7301)"))
    else:
        connection.execute(text("BEGIN IMMEDIATE"))
    command.upgrade(config, "head")
