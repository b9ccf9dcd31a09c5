"""What the audit pages read besides a search: one event, one reference number, words, seals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlmodel import col

from bot.messages import new_id
from bot.services.audit.search import EXACT, Filter, Line
from bot.services.database import Database
from bot.services.tables import AuditBodyRow, AuditRow, CheckpointRow, PromptRow

MOST_RELATED = 500
# An abbreviated reference number must be long enough not to mean half the record.
SHORTEST_NUMBER = 4
LATEST = 2_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """The last checkpoint: how many events it covers and when it was signed."""

    size: int
    signed: str


@dataclass(frozen=True, slots=True)
class Whole:
    """One event with everything that is known about it."""

    line: Line
    canonical: str
    leaf_hash: str
    has_words: bool
    related: int


class AuditReader:
    """Reads the audit tables; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def event(self, event_id: str) -> Whole | None:
        words = exists().where(col(AuditBodyRow.event_id) == col(AuditRow.id))
        query = select(
            col(AuditRow.canonical),
            col(AuditRow.leaf_index),
            col(AuditRow.leaf_hash),
            words.label("has_words"),
        ).where(col(AuditRow.id) == event_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        line = Line.parse(row.canonical, row.leaf_index)
        related = len(await self.by_number(line.turn, Filter())) if line.turn else 0
        return Whole(line, row.canonical, row.leaf_hash.hex(), bool(row.has_words), related)

    async def by_number(self, number: str, wanted: Filter) -> Sequence[Line]:
        """Events of a reference number or record id, or of a part of it; newest first."""
        number = number.strip(" 　…").lower()
        if len(number) < SHORTEST_NUMBER:
            return ()
        turn, event_id = col(AuditRow.turn), col(AuditRow.id)
        # A whole number is looked up; only a part of one makes the database read every row.
        is_whole = len(number) == len(new_id())
        fits = [
            column == number if is_whole else column.contains(number, autoescape=True)
            for column in (turn, event_id)
        ]
        query = (
            select(col(AuditRow.canonical), col(AuditRow.leaf_index))
            .where(or_(*fits))
            .order_by(col(AuditRow.occurred).desc(), col(AuditRow.id).desc())
            .limit(MOST_RELATED)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        lines = (Line.parse(row.canonical, row.leaf_index) for row in rows)
        return [line for line in lines if _fits(line, wanted)]

    async def recent_values(self) -> tuple[Sequence[str], Sequence[str]]:
        """The skills and engines of the latest events: what a filter may usefully offer."""
        latest = (
            select(col(AuditRow.skill), col(AuditRow.engine))
            .order_by(col(AuditRow.id).desc())
            .limit(LATEST)
        ).subquery()
        async with self._database.read() as connection:
            rows = (await connection.execute(select(latest).distinct())).all()
        return (
            sorted({row.skill for row in rows if row.skill}),
            sorted({row.engine for row in rows if row.engine}),
        )

    async def last_seal(self) -> Sealed | None:
        query = (
            select(col(CheckpointRow.size), col(CheckpointRow.signed))
            .order_by(col(CheckpointRow.size).desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return Sealed(row.size, row.signed) if row else None

    async def prompt(self, digest: str) -> Mapping[str, str] | None:
        """The exact words behind a digest, or behind its first twelve digits as events show it."""
        if len(digest) < 12 or not digest.isalnum():
            return None
        query = (
            select(
                col(PromptRow.digest),
                col(PromptRow.name),
                col(PromptRow.version),
                col(PromptRow.text),
                col(PromptRow.first_used),
            )
            .where(col(PromptRow.digest).startswith(digest, autoescape=True))
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return dict(row._mapping) if row else None


def _fits(line: Line, wanted: Filter) -> bool:
    occurred = datetime.fromisoformat(line.occurred)
    return (
        all(getattr(wanted, name) in ("", getattr(line, name)) for name in EXACT)
        and (wanted.since is None or occurred >= wanted.since)
        and (wanted.until is None or occurred < wanted.until)
    )
