"""Key files: made once, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from bot.errors import Misconfigured

FOLDER = "keys"


def load_secret(path: Path, make: Callable[[], str]) -> str:
    """Read a secret, making it when the file is new.

    Raises Misconfigured when others than the owner could read it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        _write_new(path, make())
        mode = path.stat().st_mode
    if os.name == "posix" and mode & 0o077:
        raise Misconfigured(
            [f"{path} を所有者以外が読めます。"],
            remedy=f"chmod 600 {path} を実行してから、もう一度起動してください。",
        )
    return path.read_text(encoding="ascii").strip()


def _write_new(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Not rename: of two processes that start together, the first one's key stays.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
