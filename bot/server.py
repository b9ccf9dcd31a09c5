"""What `shomu serve` runs: the gates, the pages, the workers and the clock, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.adapters.schedule import Schedule
from bot.app import App
from bot.errors import ShomuError
from bot.jobs import jobs
from bot.messages import LABELS
from bot.ports import AuditEvent, Delivery
from bot.services.firings import Firings
from bot.services.http import Egress
from bot.services.worker import GiveUp, Handle, Worker
from bot.web.pages import build_pages, error_pages

log = logging.getLogger(__name__)

SEAL_SECONDS = 10.0
RECEIVED = Counter("shomu_received_total", "Requests at a gate", ["platform", "outcome"])
WORKED = Counter("shomu_deliveries_total", "Deliveries worked on", ["platform", "outcome"])
UNLABELLED = "other"


@dataclass(slots=True)
class Platforms:
    """The chat platforms that are configured: their gates, their work, their own tasks."""

    routes: list[BaseRoute]
    handlers: dict[str, Handle]
    apologies: dict[str, Handle]
    tasks: list[Callable[[asyncio.Event], Coroutine[Any, Any, None]]]


@dataclass(frozen=True, slots=True)
class Running:
    """The pages to serve, and what became of the work beside them.

    `failure` is done when a task that should go on for ever has ended with an exception: the
    server then looks alive and answers nobody, so whoever serves the pages must stop.
    """

    pages: Starlette
    failure: asyncio.Future[BaseException]


@asynccontextmanager
async def running(app: App) -> AsyncIterator[Running]:
    """Start everything; stop it in order at the end: first what comes in, then the work."""
    stop = asyncio.Event()
    await _warm_up(app)
    async with AsyncExitStack() as stack:
        platforms = await _platforms(app, stack)
        worker = Worker(app.inbox, platforms.handlers, _give_up(app, platforms.apologies))
        schedule = Schedule(jobs(app), *_claims(app), app.clock.now)
        await schedule.start()
        stack.push_async_callback(schedule.stop)
        failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        work = [worker.run(), _seal(app, stop), *(task(stop) for task in platforms.tasks)]
        tasks = [_watched(task, failure) for task in work]
        pages = build_pages(
            app.settings,
            app.database,
            app.audit,
            app.bot.receive,
            app.examples,
            app.directory.all,
            app.clock,
            app.files,
            app.links,
            {"inbox": app.inbox.backlog},
        )
        routes = [*platforms.routes, *pages, Route("/metrics", _metrics)]
        try:
            yield Running(Starlette(routes=routes, exception_handlers=error_pages()), failure)
        finally:
            stop.set()
            worker.stop()
            done, late = await asyncio.wait(tasks, timeout=20)
            for task in late:
                task.cancel()
            await asyncio.gather(*done, *late, return_exceptions=True)


async def _warm_up(app: App) -> None:
    """Load the dictionary and the indexes now: the first question must not hold up the gates."""
    for workspace in await app.directory.all():
        for clearance in LABELS:
            await app.search.find(
                "庶務", workspace=workspace.name, clearance=clearance, top=1, marked=True
            )


def _watched(
    work: Coroutine[Any, Any, None], failure: asyncio.Future[BaseException]
) -> asyncio.Task[None]:
    """Run work whose end with an exception is a failure of the whole server."""
    task = asyncio.create_task(work)

    def ended(task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.critical("%r ended with %s", task.get_coro(), type(error).__name__)
        if not failure.done():
            failure.set_result(error)

    task.add_done_callback(ended)
    return task


async def _platforms(app: App, stack: AsyncExitStack) -> Platforms:
    """Import and start only the platforms that are configured."""
    found = Platforms([], {}, {}, [])
    if app.settings.uses_slack:
        await _add_slack(app, stack, found)
    if app.settings.uses_teams:
        await _add_teams(app, stack, found)
    return found


async def _add_slack(app: App, stack: AsyncExitStack, found: Platforms) -> None:
    from bot.adapters.slack.adapter import SlackAdapter

    slack = SlackAdapter(
        app.settings,
        app.bot,
        app.inbox,
        app.directory,
        app.examples,
        _counted("slack"),
        forms=app.bot.forms,
        files=app.files,
        link=app.links.link,
    )
    stack.push_async_callback(slack.close)
    await slack.start()
    found.handlers["slack"] = _measured("slack", slack.handle)
    found.apologies["slack"] = slack.apologise
    last = await app.inbox.last_received("slack")
    if last is not None:
        found.tasks.append(lambda stop: _backfill(slack.backfill, last))
    if app.settings.slack_signing_secrets:
        found.routes.append(_mount("/slack/events", slack.gate))
    if app.settings.slack_app_token:
        found.tasks.append(slack.run_socket_mode)


async def _backfill(fetch: Callable[[datetime], Awaitable[int]], last: datetime) -> None:
    """Fetch what was asked while nobody listened: an outage may outlast Slack's retries."""
    try:
        found = await fetch(last)
    except ShomuError as error:
        log.warning("questions of the outage were not fetched: %s", error.code)
    else:
        log.info("%d questions of the outage fetched", found)


