"""Finds audit events: by workspace, actor, action, skill, outcome, engine, date and target."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from bot.errors import Refused
from bot.ports import Role
from bot.services.audit.canonical import timestamp
from bot.services.audit.tables import EVENT
from bot.services.database import Database

SEES_EVERYTHING: tuple[Role, ...] = ("operator", "auditor")
MOST_A_PAGE = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events are wanted; an empty value wants all. `since` ≤ occurred < `until`.

    `text` is looked for in the target, as written and with its widths made normal (NFKC).
    """

    workspace: str = ""
    actor: str = ""
    action: str = ""
    skill: str = ""
    outcome: str = ""
    engine: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""

    def describe(self) -> dict[str, str]:
        """What was asked for, as the audit record of an export holds it."""
        moments = {"since": self.since, "until": self.until}
        named = {name: getattr(self, name) for name in (*EXACT, "text") if getattr(self, name)}
        return named | {name: timestamp(at) for name, at in moments.items() if at}


EXACT = ("workspace", "actor", "action", "skill", "outcome", "engine")


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it was recorded. `fields` holds everything, `leaf_index` its place."""

    id: str
    turn: str
    occurred: str
    workspace: str
    platform: str
    actor: str
    actor_role: str
    action: str
    target: str
    outcome: str
    reason: str
    skill: str
    engine: str
    leaf_index: int | None
    fields: Mapping[str, Any]

    @classmethod
    def parse(cls, canonical: str, leaf_index: int | None) -> Line:
        values = json.loads(canonical)
        rest = ("leaf_index", "fields")
        named = {
            field.name: str(values.get(field.name, ""))
            for field in fields(cls)
            if field.name not in rest
        }
        return cls(**named, leaf_index=leaf_index, fields=values)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of events, newest first; `total` counts all pages."""

    lines: tuple[Line, ...]
    total: int
    page: int
    size: int


def authorise(wanted: Filter, role: Role, everywhere: bool) -> None:
    """Raise Refused unless the search stays in one workspace or the role may look everywhere."""
    if wanted.workspace or (everywhere and role in SEES_EVERYTHING):
        return
    raise Refused(
        "audit search without a workspace",
        remedy="ワークスペースを指定してください。全体を見られるのは運用者と監査人だけです。",
    )


async def search(database: Database, wanted: Filter, *, page: int, size: int) -> Found:
    """Find one page. Rights are checked by `authorise` before."""
    page, size = max(page, 1), min(max(size, 1), MOST_A_PAGE)
    conditions = _conditions(wanted)
    query = (
        select(EVENT.c.canonical, EVENT.c.leaf_index)
        .where(*conditions)
        .order_by(EVENT.c.occurred.desc(), EVENT.c.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    counting = select(func.count()).select_from(EVENT).where(*conditions)
    async with database.read() as connection:
        total = await connection.scalar(counting) or 0
        rows = (await connection.execute(query)).all()
    lines = tuple(Line.parse(row.canonical, row.leaf_index) for row in rows)
    return Found(lines, total, page, size)


def sealed(wanted: Filter, after: int, size: int) -> Select[tuple[str, int | None]]:
    """The sealed events of a tree of `size` behind number `after`, in their order."""
    index = EVENT.c.leaf_index
    return (
        select(EVENT.c.canonical, EVENT.c.leaf_index)
        .where(index > after, index < size, *_conditions(wanted))
        .order_by(index)
    )


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        EVENT.c[name] == getattr(wanted, name) for name in EXACT if getattr(wanted, name)
    ]
    if wanted.since:
        conditions.append(EVENT.c.occurred >= timestamp(wanted.since))
    if wanted.until:
        conditions.append(EVENT.c.occurred < timestamp(wanted.until))
    if wanted.text:
        forms = {unicodedata.normalize(form, wanted.text) for form in ("NFC", "NFKC")}
        target = EVENT.c.target
        conditions.append(or_(*(target.icontains(form, autoescape=True) for form in forms)))
    return conditions
