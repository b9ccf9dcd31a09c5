"""The audit record: what happened, written where a change shows.

An event is a row of its own; nothing in writing it depends on the row before, so writers do not
wait for each other. `AuditTree` seals the rows into a signed Merkle tree a little later. On
SQLite, events recorded at the same time share one commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import BadInput, Tampered
from bot.messages import new_id
from bot.ports import AuditEvent, Clock, Role
from bot.services.audit import checkpoints
from bot.services.audit import search as audit_search
from bot.services.audit import verify as audit_verify
from bot.services.audit.bodies import Bodies, Counts
from bot.services.audit.canonical import Entry, prepare
from bot.services.audit.checkpoints import Checkpoint, CheckpointCopy, PublicKey, Signer
from bot.services.audit.proof import Proof, make_proof
from bot.services.audit.search import Filter, Found
from bot.services.audit.tables import BODY, EVENT
from bot.services.audit.tree import AuditTree
from bot.services.audit.vault import Vault
from bot.services.audit.verify import VerifyReport
from bot.services.database import Database

# More in one commit gains little and makes the first of them wait for the last.
MOST_IN_ONE_COMMIT = 256
PAGE = 500
NOTHING = {"bodies": 0, "files": 0}

Waiting = tuple[Entry, asyncio.Future[str]]


_INSERT_NEW = sqlite_insert(EVENT).on_conflict_do_nothing()


class SqlAudit:
    """Implements `bot.ports.Audit` on SQLite and PostgreSQL."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        *,
        signer: Signer,
        known_keys: Sequence[PublicKey] = (),
        body_days: int = 365,
        checkpoint_copy: Path | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._body_days = body_days
        self._bodies = Bodies(database, vault)
        self._known = tuple(known_keys) or (signer.key,)
        copy = CheckpointCopy(checkpoint_copy) if checkpoint_copy else None
        self.tree = AuditTree(database, clock, signer, self._known, copy)
        self._waiting: list[Waiting] = []
        self._commit: asyncio.Task[None] | None = None
        self._alone = 0

    @classmethod
    def open(
        cls,
        database: Database,
        clock: Clock,
        home: Path,
        *,
        master_key: str = "",
        body_days: int = 365,
        checkpoint_copy: str = "",
    ) -> Self:
        """Join the record with the keys of a state directory, making them at first use."""
        signer = Signer.open(home)
        return cls(
            database,
            Vault.open(home, master_key),
            clock,
            signer=signer,
            known_keys=checkpoints.known_keys(home),
            body_days=body_days,
            checkpoint_copy=Path(checkpoint_copy).expanduser() if checkpoint_copy else None,
        )

    async def record(self, event: AuditEvent, *, body: str = "", subject: str = "") -> str:
        """Make the event durable and return its id; a known key returns the first one's id."""
        entry = prepare(event, self._clock.now(), body=body, subject=subject)
        if not self._database.is_sqlite:
            async with self._database.write() as connection:
                return await self._write_one(connection, entry)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, answer))
        self._start_commit()
        return await answer

    async def add(
        self, connection: AsyncConnection, event: AuditEvent, *, body: str = "", subject: str = ""
    ) -> str:
        """Write the event in the caller's transaction, so that both happen or neither."""
        entry = prepare(event, self._clock.now(), body=body, subject=subject)
        if not self._database.is_sqlite:
            return await self._write_one(connection, entry)
        return (await self._write_many(connection, [entry]))[0]

    async def body(self, event_id: str) -> str:
        """Return the words kept beside an event; empty when erased or expired.

        Raises Tampered when they are not what was stored, or the master key is another.
        """
        return await self._bodies.read(event_id)

    async def answer_body(self, turn: str, *, subject: str) -> str:
        """Return the words kept beside a turn's answer.

        Empty when erased, expired, or when the turn was not this subject's own.
        """
        query = (
            select(EVENT.c.id)
            .join(BODY, BODY.c.event_id == EVENT.c.id)
            .where(
                EVENT.c.turn == turn,
                EVENT.c.action == "assistant.answer",
                BODY.c.subject == subject,
            )
            .order_by(EVENT.c.id)
            .limit(1)
        )
        async with self._database.read() as connection:
            event_id = await connection.scalar(query)
        return await self._bodies.read(event_id) if event_id else ""

    async def seal(self) -> Checkpoint | None:
        """Seal what is not sealed yet; None when nothing is waiting. Raises Tampered."""
        return await self.tree.seal()

    async def verify(self, against: Path | None = None, *, seals: bool = True) -> VerifyReport:
        """Seal what is waiting, then recompute everything; problems are in the report.

        `against` is a file of checkpoints kept outside. Without `seals` nothing is written.
        """
        refusal = ""
        if seals:
            try:
                await self.seal()
            except Tampered as error:
                refusal = str(error)
        return await audit_verify.verify(
            self._database, self._vault, self._known, against, refusal=refusal
        )

    async def prove(self, reference: str, held: Checkpoint | None = None) -> dict[str, Any]:
        """Return a proof of an event, or of all events of a turn, as JSON values.

        With the checkpoint that someone holds, it also shows that the record still begins as it
        was then.
        `bot.services.audit.proof.verify_proof` checks it without a database.
        Raises BadInput when there is no such event, Tampered when the tree does not hold it.
        """
        found = await self._sealed(reference)
        if not found or any(row.leaf_index is None for row in found):
            await self.seal()
            found = await self._sealed(reference)
        async with self._database.read() as connection:
            tree = await self.tree.tree(connection)
            if not found or tree is None:
                raise BadInput(
                    f"no event {reference}",
                    remedy="その番号の記録はありません。受付番号か記録の ID を指定してください。",
                )
            proofs = [
                Proof(row.canonical, row.leaf_index, await tree.path(connection, row.leaf_index))
                for row in found
            ]
            since = None
            if held is not None:
                since = (held.size, await tree.consistency(connection, held.size))
        return make_proof(proofs, tree.checkpoint, self._known, since)

    async def search(
        self,
        wanted: Filter,
        *,
        role: Role = "staff",
        everywhere: bool = False,
        page: int = 1,
        size: int = 50,
    ) -> Found:
        """Find events, newest first, `size` a page.

        Raises Refused without a workspace, unless an operator or auditor asks for `everywhere`.
        """
        audit_search.authorise(wanted, role, everywhere)
        return await audit_search.search(self._database, wanted, page=page, size=size)

    async def sealed_events(
        self, wanted: Filter, *, role: Role = "staff", everywhere: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield a proof of each event found, oldest first, all under one checkpoint."""
        audit_search.authorise(wanted, role, everywhere)
        await self.seal()
        async with self._database.read() as connection:
            tree = await self.tree.tree(connection)
            last = -1
            while tree is not None:
                query = audit_search.sealed(wanted, last, tree.checkpoint.size).limit(PAGE)
                rows = (await connection.execute(query)).all()
                if not rows:
                    return
                for row in rows:
                    path = await tree.path(connection, row.leaf_index)
                    proof = Proof(row.canonical, row.leaf_index, path)
                    yield make_proof([proof], tree.checkpoint, self._known)
                last = rows[-1].leaf_index

    async def expire(self, now: datetime | None = None) -> int:
        """Delete the words and files whose time is over; how many there were."""
        moment = now or self._clock.now()
        async with self._database.write() as connection:
            counts = await self._bodies.expire(connection, moment)
            await self._add_erased(connection, counts, "", "schedule", "expired")
        if counts:
            await self._bodies.clean_journal()
        return _total(counts)

    async def erase(
        self, subject: str, *, actor: str = "", actor_role: str = "", workspace: str = ""
    ) -> int:
        """Delete all words and files of a subject, for good; how many there were.

        The events stay and stay provable. Each workspace concerned gets a `data.erase` event;
        `workspace` names the one that gets it when nothing was kept.
        """
        async with self._database.write() as connection:
            counts = await self._bodies.erase(connection, subject)
            await self._add_erased(
                connection, counts or {workspace: NOTHING}, subject, actor, "requested", actor_role
            )
        await self._bodies.clean_journal()
        return _total(counts)

    async def _add_erased(
        self,
        connection: AsyncConnection,
        counts: Counts,
        subject: str,
        actor: str,
        reason: str,
        actor_role: str = "",
    ) -> None:
        for workspace, count in sorted(counts.items()):
            event = AuditEvent(
                action="data.erase",
                workspace=workspace,
                actor=actor,
                actor_role=actor_role,
                target=subject,
                reason=reason,
                details={
                    **count,
                    "actor_type": "schedule" if reason == "expired" else "person",
                },
            )
            await self.add(connection, event)

    async def _sealed(self, reference: str) -> Sequence[Any]:
        query = (
            select(EVENT.c.canonical, EVENT.c.leaf_index)
            .where(or_(EVENT.c.id == reference, EVENT.c.turn == reference))
            .order_by(EVENT.c.id)
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).all()

    async def close(self) -> None:
        """Wait for what is being committed; call it before the database is closed."""
        while self._commit is not None:
            await asyncio.wait({self._commit})
            await asyncio.sleep(0)  # its callback may begin the next one

    def _start_commit(self) -> None:
        """Commit what is waiting, unless that is already under way."""
        if self._waiting and self._commit is None:
            batch: list[Waiting] = []
            self._commit = asyncio.create_task(self._commit_waiting(batch))
            self._commit.add_done_callback(lambda task: self._finish_commit(task, batch))

    async def _commit_waiting(self, batch: list[Waiting]) -> None:
        async with self._database.write() as connection:
            # Taken only now: whoever came while we waited for the lock shares this commit.
            most = 1 if self._alone else MOST_IN_ONE_COMMIT
            batch += self._waiting[:most]
            del self._waiting[:most]
            ids = await self._write_many(connection, [entry for entry, _ in batch])
        for (_, answer), event_id in zip(batch, ids, strict=True):
            if not answer.done():
                answer.set_result(event_id)

    def _finish_commit(self, task: asyncio.Task[None], batch: list[Waiting]) -> None:
        self._commit = None
        self._alone = max(0, self._alone - 1)
        problem = asyncio.CancelledError() if task.cancelled() else task.exception()
        if problem is not None and len(batch) > 1:
            # One entry that cannot be written must not take the others with it.
            self._waiting[:0] = batch
            self._alone = len(batch)
        elif problem is not None:
            failed = batch or self._waiting
            for _, answer in failed:
                if not answer.done():
                    answer.set_exception(problem)
            failed.clear()
        self._start_commit()

    async def _write_many(self, connection: AsyncConnection, entries: Sequence[Entry]) -> list[str]:
        """Write entries and return their ids. SQLite: the caller holds the write lock."""
        result = await connection.execute(
            _INSERT_NEW,
            [_row(entry) for entry in entries],
            execution_options={"preserve_rowcount": True},
        )
        if result.rowcount == len(entries):
            await self._store_bodies(connection, entries)
            return [entry.id for entry in entries]
        query = select(EVENT.c.key, EVENT.c.id, EVENT.c.leaf_hash).where(
            EVENT.c.key.in_([entry.key for entry in entries])
        )
        known = {row.key: row for row in (await connection.execute(query)).all()}
        # Leaves hold a random salt: a row with our leaf is the row that we wrote.
        written = [
            entry
            for entry in entries
            if entry.key in known and known[entry.key].leaf_hash == entry.leaf_hash
        ]
        await self._store_bodies(connection, written)
        ids = {key: str(row.id) for key, row in known.items()}
        for entry in entries:
            if entry.key not in ids:
                renamed = self._with_new_id(entry)
                ids[entry.key] = (await self._write_many(connection, [renamed]))[0]
        return [ids[entry.key] for entry in entries]

    async def _write_one(self, connection: AsyncConnection, entry: Entry) -> str:
        """Write one entry on PostgreSQL, where another replica may write the same key now."""
        statement = postgres_insert(EVENT).on_conflict_do_nothing().returning(EVENT.c.id)
        while await connection.scalar(statement, _row(entry)) is None:
            query = select(EVENT.c.id).where(EVENT.c.key == entry.key)
            known = await connection.scalar(query)
            if known is not None:
                return str(known)
            entry = self._with_new_id(entry)
        await self._store_bodies(connection, [entry])
        return entry.id

    def _with_new_id(self, entry: Entry) -> Entry:
        """The entry under a new id: its turn already has a request under another key."""
        event = replace(entry.event, key=entry.key)
        return prepare(
            event,
            self._clock.now(),
            body=entry.body.decode(),
            subject=entry.subject,
            event_id=new_id(),
        )

    async def _store_bodies(self, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
        now = self._clock.now()
        expires = now + timedelta(days=self._body_days)
        await self._bodies.store(connection, entries, now=now, expires=expires)


def _total(counts: Counts) -> int:
    return sum(sum(count.values()) for count in counts.values())


def _row(entry: Entry) -> dict[str, Any]:
    return {**entry.columns, "canonical": entry.canonical, "leaf_hash": entry.leaf_hash}
