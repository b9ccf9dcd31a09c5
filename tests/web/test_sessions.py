"""One-time links and the sessions they start, on every database."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from bot.errors import BadInput
from bot.services.database import Database
from bot.testing import StillClock
from bot.web.sessions import Sessions, make_login_link

HERE = "http://127.0.0.1:8080/"


def token_of(link: str) -> str:
    assert link.startswith("http://127.0.0.1:8080/admin/login?token=")
    return link.partition("token=")[2]


async def test_a_link_signs_in_once_even_when_it_is_used_twice_at_once(database: Database) -> None:
    sessions = Sessions(database, StillClock())
    token = token_of(await make_login_link(database, StillClock(), HERE, "auditor"))
    both = await asyncio.gather(*(sessions.start(token) for _ in range(5)))
    assert [session.role for session in both if session] == ["auditor"]
    assert await sessions.link_role(token) == ""


async def test_a_link_ends_after_ten_minutes(database: Database) -> None:
    clock = StillClock()
    sessions = Sessions(database, clock)
    token = token_of(await make_login_link(database, clock, HERE, "admin"))
    clock.move(599)
    assert await sessions.link_role(token) == "admin"
    clock.move(2)
    assert await sessions.link_role(token) == ""
    assert await sessions.start(token) is None


async def test_an_unknown_role_gets_no_link(database: Database) -> None:
    with pytest.raises(BadInput) as refusal:
        await make_login_link(database, StillClock(), HERE, "root")
    assert "auditor" in refusal.value.remedy


async def test_a_session_ends_after_thirty_idle_minutes(database: Database) -> None:
    clock = StillClock()
    sessions = Sessions(database, clock)
    session = await sessions.start(token_of(await make_login_link(database, clock, HERE, "admin")))
    assert session
    for _ in range(4):
        clock.move(29 * 60)
        assert await sessions.find(session.secret)
    clock.move(30 * 60 + 1)
    assert await sessions.find(session.secret) is None


async def test_a_session_ends_after_eight_hours_of_use(database: Database) -> None:
    clock = StillClock()
    sessions = Sessions(database, clock)
    session = await sessions.start(token_of(await make_login_link(database, clock, HERE, "admin")))
    assert session
    for _ in range(16):
        assert await sessions.find(session.secret)
        clock.move(30 * 60)
    clock.move(1)
    assert await sessions.find(session.secret) is None


async def test_the_database_holds_neither_the_link_nor_the_cookie(database: Database) -> None:
    clock = StillClock()
    sessions = Sessions(database, clock)
    token = token_of(await make_login_link(database, clock, HERE, "admin"))
    session = await sessions.start(token)
    assert session
    async with database.read() as connection:
        links = (await connection.execute(text("SELECT * FROM login_link"))).all()
        kept = (await connection.execute(text("SELECT * FROM web_session"))).all()
    assert links
    assert kept
    assert token not in str(links)
    assert session.secret not in str(kept)
