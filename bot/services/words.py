"""Keeps the exact words of every prompt and skill, so that an auditor can read them later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text

from bot.contract import Skill
from bot.errors import BadInput
from bot.prompts import PromptBook
from bot.services.database import Database

SHORTEST_DIGEST = 8


async def keep_words(
    database: Database, prompts: PromptBook, skills: Iterable[Skill], now: datetime
) -> None:
    """Store what is not stored yet; a digest's words never change."""
    wanted = {
        prompt.digest: (prompt.name, prompt.version, prompt.text) for prompt in prompts.prompts
    }
    for skill in skills:
        if skill.instructions:
            use = skill.words
            wanted[use.digest] = (use.name, use.version, skill.instructions)
    async with database.read() as connection:
        known = set((await connection.execute(text("SELECT digest FROM prompt"))).scalars())
    if wanted.keys() <= known:
        return
    statement = text(
        "INSERT INTO prompt (digest, name, version, text, first_used)"
        " VALUES (:digest, :name, :version, :text, :first_used) ON CONFLICT (digest) DO NOTHING"
    )
    async with database.write() as connection:
        for digest, (name, version, words) in wanted.items():
            values = {"digest": digest, "name": name, "version": version, "text": words}
            await connection.execute(statement, {**values, "first_used": now.isoformat()})


async def find_words(database: Database, which: str) -> str:
    """The words behind `name@version+digest`, or behind the start of a digest.

    Raises BadInput when none or several fit.
    """
    digest = which.rpartition("+")[2].strip().lower()
    if len(digest) < SHORTEST_DIGEST or not all(letter in "0123456789abcdef" for letter in digest):
        raise BadInput(
            "digest", remedy=f"記録にある要約値を{SHORTEST_DIGEST}文字以上で指定してください。"
        )
    statement = text("SELECT text FROM prompt WHERE substr(digest, 1, :length) = :digest")
    async with database.read() as connection:
        rows = await connection.execute(statement, {"length": len(digest), "digest": digest})
        found = rows.scalars().all()
    if len(found) != 1:
        raise BadInput("words", remedy="その要約値の文章は見つかりません。記録と見比べてください。")
    return str(found[0])
