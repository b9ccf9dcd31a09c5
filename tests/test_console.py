"""What somebody at a terminal reads, and the conversation they can have there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.adapters.console import BOLD, DIM, OFF, ConsoleChat, message, render, save
from bot.errors import BadInput
from bot.messages import Attachment, Card, File, Reply, Source
from bot.testing import FakeFiles

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


async def kept(*files: File) -> tuple[FakeFiles, Reply]:
    found = FakeFiles()
    for file in files:
        await found.keep(file, file.id.encode(), workspace="main", subject="x")
    return found, Reply("下書きです。", files=files, turn="t")


async def test_files_of_an_answer_are_listed_and_saved_without_overwriting(tmp_path: Path) -> None:
    files, reply = await kept(*(File(f"f{n}", "議事録.docx", "", 2_000, "") for n in range(3)))
    assert "ファイル\n  議事録.docx（2KB）" in render(reply)
    (tmp_path / "議事録.docx").write_bytes(b"mine")
    saved = await save(files, reply, "main", tmp_path)
    names = ["議事録 (2).docx", "議事録 (3).docx", "議事録 (4).docx"]
    assert [path.name for path in saved] == names
    assert [path.read_bytes() for path in saved] == [b"f0", b"f1", b"f2"]
    assert (tmp_path / "議事録.docx").read_bytes() == b"mine"


async def test_a_folder_that_is_new_is_made(tmp_path: Path) -> None:
    files, reply = await kept(File("f1", "表.csv", "", 2, ""))
    (path,) = await save(files, reply, "main", tmp_path / "下書き" / "11月")
    assert path == tmp_path / "下書き" / "11月" / "表.csv"


async def test_a_folder_that_cannot_be_used_and_a_file_that_is_gone_are_explained(
    tmp_path: Path,
) -> None:
    files, reply = await kept(File("f1", "表.csv", "", 2, ""))
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput) as caught:
        await save(files, reply, "main", tmp_path / "file")
    assert "--out" in caught.value.remedy
    with pytest.raises(BadInput) as caught:
        await save(files, reply, "tax", tmp_path)
    assert "表.csv は保存期間を過ぎた" in caught.value.remedy


WRITER = """
from bot import Reply, skill

@skill
async def write(message, context):
    file = await context.attach("会議メモ.csv", b"a,b")
    return Reply("メモを作りました。", files=(file,))
"""


@pytest.fixture(scope="module")
def writer(environment: dict[str, str]) -> dict[str, str]:
    """An office with a skill of its own that hands over a file."""
    folder = Path(environment["SHOMU_HOME"]) / "skills" / "memo"
    folder.mkdir(parents=True)
    card = "---\nname: memo\ndescription: メモを作ります。\nmetadata:\n  triggers: 会議メモ\n---\n"
    (folder / "SKILL.md").write_text(card, encoding="utf-8")
    (folder / "skill.py").write_text(WRITER, encoding="utf-8")
    return environment


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SHOMU), *words], env=environment, capture_output=True, text=True,
        encoding="utf-8", timeout=60,
    )  # fmt: skip


def test_a_question_at_the_terminal_saves_its_file_or_says_how(
    writer: dict[str, str], tmp_path: Path
) -> None:
    told = run(writer, "ask", "会議メモを作って")
    assert "会議メモ.csv（1KB）" in told.stdout, told.stderr
    assert "--out フォルダー" in told.stderr
    done = run(writer, "ask", "会議メモを作って", "--out", str(tmp_path / "出力"), "--json")
    assert json.loads(done.stdout)["files"][0]["name"] == "会議メモ.csv"
    assert f"保存しました：{tmp_path / '出力' / '会議メモ.csv'}" in done.stderr
    assert (tmp_path / "出力" / "会議メモ.csv").read_bytes() == b"a,b"


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
