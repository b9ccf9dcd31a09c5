"""The forms of skills: which comes first, which follows, and what is wrong with one.

Adapters ask here while a window waits to open; the turn asks again before the skill runs, so that
a client that checks nothing changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot import policy
from bot.contract import Skill, skill_folder
from bot.errors import Refused, UnknownWorkspace
from bot.messages import Form, Message, load_reply
from bot.ports import Audit, Directory

# The name of a submitted form among its values.
FORM = "form"


class SkillForms:
    """Implements `bot.ports.Forms`. `home` is the state directory."""

    def __init__(
        self, skills: Mapping[str, Skill], directory: Directory, audit: Audit, home: Path
    ) -> None:
        self._skills = skills
        self._directory = directory
        self._audit = audit
        self._home = home

    async def first(self, message: Message) -> Form | None:
        return await self._ask(message, "", {"text": message.text})

    async def following(self, message: Message) -> Form | None:
        return await self._ask(message, message.values.get(FORM, message.command), message.values)

    async def offered(self, message: Message) -> Form | None:
        kept = await self._audit.answer_body(message.values["turn"], subject=message.subject)
        return load_reply(kept).form if kept else None

    async def _ask(self, message: Message, name: str, values: Mapping[str, str]) -> Form | None:
        skill = self._skills.get(message.command)
        if skill is None or skill.ask is None:
            return None
        try:
            workspace = await self._directory.workspace(message)
            policy.allow(workspace, skill)
        except (UnknownWorkspace, Refused):
            # The turn says why; a form that leads nowhere would only cost the person time.
            return None
        return skill.ask(name, values, skill_folder(self._home, workspace.name, skill.name))
