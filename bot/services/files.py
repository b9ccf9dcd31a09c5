"""The files of replies, encrypted under their subject's key; and links that open one of them.

They are kept as long as the words of a turn. `audit.bodies` expires and erases both together.
"""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from urllib.parse import quote

from sqlalchemy import delete, insert, select, text

from bot.messages import File
from bot.ports import Clock, KeptFile
from bot.services.audit import vault as audit_vault
from bot.services.audit.canonical import timestamp
from bot.services.audit.subject_keys import SubjectKeys
from bot.services.audit.tables import FILE, SUBJECT_KEY
from bot.services.audit.vault import Vault
from bot.services.database import Database

LINK_SECONDS = 24 * 60 * 60
_KEY = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")


class SqlFiles:
    """Implements `bot.ports.Files`. Every query names the workspace."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, *, body_days: int = 365
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._days = body_days
        self._keys = SubjectKeys(database, vault)

    async def keep(self, file: File, content: bytes, *, workspace: str, subject: str) -> None:
        now = self._clock.now()
        async with self._database.write() as connection:
            keys = await self._keys.of(connection, {subject}, now)
            # The name may name a person. It stands before the bytes, ended by a zero byte.
            plain = file.name.encode() + b"\0" + content
            sealed = self._vault.seal(
                keys[subject], subject, file.id, audit_vault.new_salt(), plain
            )
            await connection.execute(
                insert(FILE).values(
                    id=file.id,
                    workspace=workspace,
                    subject=subject,
                    media_type=file.media_type,
                    size=file.size,
                    digest=file.digest,
                    label=file.label,
                    created=timestamp(now),
                    expires=timestamp(now + timedelta(days=self._days)),
                    sealed=sealed,
                )
            )

    async def fetch(self, file_id: str, *, workspace: str) -> KeptFile | None:
        """A file of this workspace. Raises Tampered when it is not what was kept."""
        query = (
            select(FILE, SUBJECT_KEY.c.wrapped)
            .join(SUBJECT_KEY, SUBJECT_KEY.c.subject == FILE.c.subject)
            .where(
                FILE.c.workspace == workspace,
                FILE.c.id == file_id,
                FILE.c.expires > timestamp(self._clock.now()),
            )
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        _, plain = self._vault.unseal(row.wrapped, row.subject, row.id, row.sealed)
        name, _, content = plain.partition(b"\0")
        file = File(row.id, name.decode(), row.media_type, row.size, row.digest, row.label)
        return KeptFile(file, content)

    async def drop(self, file_id: str, *, workspace: str) -> bool:
        async with self._database.write() as connection:
            if self._database.is_sqlite:
                # Otherwise SQLite leaves what was deleted readable in the free part of its page.
                await connection.execute(text("PRAGMA secure_delete=ON"))
            gone = await connection.execute(
                delete(FILE).where(FILE.c.workspace == workspace, FILE.c.id == file_id)
            )
            return gone.rowcount > 0


class FileLinks:
    """Makes and checks links that open one file of one workspace for a day, without signing in."""

    def __init__(self, vault: Vault, clock: Clock, public_url: str) -> None:
        self._secret = vault.link_key
        self._clock = clock
        self._base = public_url.rstrip("/")

    def link(self, workspace: str, file: File) -> str:
        """Implements `bot.ports.FileLink`."""
        return f"{self._base}{self.path(workspace, file)}" if self._base else ""

    def path(self, workspace: str, file: File) -> str:
        """The same without the server, for our own pages."""
        expires = int(self._clock.now().timestamp()) + LINK_SECONDS
        key = f"{expires}.{self._sign(workspace, file.id, expires)}"
        return f"/files/{quote(workspace, safe='')}/{file.id}?key={key}"

    def opens(self, workspace: str, file_id: str, key: str) -> bool:
        """Whether a key was made for this file and its day is not over."""
        found = _KEY.fullmatch(key)
        if found is None or int(found[1]) <= self._clock.now().timestamp():
            return False
        return hmac.compare_digest(found[2], self._sign(workspace, file_id, int(found[1])))

    def _sign(self, workspace: str, file_id: str, expires: int) -> str:
        # A line break stands in no name, so that no two triples read alike.
        words = f"{workspace}\n{file_id}\n{expires}".encode()
        return hmac.digest(self._secret, words, "sha256").hex()
