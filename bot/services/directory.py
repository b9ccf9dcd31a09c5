"""Workspaces, members, quotas and joined threads, from the database.

What an administrator changes is audited in the same transaction as the change.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import BadInput, UnknownWorkspace
from bot.messages import LABELS, Actor, Message, Place
from bot.ports import AuditEvent, Member, Workspace
from bot.services.database import Database

LOCAL_CLEARANCE = "3B"
_FOLDER = re.compile(r"[^\W_][\w.-]{0,59}")
Record = Callable[[AsyncConnection, AuditEvent], Awaitable[object]]


class SqlDirectory:
    """Implements `bot.ports.Directory`, and what the command line changes in it."""

    def __init__(self, database: Database, default: str, record: Record) -> None:
        self._database = database
        self._default = default
        self._record = record

    async def workspace(self, message: Message) -> Workspace:
        place = message.place
        name = message.workspace or await self._bound(place) or self._default
        found = await self.get(name)
        if found is None:
            # Not which ones there are: anybody who can write here may read this.
            raise UnknownWorkspace(
                f"unknown workspace {name}",
                remedy="この場所はまだ庶務のワークスペースに結び付けられていません。"
                "管理者にお知らせください。",
            )
        return found

    async def _bound(self, place: Place) -> str:
        statement = text(
            "SELECT workspace FROM binding WHERE platform = :platform AND team = :team"
            " AND channel IN (:channel, '') ORDER BY channel DESC LIMIT 1"
        )
        values = {"platform": place.platform, "team": place.team, "channel": place.channel}
        async with self._database.read() as connection:
            return str(await connection.scalar(statement, values) or "")

    async def get(self, name: str) -> Workspace | None:
        statement = text("SELECT * FROM workspace WHERE name = :name")
        async with self._database.read() as connection:
            row = (await connection.execute(statement, {"name": name})).first()
        return _workspace(row) if row else None

    async def all(self) -> Sequence[Workspace]:
        async with self._database.read() as connection:
            rows = await connection.execute(text("SELECT * FROM workspace ORDER BY name"))
            return [_workspace(row) for row in rows]

    async def only(self) -> str:
        """The workspace that is meant when none is named: the only one, else the default."""
        names = [item.name for item in await self.all()]
        return names[0] if len(names) == 1 else self._default

    async def member(self, workspace: Workspace, place: Place, actor: Actor) -> Member:
        statement = text(
            "SELECT * FROM member WHERE workspace = :workspace AND platform = :platform"
            " AND actor = :actor"
        )
        values = {"workspace": workspace.name, "platform": place.platform, "actor": actor.id}
        async with self._database.read() as connection:
            row = (await connection.execute(statement, values)).first()
        if row is not None:
            return Member(actor.id, workspace.name, row.state, row.role, row.clearance)
        if place.platform == "console":
            # Whoever can run commands on this machine can read its database as well.
            return Member(actor.id, workspace.name, role="operator", clearance=LOCAL_CLEARANCE)
        if workspace.members == "listed":
            return Member(actor.id, workspace.name, state="applied", clearance="1")
        return Member(actor.id, workspace.name)

    async def reserve(self, workspace: Workspace, subject: str, amount: int, limit: int) -> bool:
        # Tokens are counted by the month, turns by the day.
        now = datetime.now(UTC)
        period = now.strftime("%Y-%m" if subject == "tokens" else "%Y-%m-%d")
        key = {"workspace": workspace.name, "subject": subject, "period": period}
        async with self._database.write() as connection:
            await connection.execute(
                text(
                    "INSERT INTO usage (workspace, subject, period, used)"
                    " VALUES (:workspace, :subject, :period, 0) ON CONFLICT DO NOTHING"
                ),
                key,
            )
            taken = await connection.execute(
                text(
                    "UPDATE usage SET used = used + :amount WHERE workspace = :workspace"
                    " AND subject = :subject AND period = :period"
                    " AND (:limit = 0 OR used + :amount <= :limit)"
                ),
                {**key, "amount": amount, "limit": limit},
            )
        return taken.rowcount == 1

    async def join(self, place: Place, workspace: str, skill: str) -> None:
        statement = text(
            "INSERT INTO thread (platform, team, channel, thread, workspace, skill, joined)"
            " VALUES (:platform, :team, :channel, :thread, :workspace, :skill, :joined)"
            " ON CONFLICT (platform, team, channel, thread) DO UPDATE SET skill = :skill"
        )
        values = {
            **_thread(place),
            "workspace": workspace,
            "skill": skill,
            "joined": datetime.now(UTC).isoformat(),
        }
        async with self._database.write() as connection:
            await connection.execute(statement, values)

    async def joined(self, place: Place) -> str:
        statement = text(
            "SELECT skill FROM thread WHERE platform = :platform AND team = :team"
            " AND channel = :channel AND thread = :thread"
        )
        async with self._database.read() as connection:
            return str(await connection.scalar(statement, _thread(place)) or "")

    async def add(self, workspace: Workspace) -> bool:
        """Make a workspace. False when there is one of that name already.

        Raises BadInput for a name that cannot be the name of a folder: an office keeps its own
        templates in one.
        """
        if not _FOLDER.fullmatch(workspace.name):
            raise BadInput(
                "workspace name",
                remedy="ワークスペースの名前は、文字か数字で始め、文字・数字・「-」「_」「.」で"
                "60文字までにしてください。",
            )
        statement = text(
            "INSERT INTO workspace (name, title, zone, members, skills, paused, monthly_tokens,"
            " daily_turns, created) VALUES (:name, :title, :zone, :members, :skills, :paused,"
            " :monthly_tokens, :daily_turns, :created) ON CONFLICT (name) DO NOTHING"
        )
        values = {
            "name": workspace.name,
            "title": workspace.title or workspace.name,
            "zone": workspace.zone,
            "members": workspace.members,
            "skills": ",".join(workspace.skills),
            "paused": workspace.paused,
            "monthly_tokens": workspace.monthly_tokens,
            "daily_turns": workspace.daily_turns,
            "created": datetime.now(UTC).isoformat(),
        }
        async with self._database.write() as connection:
            is_new = (await connection.execute(statement, values)).rowcount == 1
            if is_new:
                await self._audit(connection, "workspace.add", workspace.name, workspace.name)
        return is_new

    async def pause(self, name: str, paused: bool) -> None:
        """Throw or release the kill switch; the next turn on any replica sees it."""
        statement = text("UPDATE workspace SET paused = :paused WHERE name = :name")
        async with self._database.write() as connection:
            done = await connection.execute(statement, {"paused": paused, "name": name})
            if done.rowcount == 0:
                raise UnknownWorkspace(name, remedy=f"「{name}」というワークスペースはありません。")
            action = "workspace.pause" if paused else "workspace.resume"
            await self._audit(connection, action, name, name)

    async def bind(self, place: Place, workspace: str) -> None:
        """Send a team's messages, or one channel's, to a workspace."""
        if await self.get(workspace) is None:
            raise UnknownWorkspace(
                workspace, remedy=f"「{workspace}」というワークスペースはありません。"
            )
        statement = text(
            "INSERT INTO binding (platform, team, channel, workspace)"
            " VALUES (:platform, :team, :channel, :workspace)"
            " ON CONFLICT (platform, team, channel) DO UPDATE SET workspace = :workspace"
        )
        values = _thread(place) | {"workspace": workspace}
        values.pop("thread")
        target = "/".join(part for part in (place.platform, place.team, place.channel) if part)
        async with self._database.write() as connection:
            await connection.execute(statement, values)
            await self._audit(connection, "workspace.bind", workspace, target)

    async def enrol(self, member: Member, platform: str) -> None:
        """Put a member on record, or change what they may do."""
        if member.clearance not in LABELS:
            raise BadInput(member.clearance, remedy=f"機密性は {'、'.join(LABELS)} のどれかです。")
        statement = text(
            "INSERT INTO member (workspace, platform, actor, state, role, clearance)"
            " VALUES (:workspace, :platform, :actor, :state, :role, :clearance)"
            " ON CONFLICT (workspace, platform, actor)"
            " DO UPDATE SET state = :state, role = :role, clearance = :clearance"
        )
        values = {
            "workspace": member.workspace,
            "platform": platform,
            "actor": member.actor,
            "state": member.state,
            "role": member.role,
            "clearance": member.clearance,
        }
        change = f"{member.state} {member.role} {member.clearance}"
        async with self._database.write() as connection:
            await connection.execute(statement, values)
            target = f"{platform}:{member.actor}"
            await self._audit(connection, "member.change", member.workspace, target, change)

    async def _audit(
        self,
        connection: AsyncConnection,
        action: str,
        workspace: str,
        target: str,
        reason: str = "",
    ) -> None:
        event = AuditEvent(
            action=action,
            workspace=workspace,
            platform="console",
            actor="operator",
            actor_role="operator",
            target=target,
            reason=reason,
        )
        await self._record(connection, event)


def _thread(place: Place) -> dict[str, str]:
    return {
        "platform": place.platform,
        "team": place.team,
        "channel": place.channel,
        "thread": place.thread,
    }


def _workspace(row: Any) -> Workspace:
    return Workspace(
        name=row.name,
        title=row.title,
        zone=row.zone,
        members=row.members,
        skills=tuple(name for name in row.skills.split(",") if name),
        paused=bool(row.paused),
        monthly_tokens=row.monthly_tokens,
        daily_turns=row.daily_turns,
    )
