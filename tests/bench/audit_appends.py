"""How fast audit events are written, sealed and verified. Run by hand:

    python tests/bench/audit_appends.py [--events 100000] [--database postgresql+asyncpg://…]

Appends are compared with bare SQLite inserts of the same row, one commit each, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.messages import new_id
from bot.ports import AuditEvent
from bot.services.audit.canonical import prepare
from bot.services.audit.proof import verify_proof
from bot.services.audit.record import SqlAudit
from bot.services.database import Database

APPENDS = 4_000
IN_ONE_TRANSACTION = 2_000


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def example(n: int) -> AuditEvent:
    return AuditEvent(
        action="assistant.answer",
        workspace="main",
        platform="slack",
        actor=f"U{n % 300:05}",
        actor_role="staff",
        target="C0123456789",
        turn=new_id(),
        outcome="answered",
        details={
            "skill": "manual@1.0.0",
            "engine": "offline",
            "milliseconds": 412,
            "prompts": ["manual/answer@1.0.0+0123456789ab"],
            "sources": [
                {"document": "職員服務規程", "passage": f"{n}-{m}", "label": "2"} for m in range(3)
            ],
            "policy": {"label": "2", "zone": "local", "decision": "allow", "masks": {}},
        },
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """Events a second, and the processor time of one: the second swings less with other work."""

    rate: float
    microseconds: float

    def __str__(self) -> str:
        return f"{self.rate:9.0f} /s  {self.microseconds:7.0f} µs CPU"


class Watch:
    """Measures from its making to `pace`."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def pace(self, count: int) -> Pace:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Pace(count / wall, cpu / count * 1e6)


def bare_sqlite(folder: Path, count: int) -> Pace:
    """Inserts of the finished row with one commit each."""
    entries = [prepare(example(n), datetime.now(UTC)) for n in range(count)]
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE event (id TEXT PRIMARY KEY, canonical TEXT, leaf_hash BLOB)")
    watch = Watch()
    for entry in entries:
        connection.execute("BEGIN IMMEDIATE")
        row = (entry.id, entry.canonical, entry.leaf_hash)
        connection.execute("INSERT INTO event VALUES (?, ?, ?)", row)
        connection.execute("COMMIT")
    pace = watch.pace(count)
    connection.close()
    return pace


async def append(audit: SqlAudit, callers: int, count: int, body: str) -> Pace:
    """Events recorded by so many callers at once."""
    numbers = iter(range(count))

    async def call() -> None:
        for n in numbers:
            await audit.record(example(n), body=body, subject=f"U{n % 300}")

    watch = Watch()
    await asyncio.gather(*(call() for _ in range(callers)))
    return watch.pace(count)


async def fill(database: Database, audit: SqlAudit, count: int) -> None:
    for start in range(0, count, IN_ONE_TRANSACTION):
        async with database.write() as connection:
            for n in range(start, min(start + IN_ONE_TRANSACTION, count)):
                await audit.add(connection, example(n))


async def measure(url: str, count: int, say: Callable[[str], None]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = await (Database.open(url) if url else Database.open_home(folder))
        audit = SqlAudit.open(database, SystemClock(), folder)
        bare = bare_sqlite(folder, APPENDS)
        say(f"{'bare SQLite, one commit each':30} {bare}")
        for callers in (1, 16, 256):
            for body in ("", "夏季休暇は何日まで取れますか"):
                pace = await append(audit, callers, APPENDS, body)
                what = f"record, {callers} callers{', words' if body else ''}"
                say(f"{what:30} {pace}  rate to bare {pace.rate / bare.rate:5.2f}")
        await fill(database, audit, max(0, count - 6 * APPENDS))
        watch = Watch()
        sealed = await audit.seal()
        say(f"{'seal':30} {watch.pace(sealed.size if sealed else 1)}")
        watch = Watch()
        report = await audit.verify(seals=False)
        say(f"{'verify':30} {watch.pace(report.events)}")
        say(f"{report.events} events, {report.checkpoints} checkpoints, holds: {report.ok}")
        event_id = await audit.record(example(0))
        started = time.perf_counter()
        proof = await audit.prove(event_id)
        milliseconds = (time.perf_counter() - started) * 1000
        holds = verify_proof(proof).holds
        say(f"{'seal one and prove it':30} {milliseconds:9.1f} ms  holds: {holds}")
        await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--database", default="")
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.database, chosen.events, print))
