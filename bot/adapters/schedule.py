"""The only file that imports apscheduler: a clock, and nothing but a clock.

Jobs are declared in code and live in memory. Every replica's clock ticks; before a job runs, the
firing is claimed in the database under a key such as `verify:2026-11-22T17:00:00+00:00`, so one
replica runs it. With that key no leader is needed, and a replica that dies leaves no gap.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

log = logging.getLogger(__name__)

Claim = Callable[[str], Awaitable[bool]]
Finish = Callable[[str, str], Awaitable[None]]
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do at a time of day or every few minutes (crontab, Japanese time).

    `run` returns one line for the log. `period` is the time between two firings.
    """

    name: str
    crontab: str
    period: timedelta
    run: Callable[[], Awaitable[str]]


class Schedule:
    """Runs jobs when they are due, each firing once among all replicas."""

    def __init__(self, jobs: Sequence[Job], claim: Claim, finish: Finish, now: Now) -> None:
        self._jobs = jobs
        self._claim = claim
        self._finish = finish
        self._now = now
        self._late: list[asyncio.Task[None]] = []
        self._scheduler = AsyncIOScheduler(timezone="Asia/Tokyo")

    async def start(self) -> None:
        """Start the clock, and make up for the last firing that nobody was there for."""
        for job in self._jobs:
            trigger = _trigger(job)
            self._scheduler.add_job(
                self._tick, trigger, args=[job], misfire_grace_time=300, coalesce=True
            )
            self._late.append(asyncio.create_task(self._tick(job)))
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop the clock; what is half done is ended before anything it needs is closed."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _tick(self, job: Job) -> None:
        due = last_due(job, self._now())
        key = f"{job.name}:{due.isoformat()}"
        if not await self._claim(key):
            return
        try:
            outcome = await job.run()
        except Exception as error:  # a clock goes on; the failure is on record
            outcome = f"failed: {type(error).__name__}"
            log.error("schedule %s %s", key, outcome)
        await self._finish(key, outcome)


def last_due(job: Job, now: datetime) -> datetime:
    """The newest time not after `now` at which the job was due, in UTC."""
    trigger = _trigger(job)
    due = trigger.get_next_fire_time(None, now - job.period)
    found = now - job.period
    while due is not None and due <= now:
        found = due
        due = trigger.get_next_fire_time(due, due + timedelta(seconds=1))
    return found.astimezone(now.tzinfo)


def _trigger(job: Job) -> Any:
    return CronTrigger.from_crontab(job.crontab, timezone="Asia/Tokyo")
