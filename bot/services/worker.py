"""Takes deliveries from the inbox and hands each to its platform's adapter."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from bot.ports import Delivery
from bot.services.inbox import LEASE_SECONDS, MOST_ATTEMPTS, SqlInbox

log = logging.getLogger(__name__)

Handle = Callable[[Delivery], Coroutine[Any, Any, None]]
GiveUp = Callable[[Delivery, str], Coroutine[Any, Any, None]]
IDLE_SECONDS = 0.5
# New work is left alone this long while a burst is being acknowledged.
YIELD_SECONDS, MOST_YIELDS = 0.02, 10


class Worker:
    """Works on up to `width` deliveries at a time until stopped."""

    def __init__(
        self, inbox: SqlInbox, handlers: Mapping[str, Handle], give_up: GiveUp, width: int = 8
    ) -> None:
        self._inbox = inbox
        self._handlers = handlers
        self._give_up = give_up
        self._width = width
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`; then finish what is in hand."""
        running: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            # Before looking, not after: what arrives in between must not be slept over.
            self._inbox.wake.clear()
            delivery = await self._claim() if len(running) < self._width else None
            if delivery is not None:
                task = asyncio.create_task(self._work(delivery))
                running.add(task)
                task.add_done_callback(running.discard)
                continue
            await self._wait(running)
        if running:
            await asyncio.gather(*running, return_exceptions=True)

    async def _claim(self) -> Delivery | None:
        """The next delivery; none while the database does not answer, which may pass."""
        for _ in range(MOST_YIELDS):
            if not self._inbox.is_arriving:
                break
            await asyncio.sleep(YIELD_SECONDS)
        try:
            return await self._inbox.claim()
        except Exception as error:  # whatever it is, the work must go on when it is over
            log.error("the inbox does not answer: %s", _name(error))
            return None

    def stop(self) -> None:
        self._stopping.set()
        self._inbox.wake.set()

    async def _wait(self, running: set[asyncio.Task[None]]) -> None:
        """Until something arrives, a place is free, or a lease elsewhere may have run out."""
        if len(running) >= self._width:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            return
        waker = asyncio.create_task(self._inbox.wake.wait())
        await asyncio.wait({waker}, timeout=IDLE_SECONDS)
        waker.cancel()

    async def _work(self, delivery: Delivery) -> None:
        if delivery.attempt > MOST_ATTEMPTS:
            # It took the process down each time: leave it to a person.
            await self._inbox.failed(delivery, "crashed")
            await self._give_up(delivery, "crashed")
            return
        working = asyncio.create_task(self._handle(delivery))
        renewing = asyncio.create_task(self._renew(delivery, working))
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            # Another worker holds the lease now; or we are being stopped, and it expires.
            working.cancel()
            log.warning("turn %s attempt %d: lease lost", delivery.turn, delivery.attempt)
        except Exception as error:  # the delivery goes back; whatever it was is tried again
            log.warning("turn %s attempt %d: %s", delivery.turn, delivery.attempt, _name(error))
            if await self._inbox.failed(delivery, _name(error)):
                await self._give_up(delivery, _name(error))
        else:
            await self._inbox.done(delivery)
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing

    async def _handle(self, delivery: Delivery) -> None:
        handle = self._handlers.get(delivery.platform)
        if handle is None:
            # Accepted before the platform was taken out of the settings.
            raise LookupError(delivery.platform)
        await handle(delivery)

    async def _renew(self, delivery: Delivery, working: asyncio.Task[None]) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                if not await self._inbox.renew(delivery):
                    working.cancel()
            except Exception as error:  # the next round may get through before the lease ends
                log.warning("turn %s: lease not renewed: %s", delivery.turn, _name(error))


def _name(error: BaseException) -> str:
    """The kind of an error; its text may hold somebody's words."""
    return type(error).__name__
