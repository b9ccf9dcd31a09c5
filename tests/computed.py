"""Functions that tests have computed in a child process, which imports them from here."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bot.adapters.slack.api import SlackRefused
from bot.errors import BadInput, Misconfigured


def process() -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def squares(most: int) -> list[int]:
    sys.stdout.write("進み具合\n")
    return [number * number for number in range(most)]


def work_for_ever(begun: str) -> None:
    Path(begun).write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(600)


def refuse(kind: str) -> None:
    match kind:
        case "input":
            raise BadInput("rows", remedy="表の2行目を直してください。")
        case "settings":
            raise Misconfigured(["一つ目", "二つ目"])
        case "slack":
            raise SlackRefused("chat.update", "message_not_found")
        case _:
            raise ValueError(f"様のご意見: {kind}")


def die() -> None:
    sys.stdout.flush()
    os._exit(1)


def unwritable() -> object:
    return lambda: None