async def _add_teams(app: App, stack: AsyncExitStack, found: Platforms) -> None:
    from bot.adapters.teams.adapter import TeamsAdapter

    async def refused(reason: str, details: Mapping[str, str]) -> None:
        await app.audit.record(
            AuditEvent(
                action="auth.denied",
                workspace="",
                platform="teams",
                target="/api/messages",
                outcome="refused",
                reason=reason,
                details=dict(details),
            )
        )

    host = urlsplit(app.settings.teams_openid_url).hostname or ""
    egress = Egress([*app.settings.egress_hosts, host, *app.settings.teams_service_hosts])
    teams = TeamsAdapter(
        app.settings,
        app.bot,
        app.inbox,
        app.directory,
        app.examples,
        egress.fetch_json,
        _counted("teams"),
        refused,
        fetch_bytes=egress.fetch_bytes,
        forms=app.bot.forms,
        link=app.links.link,
    )
    stack.push_async_callback(teams.close)
    await teams.start()
    found.handlers["teams"] = _measured("teams", teams.handle)
    found.apologies["teams"] = teams.apologise
    found.routes.append(_mount("/api/messages", teams.gate))


def _mount(path: str, gate: ASGIApp) -> Route:
    # An ASGI app, not a function: Starlette then leaves every method and the body to it.
    return Route(path, gate)


def _counted(platform: str) -> Callable[[str], None]:
    def count(outcome: str) -> None:
        RECEIVED.labels(platform, outcome or UNLABELLED).inc()

    return count


def _measured(platform: str, handle: Handle) -> Handle:
    async def measured(delivery: Delivery) -> None:
        outcome = "failed"
        try:
            await handle(delivery)
            outcome = "done"
        finally:
            WORKED.labels(platform, outcome).inc()

    return measured


def _give_up(app: App, apologies: Mapping[str, Handle]) -> GiveUp:
    async def give_up(delivery: Delivery, problem: str) -> None:
        """Put on record that a message stays unanswered; `shomu inbox retry` tries it again."""
        log.error("turn %s is given up after %d attempts", delivery.turn, delivery.attempt)
        await app.audit.record(
            AuditEvent(
                action="delivery.failed",
                workspace="",
                platform=delivery.platform,
                turn=delivery.turn,
                outcome="failed",
                reason=problem,
                details={"attempt": delivery.attempt, "event_id": delivery.identity},
                key=f"{delivery.turn}:failed",
            )
        )
        if delivery.platform in apologies:
            await apologies[delivery.platform](delivery)

    return give_up


def _claims(app: App) -> tuple[Any, Any]:
    firings = Firings(app.database)
    return firings.claim, firings.finish


async def _seal(app: App, stop: asyncio.Event) -> None:
    """Seal new audit events into the tree every few seconds."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SEAL_SECONDS)
        try:
            await app.audit.seal()
        except Exception as error:  # the record goes on; the next round or the night says more
            log.error("sealing the audit record failed: %s", type(error).__name__)


async def _metrics(request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
