"""The server as it is run: how it starts, shares work, says that it is unwell, and stops."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import httpx2
import pytest
from sqlalchemy import text
from starlette.responses import JSONResponse

from bot.app import open_app
from bot.server import running
from bot.services.database import Database
from bot.settings import Settings
from tests.conftest import POSTGRES
from tests.e2e.slack_office import BOT_USER, TEAM, SlackOffice

SHOMU = Path(sys.executable).parent / "shomu"
SECRET = "server-test-signing-secret"
MANUAL = "# 夏季休暇\n\n夏季休暇は、7月から9月までの間に5日以内とする。\n"
# The fake Slack runs in a thread of ours, whose loop is closed with connections open.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@dataclass
class Office(SlackOffice):
    """A Slack that can be told to keep an answer waiting, and to refuse the app token."""

    trouble: float = 0.0
    may_answer: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.may_answer.set()

    async def _call(self, request: Any) -> Any:
        method = request.path_params["method"]
        if method == "apps.connections.open":
            return JSONResponse({"ok": False, "error": "invalid_auth"})
        while method == "chat.update" and not self.may_answer.is_set():
            await asyncio.sleep(0.02)
        return await super()._call(request)


@pytest.fixture
def slack() -> Iterator[Office]:
    office = Office()
    office.start()
    yield office
    office.may_answer.set()
    office.stop()


class Server:
    """`shomu serve` in a process of its own."""

    def __init__(self, home: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        plain = {key: value for key, value in os.environ.items() if not key.startswith("SHOMU_")}
        self.environment = plain | {"SHOMU_HOME": str(home)} | environment
        self.process = subprocess.Popen(
            [str(SHOMU), "serve", "--port", str(self.port), "--no-links"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def get(self, path: str) -> str:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()[0]
        try:
            return bool(json.loads(self.get("/healthz"))["ok"])
        except URLError:
            return False

    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def mention(self, number: int) -> str:
        """Send a signed mention; returns its ts after it was acknowledged."""
        ts = f"1790000000.{number:06d}"
        body = json.dumps(
            {
                "type": "event_callback",
                "team_id": TEAM,
                "event_id": f"Ev{number}",
                "event": {
                    "type": "app_mention",
                    "user": "U1",
                    "text": f"<@{BOT_USER}> 夏季休暇は何日まで取れますか",
                    "ts": ts,
                    "channel": "C1",
                    "event_ts": ts,
                },
            }
        ).encode()
        now = str(int(time.time()))
        base = b"v0:" + now.encode() + b":" + body
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": "v0=" + hmac.new(SECRET.encode(), base, sha256).hexdigest(),
        }
        address = f"http://127.0.0.1:{self.port}/slack/events"
        with urlopen(Request(address, body, headers), timeout=10) as answer:
            assert answer.status == 200
        return ts

    def ended(self, seconds: float = 30) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        printed, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode, printed


@contextmanager
def serving(home: Path, slack: Office | None = None, **environment: str) -> Iterator[Server]:
    if slack is not None:
        environment = {
            "SHOMU_SLACK_BOT_TOKEN": "xoxb-server-test",
            "SHOMU_SLACK_API_URL": f"http://127.0.0.1:{slack.port}/api/",
            "SHOMU_SLACK_SIGNING_SECRET": SECRET,
        } | environment
    server = Server(home, **environment)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()


def wait_until(holds: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


async def add_manual(settings: Settings) -> None:
    async with open_app(settings) as app:
        name = await app.workspace_for("main", make=True)
        await app.library.add([("休暇の手引.md", MANUAL.encode())], workspace=name, label="2")


def counted(metrics: str, name: str, **labels: str) -> float:
    """One number of the page /metrics; 0 when it is not there."""
    wanted = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    for line in metrics.splitlines():
        if line.startswith(f"{name}{{{wanted}}} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def test_an_app_token_that_slack_refuses_stops_the_server_with_the_remedy(
    tmp_path: Path, slack: Office
) -> None:
    with serving(tmp_path / "home", slack, SHOMU_SLACK_APP_TOKEN="xapp-refused") as server:
        code, printed = server.ended()
    assert code == 2
    assert "SHOMU_SLACK_APP_TOKEN が Slack に受け付けられません。" in printed
    assert "App-Level Token を確認してください。" in printed
    assert "Misconfigured" in printed
    assert "Traceback" not in printed
    assert "xapp-refused" not in printed


def test_sigterm_finishes_the_turn_in_hand_and_the_counters_have_it(
    tmp_path: Path, slack: Office
) -> None:
    slack.may_answer.clear()
    with serving(tmp_path / "home", slack) as server:
        wait_until(server.is_ready)
        ts = server.mention(1)
        server.mention(1)
        wait_until(lambda: bool(slack.messages))
        metrics = server.get("/metrics")
        assert counted(metrics, "shomu_received_total", platform="slack", outcome="accepted") == 1
        assert counted(metrics, "shomu_received_total", platform="slack", outcome="duplicate") == 1
        assert slack.answers("C1", ts) == []
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not server.is_listening())
        slack.may_answer.set()
        code, printed = server.ended()
    assert code == 0, printed
    assert "Traceback" not in printed
    assert len(slack.answers("C1", ts)) == 1


def test_a_port_in_use_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [str(SHOMU), "serve", "--port", str(port)],
            env={"PATH": os.environ["PATH"], "SHOMU_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode == 2
    assert f"ポート {port} はほかのプログラムが使っています。" in done.stderr
    assert "--port で別の番号を指定してください。" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home" / "shomu.db").exists()


def test_an_unknown_setting_is_listed_and_nothing_starts(tmp_path: Path) -> None:
    with serving(
        tmp_path / "home", SHOMU_SLACK_TOKEN="xoxb-secret", SHOMU_MODEL_ZONE="moon"
    ) as server:
        code, printed = server.ended()
    assert code == 2
    assert "次の2件を直してください" in printed
    assert "SHOMU_SLACK_TOKEN という設定はありません。" in printed
    assert "SHOMU_MODEL_ZONE は local、lgwan、cloud のどれかです。" in printed
    assert "xoxb-secret" not in printed


async def test_the_health_page_says_which_part_does_not_work(tmp_path: Path) -> None:
    async with (
        open_app(Settings(home=tmp_path / "home")) as app,
        running(app) as started,
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(started.pages, client=("127.0.0.1", 50_000)),
            base_url="http://127.0.0.1:8390",
        ) as browser,
    ):
        answer = await browser.get("/healthz")
        assert (answer.status_code, answer.json()["ok"]) == (200, True)
        assert answer.json()["inbox"] == {"ok": True, "waiting": 0, "leased": 0, "failed": 0}
        async with app.database.write() as connection:
            await connection.execute(text("ALTER TABLE inbox RENAME TO lost"))
        answer = await browser.get("/healthz")
        assert (answer.status_code, answer.json()["ok"]) == (503, False)
        assert answer.json()["database"] == {"ok": True}
        assert answer.json()["inbox"]["ok"] is False
        async with app.database.write() as connection:
            await connection.execute(text("ALTER TABLE lost RENAME TO inbox"))


class BrokenWake:
    """Stands for a mistake in the worker: it ends, whatever it was meant to survive."""

    def set(self) -> None:
        pass

    def clear(self) -> None:
        raise RuntimeError("様のご質問")


async def test_work_that_ends_is_reported_to_whoever_serves_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_app(Settings(home=tmp_path / "home")) as app:
        app.inbox.wake = BrokenWake()  # type: ignore[assignment]
        async with running(app) as started:
            error = await asyncio.wait_for(started.failure, 10)
    assert isinstance(error, RuntimeError)
    assert "ended with RuntimeError" in caplog.text
    assert "様のご質問" not in caplog.text


async def test_two_servers_on_one_database_share_the_work_and_do_nothing_twice(
    tmp_path: Path, slack: Office
) -> None:
    url = os.environ.get(POSTGRES, "")
    if not url:
        pytest.skip(f"{POSTGRES} is not set: infra/test.sh starts PostgreSQL and sets it")
    emptied = Database(url)
    async with emptied.write() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await emptied.close()
    home = tmp_path / "home"
    await add_manual(Settings(home=home, database_url=url))
    await asyncio.to_thread(_share, home, slack, url)


def _share(home: Path, slack: Office, url: str) -> None:
    mentions = 40
    with (
        serving(home, slack, SHOMU_DATABASE_URL=url) as first,
        serving(home, slack, SHOMU_DATABASE_URL=url) as second,
    ):
        servers = (first, second)
        wait_until(lambda: all(server.is_ready() for server in servers))
        # Each mention goes to both, as when a proxy tries again elsewhere.
        sent = [server.mention(number) for number in range(mentions) for server in servers]
        wait_until(lambda: all(slack.answers("C1", ts) for ts in sent))
        done = [
            counted(
                server.get("/metrics"), "shomu_deliveries_total", platform="slack", outcome="done"
            )
            for server in servers
        ]
    assert {len(slack.messages["C1", ts]) for ts in sent} == {1}
    assert all("5日以内" in json.dumps(slack.answers("C1", ts), ensure_ascii=False) for ts in sent)
    assert sum(done) >= mentions - 1  # the last may be posted before it is counted
    assert min(done) > 0
