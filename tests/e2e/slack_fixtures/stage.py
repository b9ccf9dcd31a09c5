"""A network of its own for the length of a test module: a Slack, our server, a browser.

local-slack listens on every address, so nothing outside may see it: the calling thread moves into
a fresh network namespace and everything it starts lives there. Afterwards the thread moves back.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).resolve().parents[3]
LOCAL_SLACK = ROOT / ".node/node_modules/local-slack-linux-x64/bin/local-slack"
SLACK_PORT = 3000
SERVER_PORT = 8010
SECRET = "e2e-signing-secret"
BOT_USER = "U0SHOMU"
TEAM = "T0CITY"
CLONE_NEWNET = 0x40000000

CONFIG: dict[str, Any] = {
    "workspace": {"name": "〇〇市", "domain": "city", "teamId": TEAM},
    "users": [
        {"id": "U1SATO", "name": "sato", "real_name": "佐藤 花子", "tz": "Asia/Tokyo"},
        {"id": "U2TANAKA", "name": "tanaka", "real_name": "田中 一郎", "tz": "Asia/Tokyo"},
    ],
    "channels": [
        {"id": "C1SOMU", "name": "総務課", "members": [BOT_USER, "U1SATO", "U2TANAKA"]},
        {
            "id": "C2JINJI",
            "name": "人事",
            "is_private": True,
            "members": [BOT_USER, "U1SATO"],
        },
    ],
}


def why_not() -> str:
    """Why this cannot run here; empty when it can."""
    if not LOCAL_SLACK.exists():
        return "local-slack is not installed: run infra/e2e/install.sh"
    if not Path(CHROMIUM).exists():
        return f"there is no {CHROMIUM}"
    libc = ctypes.CDLL(None, use_errno=True)
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if not hasattr(libc, "unshare") or probe.returncode != 0:
        return "network namespaces need root here"
    return ""


@contextmanager
def own_network() -> Iterator[None]:
    """Move this thread into a network with a loopback and nothing else."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        libc.setns(before, CLONE_NEWNET)
        os.close(before)


