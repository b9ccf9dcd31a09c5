"""Seals audit events into the Merkle tree, and reads proofs out of it.

Rows are written free of each other; one sequencer at a time numbers those that have no number
yet, adds them to the tiles and signs the new root. It looks for rows without a number, not for
ids beyond the last one: transactions do not become visible in the order of their ids.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Tampered
from bot.ports import Clock
from bot.services.audit.canonical import timestamp
from bot.services.audit.checkpoints import Checkpoint, CheckpointCopy, PublicKey, Signer
from bot.services.audit.merkle import (
    Place,
    Tiles,
    consistency_path,
    inclusion_path,
    places_for,
)
from bot.services.audit.tables import CHECKPOINT, EVENT, TILE
from bot.services.database import Database

# One transaction blocks other writers for about 0.2 s on SQLite.
BATCH = 5_000
SEQUENCER_LOCK = 7302

log = logging.getLogger("shomu.audit")


@dataclass(frozen=True, slots=True)
class Tree:
    """A checkpoint and the tiles that were loaded so far under it."""

    checkpoint: Checkpoint
    loaded: dict[Place, bytes]

    async def path(self, connection: AsyncConnection, index: int) -> list[bytes]:
        """The inclusion path of one leaf. Raises Tampered when the tiles do not hold it."""
        tiles = await self._tiles(connection, index)
        try:
            return inclusion_path(index, self.checkpoint.size, tiles.hash_of)
        except (KeyError, ValueError) as error:
            raise Tampered(f"the tree's tiles do not hold the path of event {index}") from error

    async def consistency(self, connection: AsyncConnection, old: int) -> list[bytes]:
        """The path from an earlier size to this one. Raises Tampered like `path`."""
        tiles = await self._tiles(connection, max(old - 1, 0))
        try:
            return consistency_path(old, self.checkpoint.size, tiles.hash_of)
        except (KeyError, ValueError) as error:
            raise Tampered(f"the tree's tiles do not hold a way from size {old}") from error

    async def _tiles(self, connection: AsyncConnection, index: int) -> Tiles:
        missing = places_for(self.checkpoint.size, index) - self.loaded.keys()
        if missing:
            self.loaded.update(await load_tiles(connection, missing))
        return Tiles(self.checkpoint.size, self.loaded)


class AuditTree:
    """The one who numbers and signs."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        signer: Signer,
        known: Sequence[PublicKey],
        copy: CheckpointCopy | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._known = known
        self._copy = copy
        # What is wrong with the copy outside, for the health page; empty when nothing is.
        self.copy_problem = ""

    async def seal(self) -> Checkpoint | None:
        """Seal every event that is not sealed yet; None when there is none.

        Raises Tampered instead of signing a tree that does not begin with the last one signed.
        """
        last = None
        while made := await self._seal_batch():
            last = made
        if self._copy is not None and (last or self.copy_problem):
            await self._copy_outside(self._copy)
        return last

    async def tree(self, connection: AsyncConnection) -> Tree | None:
        """The newest signed tree; None before anything is sealed."""
        checkpoint = await _newest(connection)
        return Tree(checkpoint, {}) if checkpoint else None

    async def _seal_batch(self) -> Checkpoint | None:
        unsealed = (
            select(EVENT.c.id, EVENT.c.leaf_hash)
            .where(EVENT.c.leaf_index.is_(None))
            .order_by(EVENT.c.id)
            .limit(BATCH)
        )
        async with self._database.read() as connection:
            if (await connection.execute(unsealed.limit(1))).first() is None:
                return None
        async with self._database.write() as connection:
            if not self._database.is_sqlite:
                lock = text("SELECT pg_advisory_xact_lock(:lock)")
                await connection.execute(lock, {"lock": SEQUENCER_LOCK})
            rows = (await connection.execute(unsealed)).all()
            if not rows:
                return None
            tiles = await self._edge(connection)
            numbers = [{"row": row.id, "index": tiles.size + at} for at, row in enumerate(rows)]
            tiles.append(row.leaf_hash for row in rows)
            await connection.execute(_NUMBER, numbers)
            await self._store_tiles(connection, tiles)
            checkpoint = self._signer.sign(tiles.size, tiles.root())
            await connection.execute(
                insert(CHECKPOINT).values(
                    size=checkpoint.size,
                    root=checkpoint.root,
                    note=checkpoint.note,
                    signed=timestamp(self._clock.now()),
                )
            )
        return checkpoint

    async def _edge(self, connection: AsyncConnection) -> Tiles:
        """Load the right edge, and believe it only when the last checkpoint says the same."""
        last = await _newest(connection)
        size = last.size if last else 0
        places = places_for(size)
        tiles = Tiles(size, await load_tiles(connection, places))
        beyond = select(EVENT.c.id).where(EVENT.c.leaf_index >= size).limit(1)
        problem = ""
        if (await connection.execute(beyond)).first() is not None:
            problem = "events are numbered beyond the last checkpoint"
        elif last and not last.is_signed_by(self._known):
            problem = "the last checkpoint is signed by an unknown key"
        elif last:
            try:
                problem = "" if tiles.root() == last.root else "the tree differs from its root"
            except (KeyError, ValueError):
                problem = "tiles are missing"
        if problem:
            log.error("audit_seal_refused at size %d: %s", size, problem)
            raise Tampered(f"cannot seal: {problem}")
        return tiles

    async def _store_tiles(self, connection: AsyncConnection, tiles: Tiles) -> None:
        make = sqlite_insert if self._database.is_sqlite else postgres_insert
        statement = make(TILE)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["level", "position"],
                set_={"hashes": statement.excluded.hashes},
            ),
            [
                {"level": level, "position": position, "hashes": tiles[level, position]}
                for level, position in sorted(tiles.changed)
            ],
        )

    async def _copy_outside(self, copy: CheckpointCopy) -> None:
        """Add what the copy does not hold yet; an outage is made good at the next sealing."""
        try:
            held = await asyncio.to_thread(copy.last)
            size = held.size if held else 0
            later = select(CHECKPOINT.c.note).where(CHECKPOINT.c.size > size)
            same = select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == size)
            async with self._database.read() as connection:
                notes = (await connection.scalars(later.order_by(CHECKPOINT.c.size))).all()
                here = await connection.scalar(same)
                newest = await _newest(connection)
            points = [Checkpoint.parse(note) for note in notes]
            problem = ""
            if held and held.note != here:
                # Written all the same: the file then shows both histories.
                points = points or [point for point in (newest,) if point]
                problem = (
                    f"外に保管した検証点（{size} 件）が、今の記録にありません。"
                    "verify --against で確認してください。"
                )
            if points:
                await asyncio.to_thread(copy.append, points)
        except OSError as error:
            problem = f"検証点を {copy.path} に書けません（{error.strerror}）。"
        self.copy_problem = problem
        if problem:
            log.error("audit_checkpoint_copy_failed: %s", problem)


_NUMBER = update(EVENT).where(EVENT.c.id == bindparam("row")).values(leaf_index=bindparam("index"))


async def load_tiles(connection: AsyncConnection, places: Iterable[Place]) -> dict[Place, bytes]:
    """Read tiles by (level, position); those that do not exist are left out."""
    query = select(TILE).where(tuple_(TILE.c.level, TILE.c.position).in_(list(places)))
    return {
        (found.level, found.position): found.hashes
        for found in (await connection.execute(query)).all()
    }


async def _newest(connection: AsyncConnection) -> Checkpoint | None:
    query = select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1)
    note = await connection.scalar(query)
    return Checkpoint.parse(note) if note else None
