"""Every page, who may open it, and the routes made of that.

`page_table` is the whole matrix of rights: an address that is not in it does not exist, and a
role that is not in its row is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.errors import Refused, ShomuError
from bot.ports import Clock
from bot.services.audit.record import SqlAudit
from bot.services.database import Database
from bot.services.files import FileLinks, SqlFiles
from bot.settings import Settings
from bot.web.about import AboutPages
from bot.web.audit_pages import AUDITORS, SYSTEM, AuditPages
from bot.web.audit_reader import AuditReader
from bot.web.chat import CHAT_BYTES, ChatPages, Workspaces
from bot.web.conversation import Ask, Conversations
from bot.web.files import FilePages
from bot.web.gate import Gate, Page, refusal, secure
from bot.web.health import Check, HealthPage
from bot.web.login import LoginPages
from bot.web.rendering import STATIC, Rendering
from bot.web.sessions import WEB_ROLES, Sessions
from bot.web.visit import ALL_ROLES, LOCAL, LOOPBACK, Visit

log = logging.getLogger(__name__)

SIGNED_IN = frozenset(WEB_ROLES)
TALKERS = SIGNED_IN | {LOCAL}
COMERS = SIGNED_IN | {LOCAL, LOOPBACK}


def page_table(
    chat: ChatPages,
    login: LoginPages,
    audit: AuditPages,
    about: AboutPages,
    health: HealthPage,
    files: FilePages,
) -> tuple[Page, ...]:
    """Address, method, roles and what answers."""
    return (
        Page("GET", "/", TALKERS, _to_chat),
        Page("GET", "/chat", TALKERS, chat.show),
        Page("POST", "/chat", TALKERS, chat.ask, body_bytes=CHAT_BYTES),
        Page("POST", "/chat/press", TALKERS, chat.press),
        Page("GET", "/files/{workspace}/{id}", ALL_ROLES, files.show),
        Page("GET", "/admin/login", COMERS, login.confirm),
        Page("POST", "/admin/login", COMERS, login.sign_in),
        Page("POST", "/admin/logout", SIGNED_IN, login.sign_out),
        Page("GET", "/admin", SIGNED_IN, _to_audit),
        Page("GET", "/admin/audit", SIGNED_IN, audit.list),
        Page("POST", "/admin/audit/verify", SYSTEM, audit.verify),
        Page("POST", "/admin/audit/export", AUDITORS, audit.export),
        Page("GET", "/admin/audit/prompt/{digest}", SYSTEM, audit.prompt),
        Page("GET", "/admin/audit/{id}", SIGNED_IN, audit.show),
        Page("POST", "/admin/audit/{id}/words", AUDITORS, audit.words),
        Page("GET", "/privacy", ALL_ROLES, about.privacy),
        Page("GET", "/terms", ALL_ROLES, about.terms),
        Page("GET", "/healthz", ALL_ROLES, health.show),
        Page("GET", "/static/{name}", ALL_ROLES, static_file, no_store=False),
    )


def build_pages(
    settings: Settings,
    database: Database,
    audit: SqlAudit,
    ask: Ask,
    examples: Sequence[str],
    workspaces: Workspaces,
    clock: Clock,
    files: SqlFiles,
    links: FileLinks,
    checks: Mapping[str, Check] | None = None,
) -> list[BaseRoute]:
    """Make the routes. `checks` are the parts, besides the database, that /healthz looks at."""
    rendering = Rendering(links.path)
    sessions = Sessions(database, clock)
    table = page_table(
        ChatPages(Conversations(ask, clock), rendering, examples, workspaces, settings.workspace),
        LoginPages(sessions, audit, rendering, settings.workspace),
        AuditPages(audit, AuditReader(database), rendering, workspaces, clock, settings.workspace),
        AboutPages(settings, rendering),
        HealthPage(database, checks or {}),
        FilePages(files, links, audit, rendering),
    )
    return [
        Route(page.path, Gate(page, settings, sessions, rendering), methods=[page.method])
        for page in table
    ]


def error_pages() -> Mapping[int | type[Exception], Callable[[Request, Exception], Response]]:
    """Handlers for the whole application: no address, no method, anything that broke."""
    rendering = Rendering()

    def handler(status: int, problem: str) -> Callable[[Request, Exception], Response]:
        def handle(request: Request, error: Exception) -> Response:
            response = secure(refusal(rendering, request, status, problem))
            if isinstance(error, HTTPException):
                response.headers.update(error.headers or {})
            return response

        return handle

    return {
        404: handler(404, "not_found"),
        405: handler(405, "method"),
        HTTPException: _other(rendering),
        ShomuError: _explained(rendering),
        Exception: handler(500, "broken"),
    }


def _explained(rendering: Rendering) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        code = error.code if isinstance(error, ShomuError) else "error"
        remedy = error.remedy if isinstance(error, ShomuError) else ""
        log.error("page %s ended with %s", request.url.path, code)
        status = 403 if isinstance(error, Refused) else 503
        title, _ = rendering.problem("broken")
        return secure(rendering.page("problem.html", None, status=status, title=title, text=remedy))

    return handle


def _other(rendering: Rendering) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return secure(refusal(rendering, request, status, "unreadable_form"))

    return handle


async def static_file(visit: Visit) -> Response:
    """Style, script and icon. There are few and they are small: read once, at the first need."""
    found = _static_files().get(visit.request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    content, media_type = found
    # The address carries the content's digest, so a new version has a new address.
    return Response(
        content, media_type=media_type, headers={"Cache-Control": "public, max-age=86400"}
    )


@cache
def _static_files() -> Mapping[str, tuple[bytes, str]]:
    types = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    return {path.name: (path.read_bytes(), types[path.suffix]) for path in STATIC.iterdir()}


async def _to_chat(visit: Visit) -> Response:
    return RedirectResponse("/chat", 303)


async def _to_audit(visit: Visit) -> Response:
    return RedirectResponse("/admin/audit", 303)
