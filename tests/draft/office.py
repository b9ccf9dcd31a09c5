"""A whole office on real services: files are really read, documents really kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bot import Message, Reply
from bot.app import ROOT, App
from bot.messages import Actor, Attachment, Place
from bot.testing import FakeChat

WORKSPACE = "main"


def message(
    text: str = "",
    *,
    files: Mapping[str, bytes] | None = None,
    values: Mapping[str, str] | None = None,
    kind: str = "direct",
    command: str = "draft",
    workspace: str = WORKSPACE,
) -> Message:
    """What the operator at the terminal sends to the draft skill."""
    return Message(
        text=text,
        actor=Actor("operator"),
        place=Place("console", "local", "terminal", "", "direct"),
        kind=kind,  # type: ignore[arg-type]  # one of Kind
        workspace=workspace,
        command=command,
        values=values or {},
        attachments=tuple(
            Attachment(name, size=len(content)) for name, content in (files or {}).items()
        ),
    )


async def say(app: App, sent: Message, files: Mapping[str, bytes] | None = None) -> Reply:
    await app.workspace_for(sent.workspace, make=True)
    return await app.bot.receive(sent, FakeChat(files=files))


def shomu(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, run from this checkout."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    return subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", *words],
        env=plain | {"SHOMU_HOME": str(home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
