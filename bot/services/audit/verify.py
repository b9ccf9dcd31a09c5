"""Checks the whole audit record in one pass, and says what holds and what does not.

Every leaf is computed again from its text and compared with the tree; the roots at every
checkpoint are computed again from the leaves. Where a row is missing or changed the pass goes on
with the hash that the tree holds, so that one edit is reported as one edit.

Nothing here needs a snapshot of the database: rows below the last checkpoint never change.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import BadInput, Tampered
from bot.services.audit.canonical import COLUMNS, columns_of
from bot.services.audit.checkpoints import Checkpoint, CheckpointCopy, PublicKey
from bot.services.audit.merkle import (
    HASH_BYTES,
    TILE_BITS,
    TILE_WIDTH,
    Frontier,
    Tiles,
    leaf_hash,
)
from bot.services.audit.tables import BODY, CHECKPOINT, EVENT, SUBJECT_KEY
from bot.services.audit.tree import load_tiles
from bot.services.audit.vault import Vault, body_digest
from bot.services.database import Database

# Rows read at a time: the pass shares the process with people who wait for answers.
CHUNK = TILE_WIDTH
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What holds, what is broken and what is only worth knowing, in sentences."""

    holds: tuple[str, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    events: int
    checkpoints: int
    unsealed: int
    broken_ids: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def lines(self) -> tuple[str, ...]:
        """The report as people read it."""
        verdict = (
            "監査記録は改ざんされていません。" if self.ok else "監査記録に問題が見つかりました。"
        )
        return (
            verdict,
            *(f"× {line}" for line in self.problems),
            *(f"○ {line}" for line in self.holds),
            *(f"・ {line}" for line in self.notes),
        )


@dataclass(slots=True)
class Findings:
    """What a pass has found so far."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # Place in the tree → (id, the leaf its text has, the leaf the tree has).
    changed: dict[int, tuple[str, bytes, bytes]] = field(default_factory=dict)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    relabelled: list[str] = field(default_factory=list)
    bodies_broken: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    bodies: int = 0
    bodies_gone: int = 0
    events: int = 0


async def verify(
    database: Database,
    vault: Vault,
    known: Sequence[PublicKey],
    against: Path | None = None,
    *,
    refusal: str = "",
) -> VerifyReport:
    """Check rows, tree, checkpoints, words, and the copy outside when there is one.

    `refusal` is why the record could not be sealed just before, if it could not.
    """
    findings = Findings()
    if refusal:
        findings.problems.append(
            "署名済みの検証点と今の記録が食い違うため、新しい記録を封印できません。"
        )
    # Read before the database: what is outside by then must be inside as well.
    outside = await _read_copy(against, findings) if against else []
    async with database.read() as connection:
        query = select(CHECKPOINT).order_by(CHECKPOINT.c.size)
        rows = (await connection.execute(query)).all()
        inside = _check_checkpoints(rows, known, findings)
        size = inside[-1].size if inside else 0
        wanted = {point.size for point in (*inside, *outside)}
        roots = await _pass(connection, vault, size, wanted, findings)
        unsealed = await _check_unnumbered(connection, vault, findings)
    _check_roots(inside, roots, findings)
    if against:
        _check_outside(inside, outside, known, roots, findings)
    _describe_rows(findings)
    if unsealed:
        findings.notes.append(
            f"まだ封印していない記録が {unsealed} 件あります。封印すると次の検証に含まれます。"
        )
    broken = [entry[0] for entry in findings.changed.values()]
    broken += findings.relabelled + findings.bodies_broken + findings.strays
    return VerifyReport(
        holds=_holds(findings, inside, outside) if not findings.problems else (),
        problems=tuple(findings.problems),
        notes=tuple(findings.notes),
        events=findings.events,
        checkpoints=len(inside),
        unsealed=unsealed,
        broken_ids=tuple(dict.fromkeys(broken)),
    )


async def _pass(
    connection: AsyncConnection,
    vault: Vault,
    size: int,
    wanted: set[int],
    findings: Findings,
) -> Mapping[int, bytes]:
    """Read all sealed rows in order; return the root at each wanted size."""
    frontier, tiles = Frontier(), Tiles()
    roots = {0: frontier.root()}
    stored: bytes = b""
    for start in range(0, size, CHUNK):
        end = min(start + CHUNK, size)
        rows = await _rows(connection, start, end)
        by_index = {row.leaf_index: row for row in rows}
        stored = await _leaves(connection, start, end, findings)
        leaves = []
        for index in range(start, end):
            at = (index - start) * HASH_BYTES
            leaf = _check_leaf(index, by_index.get(index), stored[at : at + HASH_BYTES], findings)
            leaves.append(leaf)
            frontier.append(leaf)
            if frontier.size in wanted:
                roots[frontier.size] = frontier.root()
        tiles.append(leaves)
        for row in rows:
            _check_row(row, vault, findings)
    await _check_upper_tiles(connection, tiles, findings)
    return roots


def _query() -> Select[*tuple[Any, ...]]:
    """Rows with their words and the key of these: read at once, so that none goes between."""
    return (
        select(
            *(EVENT.c[name] for name in COLUMNS),
            EVENT.c.canonical,
            EVENT.c.leaf_hash,
            EVENT.c.leaf_index,
            BODY.c.subject,
            BODY.c.sealed,
            SUBJECT_KEY.c.wrapped,
        )
        .outerjoin(BODY, BODY.c.event_id == EVENT.c.id)
        .outerjoin(SUBJECT_KEY, SUBJECT_KEY.c.subject == BODY.c.subject)
    )


async def _rows(connection: AsyncConnection, start: int, end: int) -> Sequence[Row[Any]]:
    index = EVENT.c.leaf_index
    query = _query().where(index >= start, index < end).order_by(index)
    return (await connection.execute(query)).all()


async def _leaves(connection: AsyncConnection, start: int, end: int, findings: Findings) -> bytes:
    """The leaves that the tree holds for a chunk; zeros where it holds none."""
    places = [(0, position) for position in range(start >> TILE_BITS, -(-end >> TILE_BITS))]
    loaded = await load_tiles(connection, places)
    leaves = b""
    for place in places:
        width = min(TILE_WIDTH, end - (place[1] << TILE_BITS)) * HASH_BYTES
        held = loaded.get(place, b"")[:width]
        if len(held) < width:
            findings.problems.append(
                f"木の葉の控え（{place[1] << TILE_BITS} 番から）が欠けています。"
            )
        leaves += held.ljust(width, b"\0")
    return leaves


def _check_leaf(index: int, row: Row[Any] | None, stored: bytes, findings: Findings) -> bytes:
    """Compare a row with the tree, and return the leaf to go on with."""
    if row is None:
        if findings.gaps and findings.gaps[-1][1] == index - 1:
            findings.gaps[-1] = (findings.gaps[-1][0], index)
        else:
            findings.gaps.append((index, index))
        return stored
    findings.events += 1
    leaf = leaf_hash(row.canonical.encode())
    if leaf != stored:
        findings.changed[index] = (row.id, leaf, stored)
        return stored if any(stored) else leaf
    return leaf


def _check_row(row: Row[Any], vault: Vault, findings: Findings) -> None:
    """Compare a row's columns and words with its text."""
    try:
        fields = json.loads(row.canonical)
    except ValueError:
        fields = None
    held = {name: getattr(row, name) for name in COLUMNS}
    if (
        not isinstance(fields, dict)
        or columns_of(fields) != held
        or leaf_hash(row.canonical.encode()) != row.leaf_hash
    ):
        findings.relabelled.append(row.id)
        return
    digest = fields.get("body_digest", "")
    if row.sealed is None:
        findings.bodies_gone += bool(digest)
        return
    findings.bodies += 1
    try:
        salt, body = vault.unseal(row.wrapped or b"", row.subject, row.id, row.sealed)
    except Tampered:
        findings.bodies_broken.append(row.id)
        return
    if body_digest(salt, body) != digest:
        findings.bodies_broken.append(row.id)


async def _check_unnumbered(connection: AsyncConnection, vault: Vault, findings: Findings) -> int:
    """Check the rows that wait for sealing, and look for rows numbered outside the tree."""
    index = EVENT.c.leaf_index
    # The size again: rows may have been sealed since the pass began.
    size = await connection.scalar(select(func.max(CHECKPOINT.c.size))) or 0
    beyond = select(EVENT.c.id).where((index >= size) | (index < 0)).order_by(EVENT.c.id)
    findings.strays += (await connection.scalars(beyond)).all()
    count = 0
    last: str = ""
    while True:
        query = _query().where(index.is_(None), EVENT.c.id > last)
        rows = (await connection.execute(query.order_by(EVENT.c.id).limit(CHUNK))).all()
        if not rows:
            return count
        for row in rows:
            _check_row(row, vault, findings)
        count, last = count + len(rows), rows[-1].id


async def _check_upper_tiles(connection: AsyncConnection, tiles: Tiles, findings: Findings) -> None:
    """Compare the inner levels of the stored tree with what the leaves make."""
    for place in sorted(place for place in tiles.places() if place[0]):
        stored = (await load_tiles(connection, [place])).get(place, b"")
        if not stored.startswith(tiles[place]):
            findings.problems.append(
                f"木の途中の控え（{place[0]} 段目の {place[1]}）が、記録から計算した値と違います。"
            )


def _check_checkpoints(
    rows: Sequence[Row[Any]], known: Sequence[PublicKey], findings: Findings
) -> list[Checkpoint]:
    """Check that the rows say what their notes say, and that our key signed the notes."""
    points = []
    for row in rows:
        try:
            point = Checkpoint.parse(row.note)
        except BadInput:
            findings.problems.append(f"検証点（{row.size} 件）が読めません。")
            continue
        if (point.size, point.root) != (row.size, row.root):
            findings.problems.append(f"検証点（{row.size} 件）の行が、署名された内容と違います。")
        if not point.is_signed_by(known):
            findings.problems.append(
                f"検証点（{row.size} 件）の署名が、手元の公開鍵では確かめられません。"
            )
        points.append(point)
    return sorted(points, key=lambda point: point.size)


def _check_roots(
    inside: Sequence[Checkpoint], roots: Mapping[int, bytes], findings: Findings
) -> None:
    wrong = [point.size for point in inside if roots.get(point.size) != point.root]
    if not wrong:
        return
    before = max((p.size for p in inside if p.size < wrong[0]), default=0)
    findings.problems.append(
        f"{before} 番から {wrong[0] - 1} 番までの記録が、署名された検証点（{wrong[0]} 件）と"
        f"一致しません（一致しない検証点は {len(wrong)} 個）。"
    )


async def _read_copy(path: Path, findings: Findings) -> list[Checkpoint]:
    try:
        points, unreadable = await asyncio.to_thread(CheckpointCopy(path).read)
    except OSError as error:
        findings.problems.append(f"外に保管した検証点 {path} を読めません（{error.strerror}）。")
        return []
    if unreadable:
        findings.notes.append(f"外に保管した検証点のうち {unreadable} 個は途中で切れています。")
    if not points:
        findings.problems.append(f"{path} に検証点がありません。")
    return points


def _check_outside(
    inside: Sequence[Checkpoint],
    outside: Sequence[Checkpoint],
    known: Sequence[PublicKey],
    roots: Mapping[int, bytes],
    findings: Findings,
) -> None:
    """Compare with the checkpoints that nobody could reach from the database."""
    unsigned = [point.size for point in outside if not point.is_signed_by(known)]
    if unsigned:
        findings.problems.append(
            f"外に保管した検証点 {len(unsigned)} 個（{_some(unsigned)} 件のもの）の署名が、"
            "手元の公開鍵では確かめられません。鍵が替えられたおそれがあります。"
        )
    size = inside[-1].size if inside else 0
    longest = max((point.size for point in outside), default=0)
    if longest > size:
        findings.problems.append(
            f"外に保管した検証点では {longest} 件あった記録が {size} 件しかありません。"
            "末尾が切り取られています。"
        )
    wrong = sorted({p.size for p in outside if p.size <= size and roots.get(p.size) != p.root})
    if wrong:
        findings.problems.append(
            f"外に保管した検証点（{_some(wrong)} 件）と記録が一致しません。"
            "記録が書き換えられています。"
        )
    missing = sorted({p.size for p in outside if p.size < size} - {p.size for p in inside})
    if missing:
        findings.problems.append(
            f"外に保管した検証点（{_some(missing)} 件）が、記録の中から消されています。"
        )


def _describe_rows(findings: Findings) -> None:
    """Turn what was found about rows into sentences."""
    for first, last in findings.gaps:
        span = f"{first} 番" if first == last else f"{first} 番から {last} 番まで"
        findings.problems.append(f"{span}の記録 {last - first + 1} 件が削除されています。")
    stored = {tree for _, _, tree in findings.changed.values()}
    moved = {at: row for at, row in findings.changed.items() if row[1] in stored}
    edited = [row[0] for at, row in findings.changed.items() if at not in moved]
    if moved:
        named = _some([row[0] for row in moved.values()])
        findings.problems.append(f"次の記録の順番が入れ替えられています: {named}")
    for ids, what in (
        (edited, "次の記録の内容が封印した後に書き換えられています"),
        (findings.relabelled, "次の記録の検索用の項目が記録の本体と違います"),
        (findings.bodies_broken, "次の記録の本文が記録したときのものではありません"),
        (findings.strays, "次の記録の番号が検証点の範囲の外にあります"),
    ):
        if ids:
            findings.problems.append(f"{what}: {_some(ids)}")


def _holds(
    findings: Findings, inside: Sequence[Checkpoint], outside: Sequence[Checkpoint]
) -> tuple[str, ...]:
    lines = [
        f"封印済みの記録 {findings.events} 件は、欠けも書き換えも入れ替えもありません。",
        f"検証点 {len(inside)} 個の署名と値は、すべて記録と一致します。",
    ]
    if findings.bodies or findings.bodies_gone:
        lines.append(
            f"残っている本文 {findings.bodies} 件は記録したときのままです"
            f"（期限または請求で消去済み {findings.bodies_gone} 件）。"
        )
    if outside:
        lines.append(f"外に保管した検証点 {len(outside)} 個とも一致します。")
    return tuple(lines)


def _some(items: Sequence[object]) -> str:
    """The first of many, and how many more there are."""
    named = "、".join(str(item) for item in items[:MOST_NAMED])
    more = len(items) - MOST_NAMED
    return f"{named} ほか {more} 件" if more > 0 else named
