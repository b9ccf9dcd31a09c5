"""Contract tests of `bot.ports.Reminders`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.messages import Actor, Place, Reminder
from bot.ports import Delivery, Reminders

DUE = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REMINDER = Reminder(
    "main",
    "minutes",
    "議事録7/行動3",
    DUE,
    Place("slack", "T1", "C1", "1.1", "private"),
    Actor("U1", "佐藤"),
    '{"会話": "a:1"}',
)


class RemindersContract:
    """`take` hands out what reached the inbox."""

    @pytest.fixture
    def reminders(self) -> Reminders:
        raise NotImplementedError

    @pytest.fixture
    def take(self) -> Callable[[], Awaitable[Delivery | None]]:
        raise NotImplementedError

    async def test_a_reminder_reaches_the_inbox_when_it_is_due_and_whole(
        self, reminders: Reminders, take: Callable[[], Awaitable[Delivery | None]]
    ) -> None:
        await reminders.put(REMINDER)
        assert await reminders.release(DUE - MINUTE) == 0
        assert await take() is None
        assert await reminders.release(DUE) == 1
        taken = await take()
        assert taken is not None
        assert taken.platform == "slack"
        assert taken.reminder == REMINDER
        assert await reminders.release(DUE + MINUTE) == 0
        assert await take() is None

    async def test_replicas_that_look_at_the_same_time_release_it_once(
        self, reminders: Reminders, take: Callable[[], Awaitable[Delivery | None]]
    ) -> None:
        for number in range(5):
            await reminders.put(replace(REMINDER, key=f"k{number}"))
        await asyncio.gather(*(reminders.release(DUE) for _ in range(4)))
        taken = [await take() for _ in range(6)]
        assert len({item.identity for item in taken if item}) == 5
        assert taken[5] is None

    async def test_the_same_key_replaces_and_another_skill_or_workspace_does_not(
        self, reminders: Reminders
    ) -> None:
        await reminders.put(REMINDER)
        await reminders.put(replace(REMINDER, due=DUE + MINUTE))
        await reminders.put(replace(REMINDER, skill="opinions"))
        await reminders.put(replace(REMINDER, workspace="tax"))
        assert await reminders.release(DUE) == 2
        assert await reminders.release(DUE + MINUTE) == 1

    async def test_what_was_taken_back_is_not_released(self, reminders: Reminders) -> None:
        await reminders.put(REMINDER)
        assert not await reminders.drop("tax", "minutes", REMINDER.key)
        assert await reminders.drop("main", "minutes", REMINDER.key)
        assert not await reminders.drop("main", "minutes", REMINDER.key)
        assert await reminders.release(DUE) == 0

    async def test_a_reminder_that_is_put_again_after_it_went_out_goes_out_again(
        self, reminders: Reminders
    ) -> None:
        later = replace(REMINDER, due=DUE + MINUTE)
        await reminders.put(REMINDER)
        assert await reminders.release(DUE) == 1
        await reminders.put(later)
        assert await reminders.release(DUE) == 0
        assert await reminders.release(DUE + MINUTE) == 1

    async def test_a_fraction_of_a_second_does_not_disturb_the_order(
        self, reminders: Reminders
    ) -> None:
        await reminders.put(replace(REMINDER, due=DUE + timedelta(microseconds=1)))
        assert await reminders.release(DUE) == 0
        assert await reminders.release(DUE + timedelta(microseconds=1)) == 1