@contextmanager
def process(command: list[str], port: int, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a server until it answers on its port; end it by its own id."""
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until(lambda: child.poll() is not None or is_open(port), seconds=30)
        if child.poll() is not None:
            output = child.communicate()[0].decode("utf-8", "replace")
            raise RuntimeError(f"{command[0]} ended with {child.returncode}:\n{output[-3000:]}")
        yield
    finally:
        child.terminate()
        try:
            child.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


@contextmanager
def local_slack(folder: Path, mode: str) -> Iterator[Slack]:
    """Start local-slack; `mode` is "events" (HTTP) or "socket"."""
    app = {
        "appId": "A0SHOMU",
        "botUserId": BOT_USER,
        "botName": "庶務",
        "botToken": "xoxb-e2e",
        "appToken": "xapp-e2e",
        "signingSecret": SECRET,
        "mode": mode,
        "requestUrl": f"http://127.0.0.1:{SERVER_PORT}/slack/events",
    }
    config = folder / "local-slack.json"
    config.write_text(json.dumps({**CONFIG, "apps": [app]}), encoding="utf-8")
    command = [str(LOCAL_SLACK), "--config", str(config), "--port", str(SLACK_PORT)]
    command += ["--base-host", "127.0.0.1", "--files-dir", str(folder / "files")]
    with process(command, SLACK_PORT, {}):
        yield Slack(mode)


@contextmanager
def server(folder: Path, mode: str) -> Iterator[None]:
    """Start our server.

    Another one can be put in the place of the scripted one by E2E_SLACK_SERVER, such as
    "shomu serve --port 8010": it reads the same SHOMU_ variables.
    """
    script = str(Path(__file__).with_name("server.py"))
    command = os.environ.get("E2E_SLACK_SERVER", "").split() or [sys.executable, script]
    environment = {
        "SHOMU_HOME": str(folder / "home"),
        "SHOMU_SLACK_BOT_TOKEN": "xoxb-e2e",
        "SHOMU_SLACK_API_URL": f"http://127.0.0.1:{SLACK_PORT}/api/",
        "E2E_PORT": str(SERVER_PORT),
        "PYTHONPATH": str(ROOT),
    }
    if mode == "socket":
        environment["SHOMU_SLACK_APP_TOKEN"] = "xapp-e2e"
    else:
        environment["SHOMU_SLACK_SIGNING_SECRET"] = SECRET
    with process(command, SERVER_PORT, environment):
        yield


@contextmanager
def running(folder: Path, mode: str) -> Iterator[Slack]:
    """local-slack and our server, connected."""
    with local_slack(folder, mode) as client, server(folder, mode):
        if mode == "socket":
            wait_until(client.is_connected, seconds=30)
        yield client


class Slack:
    """What people do in local-slack, and what they see there."""

    base = f"http://127.0.0.1:{SLACK_PORT}"

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def control(self, verb: str, /, **body: Any) -> dict[str, Any]:
        return request(f"{self.base}/_control/{verb}", body)

    def say(
        self, text: str, *, channel: str = "C1SOMU", user: str = "U1SATO", thread: str = ""
    ) -> str:
        """Write a message as a person; returns its ts."""
        body = {"channel": channel, "user": user, "text": text}
        if thread:
            body["thread_ts"] = thread
        return str(self.control("message", **body)["message"]["ts"])

    def upload(
        self, text: str, name: str, content: bytes, *, channel: str = "C1SOMU", thread: str = ""
    ) -> None:
        """Write a message with a file, as a person."""
        fields = {"channel": channel, "user": "U1SATO", "text": text}
        if thread:
            fields["thread_ts"] = thread
        parts = [
            f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}'.encode()
            for key, value in fields.items()
        ]
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content)
        body = b"".join(b"--b0undary\r\n" + part + b"\r\n" for part in parts) + b"--b0undary--\r\n"
        header = {"Content-Type": "multipart/form-data; boundary=b0undary"}
        request(f"{self.base}/_control/upload", body, header)

    def command(self, name: str, text: str = "", channel: str = "C1SOMU") -> None:
        """Type a slash command, as a person."""
        self.control("command", channel=channel, user="U1SATO", command=name, text=text)

    def press(self, message: Mapping[str, Any], title: str, user: str = "U1SATO") -> None:
        """Press the button with this title under a message."""
        block, element = next(
            (block, element)
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
            if element["text"]["text"] == title
        )
        self.control(
            "interact",
            channel=message["channel"],
            messageTs=message["ts"],
            user=user,
            action={**element, "block_id": block.get("block_id", "b0")},
        )

    def messages(self, channel: str = "C1SOMU") -> list[dict[str, Any]]:
        return list(request(f"{self.base}/_control/messages/{channel}")["messages"])

    def thread(self, ts: str, channel: str = "C1SOMU") -> list[dict[str, Any]]:
        """The bot's lines under a message."""
        return [
            item
            for item in self.messages(channel)
            if item.get("thread_ts") == ts and item["user"] == BOT_USER
        ]

    def answers(self, ts: str, channel: str = "C1SOMU") -> list[dict[str, Any]]:
        return [item for item in self.thread(ts, channel) if "調べています" not in words(item)]

    def wait_for_answer(self, ts: str, channel: str = "C1SOMU") -> dict[str, Any]:
        wait_until(lambda: bool(self.answers(ts, channel)))
        return self.answers(ts, channel)[-1]

    def wait_for_text(self, text: str, channel: str = "C1SOMU") -> dict[str, Any]:
        """The newest line of the bot that holds these words."""

        def found() -> list[dict[str, Any]]:
            own = [item for item in self.messages(channel) if item["user"] == BOT_USER]
            return [item for item in own if text in words(item)]

        wait_until(lambda: bool(found()))
        return found()[-1]

    def log(self) -> list[dict[str, Any]]:
        return list(request(f"{self.base}/_control/log")["log"])

    def is_connected(self) -> bool:
        return any("socket connected" in entry["summary"] for entry in self.log())

    def direct_channel(self, user: str = "U1SATO") -> str:
        return str(request(f"{self.base}/api/conversations.open", {"users": user})["channel"]["id"])


def words(message: Mapping[str, Any]) -> str:
    """Everything a person reads in a message."""
    parts = [] if message.get("blocks") else [message.get("text", "")]
    for block in message.get("blocks") or ():
        objects = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
        parts += [_words(item) for item in objects if item]
    return "\n".join(parts)


def _words(item: Mapping[str, Any]) -> str:
    text = item["text"]
    return str(text["text"] if isinstance(text, dict) else text)


def request(url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """GET, or POST when there is a body. Returns the JSON of the answer."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    sent = urllib.request.Request(
        url, data=content, headers={"Content-Type": "application/json", **(headers or {})}
    )
    with urllib.request.urlopen(sent, timeout=20) as answer:
        text = answer.read().decode()
    return dict(json.loads(text)) if text.startswith("{") else {}


def is_open(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def wait_until(is_true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something to become true; fail when it does not."""
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")
        time.sleep(0.05)


@contextmanager
def browser() -> Iterator[Page]:
    """A page of the real Chromium in the same network."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = chromium.new_page(viewport={"width": 1300, "height": 1000}, locale="ja-JP")
            page.set_default_timeout(15_000)
            yield page
        finally:
            chromium.close()


def pictures() -> Path:
    """Where screenshots go; looked at by people, compared by nobody."""
    folder = Path(os.environ.get("E2E_PICTURES", ROOT / "build/pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
