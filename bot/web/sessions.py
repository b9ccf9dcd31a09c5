"""Who is signed in: one-time links, and the server-side sessions they start.

The browser holds a random secret and the database only its digest, so a copy of the database
signs nobody in.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import delete, insert, select, update
from sqlmodel import col

from bot.errors import BadInput
from bot.ports import Clock
from bot.services.database import Database
from bot.services.tables import LoginLinkRow, WebSessionRow

WEB_ROLES = ("viewer", "auditor", "operator", "admin")
LINK_SECONDS = 10 * 60
IDLE_SECONDS = 30 * 60
ABSOLUTE_SECONDS = 8 * 60 * 60
# Writing `seen` on every page would make each view wait for the disk.
TOUCH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `secret` is known only in the moment of signing in."""

    actor: str
    role: str
    csrf: str
    digest: str
    secret: str = ""


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def make_login_link(database: Database, clock: Clock, base_url: str, role: str) -> str:
    """Make a link that signs one browser of this machine in, once, within ten minutes.

    `base_url` is where the server listens, without a path. Raises BadInput for an unknown role.
    """
    if role not in WEB_ROLES:
        raise BadInput(
            f"{role} という役割はありません。",
            remedy=f"{'、'.join(WEB_ROLES)} から選んでください。",
        )
    token = secrets.token_urlsafe(32)
    now = clock.now().timestamp()
    async with database.write() as connection:
        await connection.execute(
            delete(LoginLinkRow).where(col(LoginLinkRow.expires) < now - LINK_SECONDS)
        )
        await connection.execute(
            insert(LoginLinkRow).values(
                digest=digest_of(token), role=role, expires=now + LINK_SECONDS, used=False
            )
        )
    return f"{base_url.rstrip('/')}/admin/login?{urlencode({'token': token})}"


class Sessions:
    """Starts, finds and ends sessions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def link_role(self, token: str) -> str:
        """The role a link would give; empty when it is unknown, used or too old."""
        async with self._database.read() as connection:
            found = await connection.scalar(
                select(col(LoginLinkRow.role)).where(
                    col(LoginLinkRow.digest) == digest_of(token),
                    col(LoginLinkRow.used).is_(False),
                    col(LoginLinkRow.expires) >= self._now(),
                )
            )
        return str(found or "")

    async def start(self, token: str, *, replacing: str = "") -> Session | None:
        """Use a link up and open a session; None when the link is no longer good.

        `replacing` is the digest of the browser's earlier session, which ends.
        """
        now = self._now()
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        async with self._database.write() as connection:
            link = col(LoginLinkRow.digest) == digest_of(token)
            used = await connection.execute(
                update(LoginLinkRow)
                .where(link, col(LoginLinkRow.used).is_(False), col(LoginLinkRow.expires) >= now)
                .values(used=True)
            )
            if used.rowcount != 1:
                return None
            role = str(await connection.scalar(select(col(LoginLinkRow.role)).where(link)))
            if role not in WEB_ROLES:
                return None
            await connection.execute(
                delete(WebSessionRow).where(
                    (col(WebSessionRow.digest) == replacing)
                    | (col(WebSessionRow.created) < now - ABSOLUTE_SECONDS)
                    | (col(WebSessionRow.seen) < now - IDLE_SECONDS)
                )
            )
            session = Session("local", role, csrf, digest_of(secret), secret)
            await connection.execute(
                insert(WebSessionRow).values(
                    digest=session.digest,
                    actor=session.actor,
                    role=role,
                    csrf=csrf,
                    created=now,
                    seen=now,
                )
            )
        return session

    async def find(self, secret: str) -> Session | None:
        """The session of a browser's cookie, unless it was idle too long or is too old."""
        if not secret:
            return None
        now, digest = self._now(), digest_of(secret)
        async with self._database.read() as connection:
            found = await connection.execute(
                select(
                    col(WebSessionRow.actor),
                    col(WebSessionRow.role),
                    col(WebSessionRow.csrf),
                    col(WebSessionRow.created),
                    col(WebSessionRow.seen),
                ).where(col(WebSessionRow.digest) == digest)
            )
            row = found.first()
        if row is None or row.role not in WEB_ROLES:
            return None
        if now - row.seen > IDLE_SECONDS or now - row.created > ABSOLUTE_SECONDS:
            await self.end(digest)
            return None
        if now - row.seen > TOUCH_SECONDS:
            async with self._database.write() as connection:
                await connection.execute(
                    update(WebSessionRow)
                    .where(col(WebSessionRow.digest) == digest)
                    .values(seen=now)
                )
        return Session(row.actor, row.role, row.csrf, digest)

    async def end(self, digest: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                delete(WebSessionRow).where(col(WebSessionRow.digest) == digest)
            )

    def _now(self) -> float:
        moment: datetime = self._clock.now()
        return moment.timestamp()
