"""The Teams playground in a network of its own: the client, a server under test, a browser."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[2]
PLAYGROUND = ROOT / ".node/node_modules/@microsoft/m365agentsplayground/cli.js"
CHROMIUM = Path("/usr/bin/chromium")
BOT_PORT = 3978
CLIENT_PORT = 56150
PATIENCE = 20_000  # milliseconds for what a person waits for
SHOTS = os.environ.get("E2E_PICTURES", "")


def why_not() -> str:
    if not PLAYGROUND.exists():
        return "the Teams playground is not installed: bash infra/e2e/install.sh"
    if not CHROMIUM.exists():
        return "/usr/bin/chromium is not installed"
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "network namespaces are not allowed here"


@contextmanager
def _running(
    command: list[str], log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=log.parent,
            env={**os.environ, **environment},
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait_for(inside: list[str], port: int) -> None:
    """Wait until something listens on a port in the namespace."""
    probe = f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        tried = subprocess.run(
            [*inside, sys.executable, "-c", probe], capture_output=True, check=False
        )
        if tried.returncode == 0:
            return
        time.sleep(0.3)
    raise TimeoutError(f"nothing listens on {port}")


class Client:
    """The playground's page: what a person types, presses and reads."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def say(self, text: str) -> None:
        box = self.page.locator("[contenteditable=true]").first
        box.click()
        box.type(text)
        self.page.keyboard.press("Enter")

    def text(self, words: str) -> Locator:
        """The newest element that shows these words."""
        return self.page.get_by_text(words).last

    def count(self, words: str) -> int:
        return int(self.page.locator("body").inner_text().count(words))

    def button(self, title: str) -> Locator:
        return self.page.get_by_role("button", name=title, exact=True).last

    def shot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@contextmanager
def running(folder: Path, command: list[str], environment: Mapping[str, str]) -> Iterator[Client]:
    """The playground talking to the server that `command` starts on BOT_PORT."""
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        holder = stack.enter_context(
            _running(
                ["unshare", "-n", "sh", "-c", "ip link set lo up && exec sleep 600"],
                folder / "namespace.log",
                {},
            )
        )
        inside = ["nsenter", "-t", str(holder.pid), "-n"]
        _wait_for_loopback(inside)
        stack.enter_context(
            _running(
                inside + command,
                folder / "server.log",
                {"PYTHONPATH": str(ROOT), "SHOMU_TEAMS_DEV": "1", **environment},
            )
        )
        _wait_for(inside, BOT_PORT)
        stack.enter_context(
            _running(
                [
                    *inside, "node", str(PLAYGROUND), "start",
                    "-e", f"http://127.0.0.1:{BOT_PORT}/api/messages",
                    "-c", "msteams", "-p", str(CLIENT_PORT), "--disable-telemetry",
                ],
                folder / "playground.log",
                {"TEAMSAPPTESTER_BROWSER": "none"},
            )
        )  # fmt: skip
        _wait_for(inside, CLIENT_PORT)
        wrapper = folder / "chromium"
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(inside)} {CHROMIUM} "$@"\n')
        wrapper.chmod(0o755)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=str(wrapper),
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        )  # fmt: skip
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": 1280, "height": 1100}, locale="ja-JP")
        page.set_default_timeout(PATIENCE)
        page.goto(f"http://127.0.0.1:{CLIENT_PORT}/")
        # The log of what was sent repeats every word: only what a person reads shall count.
        page.get_by_text("Log Panel").locator("xpath=../..").get_by_role("button").last.click()
        yield Client(page)


def _wait_for_loopback(inside: list[str]) -> None:
    for _ in range(100):
        shown = subprocess.run(
            [*inside, "ip", "link", "show", "lo"], capture_output=True, text=True, check=False
        )
        if "LOOPBACK,UP" in shown.stdout and "UNKNOWN" in shown.stdout:
            return
        time.sleep(0.05)
    raise TimeoutError("the namespace has no loopback")
