"""The terminal: one question (`shomu ask`) or a conversation (`shomu chat`)."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bot.errors import BadInput
from bot.messages import Actor, Attachment, Message, Place, Reply, Said
from bot.ports import Files

NO_CHANNEL = "端末にはチャンネルがないため、期間を決めた要約はできません。"
BOLD, DIM, OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class ConsoleChat:
    """One conversation in a terminal. The placeholder is a line that the answer overwrites."""

    def __init__(self, screen: TextIO | None = None, show: bool = True) -> None:
        self._screen = screen or sys.stderr
        self._show = show and self._screen.isatty()
        self._said: dict[str, tuple[Said, Said]] = {}

    async def hold(self, message: Message, text: str) -> bool:
        self._line(text)
        return False

    async def progress(self, message: Message, text: str, *, stoppable: bool = False) -> None:
        self._line(text)

    async def answer(self, message: Message, reply: Reply) -> None:
        self._line("")
        asked = Said(message.text, by_bot=False)
        self._said[message.turn] = (asked, Said(reply.text, by_bot=True))

    async def history(self, message: Message, limit: int = 20) -> Sequence[Said]:
        return [line for pair in self._said.values() for line in pair][-limit:]

    async def read_back(
        self, message: Message, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Said]:
        if since is not None:
            raise BadInput("no channel", remedy=NO_CHANNEL)
        return await self.history(message, limit=len(self._said) * 2)

    async def download(self, attachment: Attachment) -> bytes:
        try:
            return Path(attachment.location).read_bytes()
        except OSError as error:
            raise BadInput(
                "attachment", remedy=f"{attachment.name} を開けません。場所を確認してください。"
            ) from error

    def reference(self) -> None:
        """None: once the command has ended, nobody looks."""
        return None

    def _line(self, text: str) -> None:
        if self._show:
            self._screen.write(f"\r\x1b[K{text}")
            self._screen.flush()


def message(
    text: str, workspace: str = "", *, thread: str = "", files: Sequence[Path] = ()
) -> Message:
    """Make a message of what was typed in this terminal."""
    return Message(
        text=text,
        actor=Actor(id=getpass.getuser(), name=getpass.getuser()),
        place=Place("console", "local", "terminal", thread, "direct"),
        kind="direct",
        workspace=workspace,
        attachments=tuple(
            Attachment(path.name, size=path.stat().st_size, location=str(path)) for path in files
        ),
    )


async def save(
    files: Files, reply: Reply, workspace: str, folder: Path, name: str = ""
) -> list[Path]:
    """Write the files of a reply into a folder, next to what is there already.

    `name` takes the place of the names they have.

    Raises BadInput when the folder cannot be written or a file is kept no longer.
    """
    saved = []
    for file in reply.files:
        kept = await files.fetch(file.id, workspace=workspace)
        if kept is None:
            raise BadInput("file", remedy=f"{file.name} は保存期間を過ぎたため受け取れません。")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            saved.append(_write_new(folder / (name or file.name), kept.content))
        except OSError as error:
            raise BadInput(
                "folder",
                remedy=f"{folder} に書き込めません（{error.strerror}）。"
                "ほかのフォルダーを --out に指定してください。",
            ) from error
    return saved


def _write_new(path: Path, content: bytes) -> Path:
    """Write a file under a name that is free: the same, or with a number."""
    name, number = path, 1
    while True:
        try:
            with name.open("xb") as file:
                file.write(content)
        except FileExistsError:
            number += 1
            name = path.with_name(f"{path.stem} ({number}){path.suffix}")
        else:
            return name


def render(reply: Reply, *, colour: bool = False) -> str:
    """Write a reply for a terminal: the answer, its sources, what to do next."""
    bold, dim, off = (BOLD, DIM, OFF) if colour else ("【", "", "】")
    lines = [_bold(line, bold, off) for line in reply.text.split("\n")]
    if reply.card:
        lines += ["", reply.card.title]
        lines += [f"  {name}：{value}" for name, value in reply.card.rows]
    if reply.files:
        lines += ["", "ファイル"]
        lines += [f"  {file.name}（{file.size_title}）" for file in reply.files]
    if reply.sources:
        lines += ["", "出典"]
        lines += [f"  〔{source.number}〕 {source.where}" for source in reply.sources]
    if reply.suggestions:
        lines += ["", *(f"  例：{question}" for question in reply.suggestions)]
    end = OFF if colour else ""
    if reply.notice:
        lines += ["", f"{dim}{reply.notice}{end}"]
    lines.append(f"{dim}受付番号 {reply.turn}{end}")
    return "\n".join(lines)


def _bold(line: str, on: str, off: str) -> str:
    parts = line.split("**")
    # Bold comes in pairs; an unpaired mark is text.
    if len(parts) % 2 == 0:
        return line
    return "".join(f"{on}{part}{off}" if n % 2 else part for n, part in enumerate(parts))
