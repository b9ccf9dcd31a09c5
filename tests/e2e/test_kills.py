"""kill -9 in the middle of turns: nothing that was acknowledged is lost, or answered twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from tests.e2e.slack_office import BOT_USER, TEAM, SlackOffice

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1_200)]

ROOT = Path(__file__).parents[2]
SHOMU = Path(sys.executable).parent / "shomu"
SECRET = "kill-test-signing-secret"
KILLS = 20
RATE = 12.0
DUPLICATES = 0.15
DRAIN_SECONDS = 150.0


class Server:
    """`shomu serve` on one state directory, killed and started again."""

    def __init__(self, home: Path, slack: SlackOffice) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        plain = {key: value for key, value in os.environ.items() if not key.startswith("SHOMU_")}
        self.environment = plain | {
            "SHOMU_HOME": str(home),
            "SHOMU_SLACK_SIGNING_SECRET": SECRET,
            "SHOMU_SLACK_BOT_TOKEN": "xoxb-kill-test",
            "SHOMU_SLACK_API_URL": f"http://127.0.0.1:{slack.port}/api/",
        }
        self.log = (home.parent / "server.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [str(SHOMU), "serve", "--port", str(self.port), "--no-links"],
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
        )

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    async def ready(self) -> None:
        async with aiohttp.ClientSession() as client:
            for _ in range(400):
                try:
                    async with client.get(f"http://127.0.0.1:{self.port}/healthz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
        raise AssertionError("the server did not start")


@pytest.fixture
def slack() -> Iterator[SlackOffice]:
    office = SlackOffice()
    office.start()
    yield office
    office.stop()


def event(number: int) -> tuple[str, dict[str, object]]:
    ts = f"1790000000.{number:06d}"
    inner = {
        "type": "app_mention",
        "user": "U1",
        "text": f"<@{BOT_USER}> 夏季休暇は何日まで取れますか",
        "ts": ts,
        "channel": "C1",
        "event_ts": ts,
    }
    return ts, {
        "type": "event_callback",
        "team_id": TEAM,
        "event_id": f"Ev{number}",
        "event": inner,
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
    }


async def deliver(client: aiohttp.ClientSession, port: int, payload: dict[str, object]) -> bool:
    """Send as Slack does, with its retries; True when it was acknowledged."""
    body = json.dumps(payload, ensure_ascii=False)
    for attempt in range(4):
        now = str(int(time.time()))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=now, body=body)
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": signature or "",
            **({"X-Slack-Retry-Num": str(attempt)} if attempt else {}),
        }
        try:
            async with client.post(
                f"http://127.0.0.1:{port}/slack/events",
                data=body.encode(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=3),
            ) as answer:
                if answer.status == 200:
                    return True
        except (aiohttp.ClientError, TimeoutError):
            pass
        await asyncio.sleep(0.5 + attempt)
    return False


async def test_twenty_kills_lose_nothing_and_answer_nothing_twice(
    tmp_path: Path, slack: SlackOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    manual = tmp_path / "休暇の手引.md"
    manual.write_text(
        "# 夏季休暇\n\n夏季休暇は、7月から9月までの間に5日以内とする。", encoding="utf-8"
    )
    server = Server(home, slack)
    add = [str(SHOMU), "docs", "add", str(manual), "--label", "2"]
    subprocess.run(add, env=server.environment, check=True, capture_output=True, timeout=60)
    chance = random.Random(3)
    acknowledged: set[str] = set()
    sending: list[asyncio.Task[None]] = []
    stop = asyncio.Event()

    async with aiohttp.ClientSession() as client:

        async def send(number: int) -> None:
            ts, payload = event(number)
            copies = 2 if chance.random() < DUPLICATES else 1
            accepted = await asyncio.gather(
                *(deliver(client, server.port, payload) for _ in range(copies))
            )
            if any(accepted):
                acknowledged.add(ts)

        async def send_all() -> None:
            number = 0
            while not stop.is_set():
                sending.append(asyncio.create_task(send(number)))
                number += 1
                await asyncio.sleep(1 / RATE)

        server.start()
        await server.ready()
        sender = asyncio.create_task(send_all())
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.3, 1.5))
            server.kill()
            server.start()
            await server.ready()
        stop.set()
        await sender
        await asyncio.gather(*sending)
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            if all(slack.answers("C1", ts) for ts in acknowledged):
                break
            await asyncio.sleep(0.5)
    server.kill()
    # One message of the bot in a thread is one answer, whatever the server went through.
    lost = [ts for ts in acknowledged if not slack.answers("C1", ts)]
    twice = [ts for _, ts in slack.messages if len(slack.messages["C1", ts]) > 1]
    server.log.close()
    told = f"{len(acknowledged)} acknowledged, {KILLS} kills: {len(lost)} lost, {len(twice)} twice"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
    assert len(acknowledged) > KILLS
    assert lost == []
    told = [slack.messages["C1", ts] for ts in twice]
    assert twice == [], json.dumps([[(m["ts"], m["metadata"]) for m in ms] for ms in told[:5]])
    assert all(
        "5日以内" in json.dumps(slack.answers("C1", ts), ensure_ascii=False) for ts in acknowledged
    )
    verify = [str(SHOMU), "audit", "verify"]
    done = subprocess.run(
        verify, env=server.environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout
