"""What somebody at a terminal reads, and the conversation they can have there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.adapters.console import BOLD, DIM, OFF, ConsoleChat, message, render
from bot.errors import BadInput
from bot.messages import Attachment, Card, Reply, Source

SHOMU = Path(sys.executable).parent / "shomu"
MANUAL = """# 休暇の手引

## 夏季休暇

夏季休暇は、7月から9月までの間に5日以内で取ることができます。
夏季休暇は、半日単位では取れません。
"""
SOURCE = Source(
    1,
    "休暇の手引.docx",
    "第3章 ＞ 第12条",
    "5日とする。",
    "p-1",
    page="p.4",
    revised="2026-04-01",
    label="2",
)


def test_an_answer_is_read_from_top_to_bottom() -> None:
    reply = Reply(
        "**夏季休暇は5日です。**〔1〕\n半日では取れません。",
        sources=(SOURCE,),
        card=Card("期間", (("始まり", "7月1日"), ("終わり", "9月30日"))),
        suggestions=("届出はいつまでですか",),
        notice="文書の該当箇所をそのまま示しています。",
        turn="018f-turn",
    )
    assert render(reply) == (
        "【夏季休暇は5日です。】〔1〕\n"
        "半日では取れません。\n"
        "\n"
        "期間\n"
        "  始まり：7月1日\n"
        "  終わり：9月30日\n"
        "\n"
        "出典\n"
        "  〔1〕 休暇の手引.docx ＞ 第3章 ＞ 第12条 p.4（2026-04-01 改正）\n"
        "\n"
        "  例：届出はいつまでですか\n"
        "\n"
        "文書の該当箇所をそのまま示しています。\n"
        "受付番号 018f-turn"
    )


def test_a_terminal_with_colours_shows_bold_as_bold() -> None:
    shown = render(Reply("**5日**です。", notice="注意", turn="t"), colour=True)
    assert shown == f"{BOLD}5日{OFF}です。\n\n{DIM}注意{OFF}\n{DIM}受付番号 t{OFF}"


def test_a_mark_without_its_pair_stays_as_it_was_written() -> None:
    assert render(Reply("2**3 は8です。", turn="t")) == "2**3 は8です。\n受付番号 t"
    two_lines = render(Reply("**一行目\n二行目**", turn="t"))
    assert two_lines == "**一行目\n二行目**\n受付番号 t"


def test_an_answer_without_sources_promises_none() -> None:
    assert "出典" not in render(Reply("見つかりませんでした。", turn="t"))


async def test_an_attached_file_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "会費.md"
    path.write_bytes("会費は4,200円です。".encode())
    sent = message("会費は？", files=[path])
    (attachment,) = sent.attachments
    assert (attachment.name, attachment.size) == ("会費.md", path.stat().st_size)
    assert await ConsoleChat().download(attachment) == path.read_bytes()
    path.unlink()
    with pytest.raises(BadInput) as caught:
        await ConsoleChat().download(Attachment("会費.md", location=str(path)))
    assert "会費.md を開けません" in caught.value.remedy


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "休暇の手引.md").write_text(MANUAL, encoding="utf-8")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    found = plain | {"SHOMU_HOME": str(folder / "home"), "PYTHONUTF8": "1"}
    add = [str(SHOMU), "docs", "add", str(folder / "休暇の手引.md"), "--label", "2"]
    subprocess.run(add, env=found, check=True, capture_output=True, timeout=60)
    return found


def chat(environment: dict[str, str], typed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SHOMU), "chat"],
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def test_a_conversation_goes_on_until_an_empty_line(environment: dict[str, str]) -> None:
    done = chat(environment, "夏季休暇は何日ですか\n半日でも取れますか\n\n夏季休暇は何日ですか\n")
    assert done.returncode == 0, done.stderr
    assert "ご用件をどうぞ" in done.stdout
    first, second = done.stdout.split("受付番号")[:2]
    assert "【夏季休暇は、7月から9月までの間に5日以内で取ることができます。】" in first
    assert "休暇の手引.md ＞ 夏季休暇" in first
    assert "半日単位では取れません" in second
    assert done.stdout.count("受付番号") == 2
    assert "\x1b" not in done.stdout + done.stderr


def test_a_conversation_ends_with_the_input(environment: dict[str, str]) -> None:
    done = chat(environment, "夏季休暇は何日ですか")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("受付番号") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal of this kind")
def test_on_a_real_terminal_work_is_seen_and_the_answer_is_bold(
    environment: dict[str, str],
) -> None:
    import pty

    controller, terminal = pty.openpty()
    shell = subprocess.Popen(
        [str(SHOMU), "chat"], env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    try:
        seen = _read_until(controller, "ご用件をどうぞ")
        os.write(controller, "夏季休暇は何日ですか\n".encode())
        seen = _read_until(controller, "受付番号")
        assert "調べています…" in seen
        assert f"{BOLD}夏季休暇は、7月から9月までの間に5日以内で取ることができます。{OFF}" in seen
        os.write(controller, b"\x04")
        assert shell.wait(30) == 0
    finally:
        if shell.poll() is None:
            shell.kill()
            shell.wait()
        os.close(controller)


def _read_until(controller: int, wanted: str) -> str:
    import select

    seen, end = b"", time.monotonic() + 40
    while wanted not in seen.decode("utf-8", "replace"):
        assert time.monotonic() < end, seen.decode("utf-8", "replace")
        if select.select([controller], [], [], 0.2)[0]:
            seen += os.read(controller, 4_096)
    return seen.decode("utf-8", "replace")
