"""How soon Slack is told that its event is safe, at 500 events a second, on a real server.

    .venv/bin/python -m tests.bench.acknowledge [--rate 500] [--seconds 10]

Events are sent on schedule whether or not the last ones were answered, and the time runs from
when each was due: a server that falls behind cannot hide it. The sender is a process of its own.
Beside it, in the same run and with the same sender: a bare Starlette page that says 200.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.slack_office import BOT_USER, TEAM, SlackOffice

ROOT = Path(__file__).parents[2]
SHOMU = str(Path(sys.executable).parent / "shomu")
SECRET = "bench-signing-secret"
CONNECTIONS = 100
BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

async def ok(request):
    await request.body()
    return Response()

app = Starlette(routes=[Route("/slack/events", ok, methods=["POST"]), Route("/healthz", ok)])
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def signed(number: int) -> tuple[bytes, dict[str, str]]:
    ts = f"1790000000.{number:06d}"
    inner = {
        "type": "app_mention", "user": "U1", "text": f"<@{BOT_USER}> 夏季休暇は何日まで取れますか",
        "ts": ts, "channel": "C1", "event_ts": ts,
    }  # fmt: skip
    body = json.dumps(
        {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{number}", "event": inner}
    ).encode()
    now = str(int(time.time()))
    base = b"v0:" + now.encode() + b":" + body
    return body, {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": "v0=" + hmac.new(SECRET.encode(), base, sha256).hexdigest(),
    }


async def send(port: int, rate: float, seconds: float) -> dict[str, Any]:
    """Send on schedule; milliseconds from due to acknowledged, and what came of it."""
    waits: list[float] = []
    failed = 0
    url = f"http://127.0.0.1:{port}/slack/events"
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector) as client:

        async def one(number: int, due: float) -> None:
            nonlocal failed
            body, headers = signed(number)
            try:
                async with client.post(url, data=body, headers=headers) as answer:
                    failed += answer.status != 200
            except aiohttp.ClientError:
                failed += 1
            waits.append((time.perf_counter() - due) * 1_000)

        async with asyncio.TaskGroup() as group:
            begin = time.perf_counter() + 0.1
            for number in range(int(rate * seconds)):
                due = begin + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(number, due))
        took = time.perf_counter() - begin
    cuts = statistics.quantiles(waits, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "rate": len(waits) / took, "failed": failed}


async def ready(port: int) -> None:
    async with aiohttp.ClientSession() as client:
        for _ in range(400):
            try:
                async with client.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
    raise SystemExit("the server did not start")


def measure(
    name: str, command: Sequence[str], port: int, environment: Mapping[str, str], given: Any
) -> dict[str, Any]:
    """Start a server, have another process send to it, and print what that saw."""
    server = subprocess.Popen(command, env=dict(environment), stderr=subprocess.DEVNULL)
    try:
        asyncio.run(ready(port))
        sender = [sys.executable, "-m", "tests.bench.acknowledge", "--send-to", str(port)]
        sender += ["--rate", str(given.rate), "--seconds", str(given.seconds)]
        sent = subprocess.run(sender, cwd=ROOT, capture_output=True, text=True, check=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        server.terminate()
        try:
            server.wait(40)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found: dict[str, Any] = json.loads(sent.stdout)
    print(
        f"{name:16} p50 {found['p50']:6.1f} ms, p99 {found['p99']:6.1f} ms,"
        f" {found['rate']:.0f} events/s, {found['failed']} failed, {cpu:.1f} s CPU of the server"
    )
    return found


def main(given: Any) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    port = free_port()
    bare = measure("bare Starlette", [sys.executable, "-c", BARE, str(port)], port, plain, given)
    office = SlackOffice(trouble=0.0)
    office.start()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="shomu-acknowledge-") as home:
        environment = plain | {
            "SHOMU_HOME": home,
            "SHOMU_SLACK_SIGNING_SECRET": SECRET,
            "SHOMU_SLACK_BOT_TOKEN": "xoxb-bench",
            "SHOMU_SLACK_API_URL": f"http://127.0.0.1:{office.port}/api/",
        }
        command = [SHOMU, "serve", "--port", str(port), "--no-links"]
        ours = measure("shomu serve", command, port, environment, given)
    office.stop()
    print(f"p99 ratio {ours['p99'] / bare['p99']:.1f}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--send-to", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.send_to:
        print(json.dumps(asyncio.run(send(chosen.send_to, chosen.rate, chosen.seconds))))
    else:
        main(chosen)
