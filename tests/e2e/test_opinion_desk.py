"""Opinions sorted and worked on with the mouse: the real server, a form's export, real Chromium."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_pages import ARGUMENTS, CHROMIUM, DESK, keep
from tests.opinions.invented import table

from playwright.async_api import Page, async_playwright, expect  # isort: skip

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
    # The browser's driver closes its pipes after the loop; that is not ours to mend.
    pytest.mark.filterwarnings("default::ResourceWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]

PATIENCE = 90_000  # milliseconds: a child process starts, and reads a dictionary
SECONDS_TO_START = 60
SHOMU = str(Path(sys.executable).parent / "shomu")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server with a state directory of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    running = subprocess.Popen(
        [SHOMU, "serve", "--port", str(port), "--no-links"],
        env=plain | {"SHOMU_HOME": str(tmp_path / "home")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/healthz")
        yield address
    finally:
        running.terminate()
        running.wait(30)


def wait_for(address: str) -> None:
    for _ in range(SECONDS_TO_START * 4):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    pytest.fail(f"{address} did not answer")


async def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press the newest button of a name and wait for what it leads to."""
    answers = await page.locator(".answer:not(.waiting)").count()
    await page.get_by_role("button", name=name).last.click()
    await page.locator(".answer:not(.waiting)").nth(answers).wait_for()


async def test_a_file_is_sorted_mended_and_published_with_the_mouse(
    server: str, tmp_path: Path
) -> None:
    file = tmp_path / "意見募集.csv"
    # As spreadsheets in Japanese offices save it.
    file.write_bytes(table(150).decode().encode("cp932"))
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = await browser.new_context(viewport=DESK, locale="ja-JP")
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page = await context.new_page()
        await page.goto(f"{server}/chat")
        await page.locator("#file").set_input_files(file)
        await page.locator("#text").fill("意見を整理して")
        await page.keyboard.press("Enter")
        answer = page.locator(".answer:not(.waiting)").last
        await expect(answer).to_contain_text("150行 ＝ 意見 150件 ＋ 読めなかった行 0行")
        await keep(page, "opinion-desk-answer")

        async with page.expect_download() as download:
            await answer.get_by_role("link", name="map.html").click()
        map_file = tmp_path / "map.html"
        await (await download.value).save_as(map_file)
        drawn = await context.new_page()
        await drawn.goto(map_file.as_uri())
        await expect(drawn.locator("html")).to_have_attribute("data-ready", "150")

        await press(page, "話題を見る")
        await press(page, re.compile("^1 "))
        await press(page, "名前を変える")
        await page.locator(".answer").last.get_by_label("新しい名前").fill("夜の道の明かり")
        answers = await page.locator(".answer:not(.waiting)").count()
        await page.locator(".answer").last.get_by_role("button", name="送信").click()
        await page.locator(".answer:not(.waiting)").nth(answers).wait_for()
        await expect(page.locator(".answer").last).to_contain_text("「夜の道の明かり」に変えました")
        await press(page, "結果を出し直す")
        await expect(page.locator(".answer").last).to_contain_text("夜の道の明かり")
        await press(page, "公開用に出す")
        last = page.locator(".answer").last
        # Nothing is chosen for the person: how much goes out is theirs to say.
        await last.get_by_label("載せる範囲").select_option(
            label="原文を載せない（話題の名前と件数だけ）"
        )
        await last.get_by_label("確認").select_option(label="個人が分かる記述がないことを確認した")
        await press(page, "公開用のファイルを作る")
        await expect(page.locator(".answer").last).to_contain_text("公開用の地図.html")
        await keep(page, "opinion-desk-published")
        await browser.close()
