"""Nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.ports import Delivery
from bot.services import inbox as module
from bot.services.database import Database
from bot.services.inbox import MOST_ATTEMPTS, SqlInbox
from bot.services.worker import Worker


def delivery(n: int = 1) -> Delivery:
    return Delivery("slack", f"slack:T:C:{n}", '{"text": "秘密の質問"}')


async def test_one_message_delivered_ten_times_is_accepted_once(database: Database) -> None:
    inbox = SqlInbox(database)
    accepted = await asyncio.gather(*(inbox.accept(delivery()) for _ in range(10)))
    assert sorted(accepted) == [False] * 9 + [True]
    assert await inbox.claim() is not None
    assert await inbox.claim() is None


async def test_deliveries_that_arrive_together_are_all_kept(database: Database) -> None:
    inbox = SqlInbox(database)
    assert all(await asyncio.gather(*(inbox.accept(delivery(n)) for n in range(600))))
    assert (await inbox.backlog())["waiting"] == 600


async def test_a_lease_that_runs_out_is_taken_over_and_the_first_worker_is_fenced_off(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_SECONDS", -1.0)
    inbox, other = SqlInbox(database), SqlInbox(database)
    await inbox.accept(delivery())
    first = await inbox.claim()
    second = await other.claim()
    assert first is not None
    assert second is not None
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.turn == second.turn
    assert not await inbox.renew(first)
    assert not await inbox.done(first)
    assert await other.done(second)


async def test_the_words_leave_the_inbox_when_the_answer_is_posted(database: Database) -> None:
    inbox = SqlInbox(database)
    await inbox.accept(delivery())
    claimed = await inbox.claim()
    assert claimed is not None
    assert "秘密の質問" in claimed.payload
    await inbox.done(claimed)
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT payload FROM inbox")) == ""
    assert not await inbox.accept(delivery())


async def test_what_was_posted_is_known_to_the_next_attempt(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_SECONDS", -1.0)
    inbox = SqlInbox(database)
    await inbox.accept(delivery())
    first = await inbox.claim()
    assert first is not None
    await inbox.remember(first.turn, "1700.1")
    second = await inbox.claim()
    assert second is not None
    assert second.posted == "1700.1"


async def test_a_message_deleted_before_it_is_worked_on_is_withdrawn(database: Database) -> None:
    inbox = SqlInbox(database)
    await inbox.accept(delivery())
    assert await inbox.withdraw(delivery().identity)
    assert await inbox.claim() is None
    assert not await inbox.withdraw(delivery().identity)


async def test_a_worker_tries_again_and_gives_up_in_the_open(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = SqlInbox(database)
    monkeypatch.setattr(module, "_wait_seconds", lambda attempt: -1.0)
    attempts: list[int] = []
    given_up: list[str] = []

    async def fail(given: Delivery) -> None:
        attempts.append(given.attempt)
        raise ConnectionError("Slack の秘密")

    async def give_up(given: Delivery, problem: str) -> None:
        given_up.append(problem)
        worker.stop()

    worker = Worker(inbox, {"slack": fail}, give_up)
    await inbox.accept(delivery())
    await asyncio.wait_for(worker.run(), 20)
    assert attempts == list(range(1, MOST_ATTEMPTS + 1))
    assert given_up == ["ConnectionError"]
    assert (await inbox.backlog())["failed"] == 1
    assert await inbox.retry_failed() == 1
    assert (await inbox.backlog())["waiting"] == 1


async def test_two_workers_share_the_work_and_do_nothing_twice(database: Database) -> None:
    done: list[str] = []

    async def work(given: Delivery) -> None:
        done.append(given.identity)
        await asyncio.sleep(0)

    async def give_up(given: Delivery, problem: str) -> None:
        raise AssertionError(problem)

    inboxes = [SqlInbox(database), SqlInbox(database)]
    workers = [Worker(inbox, {"slack": work}, give_up) for inbox in inboxes]
    await asyncio.gather(*(inboxes[0].accept(delivery(n)) for n in range(60)))
    running = [asyncio.create_task(worker.run()) for worker in workers]
    while sum((await inboxes[0].backlog()).values()):
        await asyncio.sleep(0.05)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*running)
    assert sorted(done) == sorted(delivery(n).identity for n in range(60))


async def test_identities_are_kept_for_a_day_at_least(database: Database) -> None:
    inbox = SqlInbox(database)
    await inbox.accept(delivery())
    claimed = await inbox.claim()
    assert claimed is not None
    await inbox.done(claimed)
    assert await inbox.forget(datetime.now(UTC) + timedelta(days=9)) == 0
    assert not await inbox.accept(delivery())


async def test_what_was_begun_is_not_withdrawn_by_the_inbox(database: Database) -> None:
    inbox = SqlInbox(database)
    await inbox.accept(delivery())
    claimed = await inbox.claim()
    assert claimed is not None
    await inbox.failed(claimed, "ConnectionError")
    assert not await inbox.withdraw(delivery().identity)


async def test_an_inbox_that_does_not_answer_for_a_while_does_not_end_the_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = SqlInbox(database)
    claim, failures = inbox.claim, iter([ConnectionError(), ConnectionError()])

    async def shaky() -> Delivery | None:
        for error in failures:
            raise error
        return await claim()

    async def work(given: Delivery) -> None:
        worker.stop()

    async def give_up(given: Delivery, problem: str) -> None:
        raise AssertionError(problem)

    monkeypatch.setattr(inbox, "claim", shaky)
    worker = Worker(inbox, {"slack": work}, give_up)
    await inbox.accept(delivery())
    await asyncio.wait_for(worker.run(), 20)
    assert sum((await inbox.backlog()).values()) == 0
