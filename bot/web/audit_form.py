"""The filter of the audit list, as a person fills it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.services.audit.search import EXACT, Filter
from bot.web.rendering import OFFICE_TIME


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as a person filled it in: texts, dates of the office's calendar."""

    since: str = ""
    until: str = ""
    workspace: str = ""
    actor: str = ""
    action: str = ""
    skill: str = ""
    outcome: str = ""
    engine: str = ""
    number: str = ""

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Asked:
        texts = {name: values.get(name, "") for name in cls.__slots__}
        return cls(
            **{name: text.strip()[:200] for name, text in texts.items() if isinstance(text, str)}
        )

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """What was filled in."""
        return [(name, getattr(self, name)) for name in self.__slots__ if getattr(self, name)]

    def filter(self) -> Filter:
        """The search it means; both days included. Raises ValueError for a date that is none."""
        until = _day(self.until)
        return Filter(
            **{name: getattr(self, name) for name in EXACT},
            since=_day(self.since),
            until=until + timedelta(days=1) if until else None,
        )


def _day(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=OFFICE_TIME) if text else None
