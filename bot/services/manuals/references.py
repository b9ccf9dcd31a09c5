"""Keeps what skills that are only a SKILL.md answer from: their words and their references.

They belong to the skill and not to an office, so they stand in a workspace of their own, which no
message is ever sent to.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.contract import Skill
from bot.ports import SKILLS_WORKSPACE
from bot.services.manuals.library import Library

PUBLIC = "1"


async def follow_references(library: Library, skills: Iterable[Skill]) -> list[tuple[str, str]]:
    """Add, update and remove, so that what is kept is what the folders hold.

    Returns the documents that could not be read, each with what to do.
    """
    failed: list[tuple[str, str]] = []
    for skill in skills:
        if not skill.is_plain or skill.folder is None:
            continue
        documents: list[Path | tuple[str, bytes]] = [
            (f"{skill.title}.md", skill.instructions.encode())
        ]
        references = skill.folder / "references"
        if references.is_dir() and any(path.is_file() for path in references.rglob("*")):
            documents.append(references)
        collection = skill.own_collection
        report = await library.add(
            documents, workspace=SKILLS_WORKSPACE, label=PUBLIC, collection=collection
        )
        failed += [(f"{skill.name}/references/{name}", why) for name, why in report.failed]
        there = {*report.added, *report.updated, *report.unchanged}
        kept = await library.list(SKILLS_WORKSPACE, collection=collection)
        gone = [item.name for item in kept if item.name not in there]
        await library.remove(gone, workspace=SKILLS_WORKSPACE, collection=collection)
    return failed
