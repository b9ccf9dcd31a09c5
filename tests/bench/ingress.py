"""CPU time of one signed Slack event: our gate and durable inbox against bare Bolt.

    .venv/bin/python tests/bench/ingress.py [--events 5000] [--rounds 3]

Both are called as ASGI apps in this process, 50 requests at a time, round and round about, so
that the machine's other work hits both alike. Bolt verifies the signature and runs a listener that
does nothing; ours verifies and commits to SQLite with synchronous=FULL before it says 200.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.adapters.slack.gate import Intake, SlackGate
from bot.services.database import Database
from bot.services.inbox import SqlInbox

SECRET = "bench-signing-secret"
AT_ONCE = 50
TARGET = 0.6

Headers = list[tuple[bytes, bytes]]
App = Callable[[Any, Any, Any], Awaitable[None]]


def requests(start: int, count: int) -> list[tuple[bytes, Headers]]:
    """Signed mentions, each another one, as Slack sends them."""
    made = []
    for number in range(start, start + count):
        ts = f"1790000000.{number:06d}"
        body = json.dumps(
            {
                "type": "event_callback",
                "team_id": "T1",
                "api_app_id": "A1",
                "event_id": f"Ev{number}",
                "event_time": 1_790_000_000,
                "event": {
                    "type": "app_mention",
                    "user": "U1",
                    "text": "<@U0> 夏季休暇は何日まで取れますか",
                    "ts": ts,
                    "channel": "C1",
                    "event_ts": ts,
                },
                "authorizations": [{"team_id": "T1", "user_id": "U0", "is_bot": True}],
            }
        ).encode()
        now = str(int(time.time()))
        base = b"v0:" + now.encode() + b":" + body
        signature = "v0=" + hmac.new(SECRET.encode(), base, sha256).hexdigest()
        headers = [
            (b"host", b"shomu.example"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-slack-request-timestamp", now.encode()),
            (b"x-slack-signature", signature.encode()),
        ]
        made.append((body, headers))
    return made


async def call(app: App, body: bytes, headers: Headers) -> int:
    """One request, as a server would hand it over; the status of its answer."""
    status = 0

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "https", "path": "/slack/events", "raw_path": b"/slack/events",
        "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    return status


async def measure(app: App, sent: list[tuple[bytes, Headers]]) -> tuple[float, float]:
    """(CPU, wall) microseconds per event, all threads of this process."""
    waiting: Iterator[tuple[bytes, Headers]] = iter(sent)

    async def caller() -> None:
        for body, headers in waiting:
            assert await call(app, body, headers) == 200

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / len(sent) * 1e6, wall / len(sent) * 1e6


@asynccontextmanager
async def ours(home: Path) -> AsyncIterator[tuple[App, Database]]:
    async def never(payload: Any) -> Any:
        raise AssertionError(payload)

    database = await Database.open_home(home)
    intake = Intake(SqlInbox(database), never, lambda outcome: None)
    intake.bot_user = "U0"
    gate = SlackGate([SECRET], intake, lambda outcome: None)
    try:
        yield Starlette(routes=[Route("/slack/events", gate)]), database
    finally:
        await database.close()


def bolt(heard: list[int]) -> App:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id="T1", bot_user_id="U0", bot_id="B0", bot_token="xoxb-x"
        )

    app = AsyncApp(signing_secret=SECRET, authorize=authorize)

    @app.event("app_mention")  # type: ignore[untyped-decorator]
    async def nothing() -> None:
        heard[0] += 1

    handler = AsyncSlackRequestHandler(app)

    async def take(request: Request) -> Response:
        answer: Response = await handler.handle(request)
        return answer

    return Starlette(routes=[Route("/slack/events", take, methods=["POST"])])


async def main(events: int, rounds: int) -> None:
    logging.disable(logging.WARNING)
    costs: dict[str, list[tuple[float, float]]] = {"ours": [], "bolt": []}
    heard = [0]
    with tempfile.TemporaryDirectory(prefix="shomu-ingress-") as folder:
        async with ours(Path(folder)) as (gate, database):
            apps = {"ours": gate, "bolt": bolt(heard)}
            for app in apps.values():
                await measure(app, requests(0, 300))
            for number in range(1, rounds + 1):
                for name, app in apps.items():
                    costs[name].append(await measure(app, requests(number * 1_000_000, events)))
            async with database.read() as connection:
                kept = (await connection.exec_driver_sql("SELECT count(*) FROM inbox")).scalar()
    assert kept == heard[0] == 300 + rounds * events, (kept, heard)
    for name, found in costs.items():
        cpu = statistics.median(cost for cost, _ in found)
        each = " ".join(f"{cost:.0f}" for cost, _ in found)
        wall = statistics.median(cost for _, cost in found)
        print(f"{name:5} {cpu:6.0f} µs CPU an event (rounds: {each}), {wall:6.0f} µs wall")
    ratios = [mine / its for (mine, _), (its, _) in zip(costs["ours"], costs["bolt"], strict=True)]
    ratio = statistics.median(ratios)
    print(f"ratio {ratio:.2f} (target at most {TARGET}); load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    asyncio.run(main(given.events, given.rounds))
