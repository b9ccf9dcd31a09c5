"""The audit pages: who used what, when, on which data, and whether the record still holds.

Looking at the list is free. Reading somebody's words, checking the record and taking a copy away
are recorded themselves, before they happen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from bot.messages import Reply, load_reply
from bot.ports import AuditEvent, Clock, Role
from bot.services.audit.export import Format, export
from bot.services.audit.record import SqlAudit
from bot.services.audit.search import Filter, Line
from bot.web.audit_form import Asked
from bot.web.audit_reader import AuditReader
from bot.web.audit_record import Record
from bot.web.chat import Workspaces
from bot.web.gate import refusal
from bot.web.rendering import OFFICE_TIME, Rendering
from bot.web.visit import Visit
from bot.web.words import ACTIONS, OUTCOMES

PAGE_SIZE = 50
SYSTEM = frozenset({"auditor", "operator", "admin"})
AUDITORS = frozenset({"auditor", "admin"})
# The search itself knows the roles of the chat: a viewer looks at one workspace at a time.
SEARCH_AS: dict[str, Role] = {"auditor": "auditor", "operator": "operator", "admin": "operator"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found, and when."""

    ok: bool
    problems: Sequence[str]
    notes: Sequence[str]
    events: int
    checkpoints: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a question, or the reply; both empty when they are gone."""

    text: str = ""
    reply: Reply | None = None


class AuditPages:
    """Answers the addresses under /admin/audit."""

    def __init__(
        self,
        audit: SqlAudit,
        reader: AuditReader,
        rendering: Rendering,
        workspaces: Workspaces,
        clock: Clock,
        default_workspace: str,
    ) -> None:
        self._audit = audit
        self._reader = reader
        self._rendering = rendering
        self._workspaces = workspaces
        self._clock = clock
        self._default_workspace = default_workspace

    async def list(self, visit: Visit) -> Response:
        """The newest events that fit the filter."""
        return await self._list(visit)

    async def verify(self, visit: Visit) -> Response:
        """Seal what is waiting, recompute everything and show what was found."""
        report = await self._audit.verify()
        await self._record(
            visit, "admin.verify", outcome="ok" if report.ok else "failed", events=report.events
        )
        verdict = Verdict(
            report.ok,
            report.problems,
            report.notes,
            report.events,
            report.checkpoints,
            self._clock.now(),
        )
        return await self._list(visit, verdict)

    async def export(self, visit: Visit) -> Response:
        """A file of the events that fit the filter. That it was taken is recorded first."""
        asked = Asked.parse(visit.form)
        try:
            wanted = self._within_rights(visit, asked.filter())
        except ValueError:
            return refusal(self._rendering, visit.request, 400, "bad_date", visit)
        kind: Format = "csv" if visit.text("format") == "csv" else "jsonl"
        pieces = export(
            self._audit,
            wanted,
            kind,
            actor=visit.actor,
            role=SEARCH_AS.get(visit.role, "staff"),
            platform="console",
            everywhere=not wanted.workspace,
        )
        # The first piece is drawn here: when the record cannot be written, nothing is sent.
        first = await anext(pieces, "")
        name = f"audit-{self._clock.now().astimezone(OFFICE_TIME):%Y%m%d-%H%M%S}.{kind}"
        media_type = "text/csv" if kind == "csv" else "application/jsonl"
        return StreamingResponse(
            _chained(first, pieces),
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def show(self, visit: Visit) -> Response:
        return await self._event(visit, wants_words=False)

    async def words(self, visit: Visit) -> Response:
        """One event with its words; that they were looked at is recorded first."""
        return await self._event(visit, wants_words=True)

    async def prompt(self, visit: Visit) -> Response:
        found = await self._reader.prompt(visit.request.path_params["digest"])
        if found is None:
            return refusal(self._rendering, visit.request, 404, "no_prompt", visit)
        return self._rendering.page("prompt.html", visit, prompt=found)

    async def _event(self, visit: Visit, *, wants_words: bool) -> Response:
        whole = await self._reader.event(visit.request.path_params["id"])
        if whole is None:
            return refusal(self._rendering, visit.request, 404, "no_event", visit)
        words = await self._words(visit, whole.line) if wants_words else None
        return self._rendering.page(
            "event.html",
            visit,
            record=Record(whole.line, whole.canonical, whole.leaf_hash),
            has_words=whole.has_words,
            related=whole.related,
            words=words,
            may_read=AUDITORS,
            may_see_prompts=SYSTEM,
        )

    async def _words(self, visit: Visit, line: Line) -> Words:
        await self._record(visit, "admin.view_body", target=line.id, workspace=line.workspace)
        text = await self._audit.body(line.id)
        if line.action == "assistant.request" or not text:
            return Words(text)
        try:
            return Words(reply=load_reply(text))
        except (ValueError, TypeError, KeyError):
            # Kept by another version, or not a reply at all: still what was said.
            return Words(text)

    async def _list(self, visit: Visit, verdict: Verdict | None = None) -> Response:
        asked = Asked.parse(visit.request.query_params)
        lines: Sequence[Line] = ()
        problem, total, page = "", 0, _page_number(visit)
        try:
            lines, total = await self._find(visit, asked, page)
        except ValueError:
            problem = "日付は「2026-04-01」のように入力してください。"
        workspaces = await self._workspaces()
        skills, engines = await self._reader.recent_values()
        return self._rendering.page(
            "audit.html",
            visit,
            records=[Record(line) for line in lines],
            total=total,
            verdict=verdict,
            checkpoint=await self._reader.last_seal(),
            filter=asked,
            is_filtered=bool(asked.fields),
            problem=problem,
            workspaces=workspaces,
            titles={item.name: item.title or item.name for item in workspaces},
            actions=tuple(ACTIONS),
            outcomes=tuple(OUTCOMES),
            skills=skills,
            engines=engines,
            sees_everywhere=visit.role in SEARCH_AS,
            may_verify=SYSTEM,
            may_export=AUDITORS,
            newest_link=_link(asked, 1) if page > 1 else "",
            older_link=_link(asked, page + 1) if total > page * PAGE_SIZE else "",
        )

    async def _find(self, visit: Visit, asked: Asked, page: int) -> tuple[Sequence[Line], int]:
        """One page of events and how many there are in all. Raises ValueError for a bad date."""
        wanted = self._within_rights(visit, asked.filter())
        if asked.number:
            lines = await self._reader.by_number(asked.number, wanted)
            start = (page - 1) * PAGE_SIZE
            return lines[start : start + PAGE_SIZE], len(lines)
        found = await self._audit.search(
            wanted,
            role=SEARCH_AS.get(visit.role, "staff"),
            everywhere=visit.role in SEARCH_AS,
            page=page,
            size=PAGE_SIZE,
        )
        return found.lines, found.total

    def _within_rights(self, visit: Visit, wanted: Filter) -> Filter:
        if wanted.workspace or visit.role in SEARCH_AS:
            return wanted
        return replace(wanted, workspace=self._default_workspace)

    async def _record(
        self,
        visit: Visit,
        action: str,
        *,
        target: str = "",
        workspace: str = "",
        outcome: Literal["ok", "failed"] = "ok",
        **details: Any,
    ) -> None:
        await self._audit.record(
            AuditEvent(
                action=action,
                workspace=workspace or self._default_workspace,
                platform="console",
                actor=visit.actor,
                actor_role=visit.role,
                target=target,
                outcome=outcome,
                details=details,
            )
        )


def _page_number(visit: Visit) -> int:
    text = visit.request.query_params.get("page", "1")
    return min(max(int(text), 1), 100_000) if text.isdecimal() and len(text) < 9 else 1


def _link(asked: Asked, page: int) -> str:
    values = [*asked.fields, *([("page", str(page))] if page > 1 else [])]
    return f"/admin/audit?{urlencode(values)}" if values else "/admin/audit"


async def _chained(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for piece in rest:
        yield piece
