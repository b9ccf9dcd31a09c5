"""The clock: when a job is due, that it runs once, and what the jobs do. Time stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.adapters.schedule import Job, Schedule, last_due
from bot.app import App, open_app
from bot.jobs import jobs
from bot.ports import AuditEvent, Delivery
from bot.services.audit.record import SqlAudit
from bot.services.database import Database
from bot.services.firings import Firings
from bot.settings import Settings
from bot.testing import StillClock

DAY = timedelta(days=1)
MORNING = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
DUE = "2026-11-21T17:30:00+00:00"


async def nothing() -> str:
    return ""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("crontab", "period", "now", "due"),
    [
        # 2:30 in Japan is 17:30 UTC of the day before.
        ("30 2 * * *", DAY, "2026-11-21T17:29:59", "2026-11-20T17:30:00"),
        ("30 2 * * *", DAY, "2026-11-21T17:29:59.999999", "2026-11-20T17:30:00"),
        ("30 2 * * *", DAY, "2026-11-21T17:30:00", "2026-11-21T17:30:00"),
        ("30 2 * * *", DAY, "2026-11-21T17:30:00.000001", "2026-11-21T17:30:00"),
        ("30 2 * * *", DAY, "2026-11-22T01:00:00", "2026-11-21T17:30:00"),
        ("30 2 * * *", DAY, "2026-12-01T00:00:00", "2026-11-30T17:30:00"),
        ("30 2 * * *", DAY, "2027-01-01T00:00:00", "2026-12-31T17:30:00"),
        ("30 2 * * *", DAY, "2028-02-29T17:29:00", "2028-02-28T17:30:00"),
        ("0 0 1 * *", 31 * DAY, "2026-11-30T14:59:59", "2026-10-31T15:00:00"),
        ("0 0 1 * *", 31 * DAY, "2026-11-30T15:00:00", "2026-11-30T15:00:00"),
        ("*/15 * * * *", timedelta(minutes=15), "2026-11-30T15:14:59", "2026-11-30T15:00:00"),
        ("*/15 * * * *", timedelta(minutes=15), "2026-11-30T15:15:00", "2026-11-30T15:15:00"),
    ],
)
def test_the_last_time_a_job_was_due_is_known_to_the_second(
    crontab: str, period: timedelta, now: str, due: str
) -> None:
    assert last_due(Job("x", crontab, period, nothing), at(now)) == at(due)


class Replica:
    """A schedule of one process, whose jobs say that they ran."""

    def __init__(self, database: Database, clock: StillClock, ran: list[str], name: str) -> None:
        self.asked = 0
        self._firings = Firings(database)

        async def verify() -> str:
            ran.append(name)
            return "ok"

        async def fail() -> str:
            ran.append("fail")
            raise ValueError("様のご質問")

        found = [Job("fail", "30 2 * * *", DAY, fail)] if name == "failing" else []
        found.append(Job("verify", "30 2 * * *", DAY, verify))
        self.jobs = len(found)
        self.schedule = Schedule(found, self._claim, self._firings.finish, clock.now)

    async def _claim(self, key: str) -> bool:
        self.asked += 1
        return await self._firings.claim(key)

    async def start(self) -> None:
        """Start the clock and wait until what was due has been dealt with."""
        await self.schedule.start()
        await until(lambda: self._is_asked())

    async def _is_asked(self) -> bool:
        return self.asked == self.jobs


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0.01)


async def firings(database: Database) -> dict[str, str]:
    """Outcome by key, of those that have ended."""
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT * FROM firing WHERE finished <> ''"))
        return {row.key: row.outcome for row in rows}


async def test_two_replicas_run_one_firing_once(database: Database) -> None:
    clock, ran = StillClock(MORNING), list[str]()
    other = Database(database.url)
    replicas = [Replica(database, clock, ran, "a"), Replica(other, clock, ran, "b")]
    await asyncio.gather(*(replica.start() for replica in replicas))
    await until(lambda: _has(database, f"verify:{DUE}"))
    for replica in replicas:
        await replica.schedule.stop()
    await other.close()
    assert len(ran) == 1
    assert await firings(database) == {f"verify:{DUE}": "ok"}


async def _has(database: Database, *keys: str) -> bool:
    return set(keys) <= set(await firings(database))


async def test_a_job_that_fails_is_on_record_without_its_words_and_the_clock_goes_on(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock, ran = StillClock(MORNING), list[str]()
    replica = Replica(database, clock, ran, "failing")
    await replica.start()
    await until(lambda: _has(database, f"fail:{DUE}", f"verify:{DUE}"))
    await replica.schedule.stop()
    assert sorted(ran) == ["fail", "failing"]
    assert await firings(database) == {f"fail:{DUE}": "failed: ValueError", f"verify:{DUE}": "ok"}
    assert "ValueError" in caplog.text
    assert "様のご質問" not in caplog.text


async def test_a_firing_missed_while_nobody_was_there_is_made_up_for_once(
    database: Database,
) -> None:
    clock, ran = StillClock(MORNING), list[str]()
    for _ in range(2):  # the second start finds it done
        replica = Replica(database, clock, ran, "a")
        await replica.start()
        await until(lambda: _has(database, f"verify:{DUE}"))
        await replica.schedule.stop()
    assert ran == ["a"]
    clock.move(3 * DAY.total_seconds())
    replica = Replica(database, clock, ran, "a")
    await replica.start()
    later = "2026-11-24T17:30:00+00:00"
    await until(lambda: _has(database, f"verify:{later}"))
    await replica.schedule.stop()
    assert ran == ["a", "a"]
    assert set(await firings(database)) == {f"verify:{DUE}", f"verify:{later}"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    settings = Settings(
        home=tmp_path / "home", sync_folder=str(tmp_path / "共有"), sync_label="2", body_days=30
    )
    (tmp_path / "共有").mkdir()
    async with open_app(settings) as opened:
        clock = StillClock(MORNING)
        audit = SqlAudit.open(opened.database, clock, settings.home, body_days=30)
        yield replace(opened, clock=clock, audit=audit)  # type: ignore[arg-type]


async def run(app: App, name: str) -> str:
    (job,) = [job for job in jobs(app) if job.name == name]
    return await job.run()


async def outcomes(app: App, action: str) -> list[str]:
    async with app.database.read() as connection:
        query = text("SELECT outcome FROM audit_event WHERE action = :action ORDER BY id")
        return list(await connection.scalars(query, {"action": action}))


async def test_the_night_finds_out_that_the_record_was_changed(app: App) -> None:
    await app.audit.record(AuditEvent("data.ingest", "main", target="服務規程.docx"))
    assert await run(app, "verify") == "ok"
    async with app.database.write() as connection:
        await connection.execute(
            text("UPDATE audit_event SET target = 'ちがう.docx' WHERE action = 'data.ingest'")
        )
    assert (await run(app, "verify")).endswith("problems")
    assert await outcomes(app, "audit.verify") == ["ok", "failed"]


async def test_the_night_forgets_words_and_identities_whose_time_is_over(app: App) -> None:
    request = AuditEvent("assistant.request", "main")
    old = await app.audit.record(request, body="古い質問", subject="U1")
    clock = app.clock
    assert isinstance(clock, StillClock)
    clock.move(29 * DAY.total_seconds())
    young = await app.audit.record(request, body="新しい質問", subject="U1")
    for identity in ("old", "new"):
        await app.inbox.accept(Delivery("slack", identity, "{}"))
        delivery = await app.inbox.claim()
        assert delivery is not None
        await app.inbox.done(delivery)
    async with app.database.write() as connection:
        await connection.execute(
            text("UPDATE inbox SET received = '2020-01-01' WHERE identity = 'old'")
        )
    clock.move(2 * DAY.total_seconds())
    assert await run(app, "expire") == "1 bodies and files erased, 1 identities forgotten"
    assert await app.audit.body(old) == ""
    assert await app.audit.body(young) == "新しい質問"
    assert await app.inbox.accept(Delivery("slack", "old", "{}"))
    assert not await app.inbox.accept(Delivery("slack", "new", "{}"))
    assert (await app.audit.verify()).ok


async def test_the_workspace_follows_the_folder(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "共有"

    async def answer(question: str) -> list[str]:
        found = await app.search.find(question, workspace="main", clearance="2")
        return [passage.text for passage in found]

    (folder / "休暇.md").write_text("# 夏季休暇\n\n夏季休暇は5日です。", encoding="utf-8")
    (folder / "旅費.md").write_text("# 日当\n\n日当は1,500円です。", encoding="utf-8")
    assert await run(app, "sync") == "2 added, 0 updated, 0 removed, 0 failed"
    assert "5日" in (await answer("夏季休暇は何日"))[0]
    assert await run(app, "sync") == "0 added, 0 updated, 0 removed, 0 failed"
    (folder / "休暇.md").write_text("# 夏季休暇\n\n夏季休暇は6日です。", encoding="utf-8")
    assert await run(app, "sync") == "0 added, 1 updated, 0 removed, 0 failed"
    assert "6日" in (await answer("夏季休暇は何日"))[0]
    (folder / "旅費.md").unlink()
    assert await run(app, "sync") == "0 added, 0 updated, 1 removed, 0 failed"
    assert not any("1,500円" in text for text in await answer("日当はいくら"))
    (folder / "休暇.md").unlink()
    # A share that is not mounted looks like an empty folder.
    assert await run(app, "sync") == "0 added, 0 updated, 0 removed, 1 failed"
    assert "6日" in (await answer("夏季休暇は何日"))[0]


def test_there_is_no_sync_without_a_folder(app: App) -> None:
    without = replace(app, settings=replace(app.settings, sync_folder=""))
    assert [job.name for job in jobs(without)] == ["verify", "remind", "expire"]


async def test_the_night_forgets_firings_that_no_clock_asks_about(app: App) -> None:
    found = Firings(app.database)
    assert await found.claim("remind:old")
    async with app.database.write() as connection:
        old = (MORNING - 63 * DAY).isoformat()
        await connection.execute(text("UPDATE firing SET started = :old"), {"old": old})
    assert await found.claim("remind:new")
    await run(app, "expire")
    assert not await found.claim("remind:new")
    assert await found.claim("remind:old")
