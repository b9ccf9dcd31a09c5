"""The inbox: what was acknowledged stays here until it is answered.

One lease table with the same SQL on SQLite and PostgreSQL. A worker leases a row, renews the
lease while it works, and the attempt number fences off a worker that has lost it. Deliveries that
arrive together are committed together: one disk flush for all of them.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, text

from bot.messages import new_id
from bot.ports import Delivery
from bot.services.database import Database

LEASE_SECONDS = 15.0
# Half an hour in all: longer than most outages of a platform.
MOST_ATTEMPTS = 12
MOST_TOGETHER = 256

INSERT = text(
    "INSERT INTO inbox (identity, platform, turn, payload, state, attempt, lease_until,"
    " lease_owner, posted, problem, received, finished)"
    " VALUES (:identity, :platform, :turn, :payload, 'waiting', 0, 0, '', '', '', :received, '')"
    " ON CONFLICT (identity) DO NOTHING"
)
KEPT = text("SELECT turn FROM inbox WHERE turn IN :turns").bindparams(
    bindparam("turns", expanding=True)
)
CLAIM = (
    "UPDATE inbox SET state = 'leased', attempt = attempt + 1, lease_until = :until,"
    " lease_owner = :owner WHERE identity = (SELECT identity FROM inbox"
    " WHERE state IN ('waiting', 'leased') AND lease_until < :now"
    " ORDER BY turn LIMIT 1{lock}) RETURNING identity, platform, payload, turn, attempt, posted"
)


class SqlInbox:
    """Implements `bot.ports.Inbox`, and hands out work to workers."""

    def __init__(self, database: Database, owner: str = "") -> None:
        self._database = database
        self._owner = owner or new_id()
        lock = "" if database.is_sqlite else " FOR UPDATE SKIP LOCKED"
        self._claim = text(CLAIM.format(lock=lock))
        self._arrived: list[tuple[Delivery, asyncio.Future[bool]]] = []
        self._committer: asyncio.Task[None] | None = None
        self.wake = asyncio.Event()

    async def accept(self, delivery: Delivery) -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._arrived.append((delivery, done))
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit())
        return await done

    async def _commit(self) -> None:
        """Commit what has arrived until nothing is left; others arrive while one flush runs."""
        while self._arrived:
            batch, self._arrived = self._arrived[:MOST_TOGETHER], self._arrived[MOST_TOGETHER:]
            try:
                fresh = await self._insert([delivery for delivery, _ in batch])
            except Exception as error:  # nobody may wait for an answer that never comes
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), is_new in zip(batch, fresh, strict=True):
                if not done.done():
                    done.set_result(is_new)
            self.wake.set()

    async def _insert(self, deliveries: list[Delivery]) -> list[bool]:
        received = datetime.now(UTC).isoformat()
        rows = [
            {
                "identity": delivery.identity,
                "platform": delivery.platform,
                "turn": new_id(),
                "payload": delivery.payload,
                "received": received,
            }
            for delivery in deliveries
        ]
        turns = [row["turn"] for row in rows]
        async with self._database.write(urgent=True) as connection:
            # All rows in one call: each call costs more than a row does.
            done = await connection.execute(INSERT, rows)
            if done.rowcount == len(rows):
                return [True] * len(rows)
            # Some were known, or the driver does not count: a row that is ours has our turn.
            found = await connection.scalars(KEPT, {"turns": turns})
            kept = set(found)
        return [turn in kept for turn in turns]

    @property
    def is_arriving(self) -> bool:
        """Whether deliveries wait to be committed: they come before what is already safe."""
        return bool(self._arrived)

    async def claim(self) -> Delivery | None:
        """Lease the oldest delivery that nobody works on; None when there is none."""
        now = time.time()
        values = {"now": now, "until": now + LEASE_SECONDS, "owner": self._owner}
        async with self._database.write() as connection:
            row = (await connection.execute(self._claim, values)).first()
        if row is None:
            return None
        return Delivery(row.platform, row.identity, row.payload, row.turn, row.attempt, row.posted)

    async def renew(self, delivery: Delivery) -> bool:
        """Keep the lease. False when another worker has taken it over."""
        return await self._change(
            delivery, "lease_until = :until", until=time.time() + LEASE_SECONDS
        )

    async def done(self, delivery: Delivery) -> bool:
        """Finish: the words go, the identity stays to stop replays."""
        return await self._change(
            delivery,
            "state = 'done', payload = '', finished = :finished",
            finished=datetime.now(UTC).isoformat(),
        )

    async def failed(self, delivery: Delivery, problem: str) -> bool:
        """Give back for another attempt, later each time. True when attempts are used up."""
        if delivery.attempt >= MOST_ATTEMPTS:
            await self._change(delivery, "state = 'failed', problem = :problem", problem=problem)
            return True
        await self._change(
            delivery,
            "state = 'waiting', lease_until = :until, problem = :problem",
            until=time.time() + _wait_seconds(delivery.attempt),
            problem=problem,
        )
        return False

    async def _change(self, delivery: Delivery, change: str, **values: object) -> bool:
        statement = text(
            f"UPDATE inbox SET {change} WHERE identity = :identity AND attempt = :attempt"  # noqa: S608  # `change` is ours
            " AND state = 'leased'"
        )
        values |= {"identity": delivery.identity, "attempt": delivery.attempt}
        async with self._database.write() as connection:
            return (await connection.execute(statement, values)).rowcount == 1

    async def remember(self, turn: str, posted: str) -> None:
        statement = text("UPDATE inbox SET posted = :posted WHERE turn = :turn")
        async with self._database.write() as connection:
            await connection.execute(statement, {"posted": posted, "turn": turn})

    async def withdraw(self, identity: str) -> bool:
        statement = text(
            "UPDATE inbox SET state = 'withdrawn', payload = '' WHERE identity = :identity"
            # What was begun has a placeholder and an open record: its worker must end it.
            " AND state = 'waiting' AND attempt = 0"
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement, {"identity": identity})).rowcount == 1

    async def close(self) -> None:
        """Wait for what is being committed; call it before the database is closed."""
        if self._committer is not None:
            await asyncio.wait({self._committer})

    async def backlog(self) -> dict[str, int]:
        """How many deliveries wait, are worked on, or have failed."""
        statement = text(
            "SELECT state, count(*) AS n FROM inbox"
            " WHERE state IN ('waiting', 'leased', 'failed') GROUP BY state"
        )
        async with self._database.read() as connection:
            counted = {row.state: row.n for row in await connection.execute(statement)}
        return {state: counted.get(state, 0) for state in ("waiting", "leased", "failed")}

    async def last_received(self, platform: str) -> datetime | None:
        """When the newest delivery of a platform arrived; None when there is none."""
        statement = text("SELECT max(received) FROM inbox WHERE platform = :platform")
        async with self._database.read() as connection:
            found = await connection.scalar(statement, {"platform": platform})
        return datetime.fromisoformat(found) if found else None

    async def retry_failed(self) -> int:
        """Put failed deliveries back to be tried again; how many."""
        statement = text(
            # Not from 0: the next attempt must look for what was posted already.
            "UPDATE inbox SET state = 'waiting', attempt = 1, lease_until = 0"
            " WHERE state = 'failed'"
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount

    async def forget(self, before: datetime) -> int:
        """Drop identities older than any platform redelivers; at least a day.

        Failed deliveries of that age keep their identity and lose their words.
        """
        before = min(before, datetime.now(UTC) - timedelta(days=1))
        emptied = text(
            "UPDATE inbox SET payload = '', state = 'withdrawn'"
            " WHERE state = 'failed' AND received < :before"
        )
        statement = text(
            "DELETE FROM inbox WHERE state IN ('done', 'withdrawn') AND received < :before"
        )
        moment = {"before": before.isoformat()}
        async with self._database.write() as connection:
            forgotten = (await connection.execute(statement, moment)).rowcount
            await connection.execute(emptied, moment)
        return forgotten


def _wait_seconds(attempt: int) -> float:
    """How long to leave a delivery alone after this attempt failed: 2, 4, 8 s… at most 5 min."""
    return min(2.0**attempt, 300.0)
