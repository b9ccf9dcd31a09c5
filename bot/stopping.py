"""Stopping long work: whichever replica gets the press, the one that works sees it.

A turn that can be stopped is a record under a name no skill can have, until the turn is over.
"""

from __future__ import annotations

from bot.errors import BadInput, Refused
from bot.ports import Records

OWNER = "_stop"


async def offer(records: Records, workspace: str, turn: str, subject: str) -> None:
    """Let `subject` stop a turn. A later attempt of a stopped turn finds it stopped."""
    if await records.get(workspace, OWNER, turn) is None:
        await records.put(workspace, OWNER, turn, {"subject": subject, "is_asked": False})


async def ask(records: Records, workspace: str, turn: str, subject: str) -> None:
    """Ask a turn to stop. Raises BadInput when it is over, Refused when it is somebody else's."""
    kept = await records.get(workspace, OWNER, turn)
    if kept is None:
        raise BadInput("stop", remedy="この処理はもう終わっています。")
    if kept["subject"] != subject:
        raise Refused("not the asker", remedy="中止できるのは、依頼した方だけです。")
    await records.put(workspace, OWNER, turn, {**kept, "is_asked": True})


async def is_asked(records: Records, workspace: str, turn: str) -> bool:
    """Whether a turn should stop."""
    kept = await records.get(workspace, OWNER, turn)
    return bool(kept and kept["is_asked"])


async def end(records: Records, workspace: str, turn: str) -> None:
    """Take the offer back: the turn is over."""
    await records.drop(workspace, OWNER, turn)
