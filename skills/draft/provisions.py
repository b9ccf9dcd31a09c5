"""The rules of the office that a document cites, as the workspace's documents have them now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from bot import Context, Passage
from skills.draft.stale import Line, Provision
from skills.draft.stale.lines import read
from skills.draft.stale.provisions import titles

MOST_RULES = 20
TOP = 10
SHORTEST = 4
_ARTICLE = re.compile(r"(第[0-9]{1,4}条(?:の[0-9]{1,2})?)\s?[(（]([^()（）]{2,30})[)）]")


async def cited(lines: Sequence[Line], context: Context) -> tuple[Provision, ...]:
    """Every cited rule that the workspace holds, with its revision date and articles found."""
    found = []
    for title in titles(read(lines))[:MOST_RULES]:
        near = [line.text for line in lines if title in line.text]
        query = f"{title} {' '.join(near)}"[:200]
        passages = await context.find(query, top=TOP)
        own = [passage for passage in passages if _is_of(passage, title)]
        if own:
            revised = max(passage.revised for passage in own)
            found.append(Provision(title, revised, _articles(own)))
    return tuple(found)


def _is_of(passage: Passage, title: str) -> bool:
    """Whether a passage is of the rule: 「財務規則.pdf」 is 「浜崎市財務規則」."""
    # 「01_財務規則_R8改正」: numbers and notes around the name.
    names = re.split(r"[_\s　()（）-]+", PurePosixPath(passage.document).stem)
    return any(
        len(name) >= SHORTEST and (title.endswith(name) or name.endswith(title)) for name in names
    )


def _articles(passages: Sequence[Passage]) -> dict[str, str]:
    return {
        match[1]: match[2] for passage in passages for match in _ARTICLE.finditer(passage.heading)
    }
