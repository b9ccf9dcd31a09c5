"""Signing in by a one-time link, and out again."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.ports import AuditEvent
from bot.services.audit.record import SqlAudit
from bot.web.gate import refusal, remember_browser, set_cookie
from bot.web.rendering import Rendering
from bot.web.sessions import Sessions
from bot.web.visit import Visit, cookie_name


class LoginPages:
    """Answers /admin/login and /admin/logout."""

    def __init__(
        self, sessions: Sessions, audit: SqlAudit, rendering: Rendering, workspace: str
    ) -> None:
        self._sessions = sessions
        self._audit = audit
        self._rendering = rendering
        self._workspace = workspace

    async def confirm(self, visit: Visit) -> Response:
        """Show a button. Looking uses nothing up: previews of a link look at it too."""
        token = visit.request.query_params.get("token", "")
        if not visit.from_loopback:
            return self._refuse(visit, "link_elsewhere")
        role = await self._sessions.link_role(token)
        if not role:
            return self._refuse(visit, "link_used")
        return self._rendering.page("login.html", visit, token=token, role=role)

    async def sign_in(self, visit: Visit) -> Response:
        """Use the link up and start a session under a new secret."""
        if not visit.from_loopback:
            await self._record(visit, "auth.denied", "login link from elsewhere")
            return self._refuse(visit, "link_elsewhere")
        earlier = visit.session.digest if visit.session else ""
        session = await self._sessions.start(visit.text("token"), replacing=earlier)
        if session is None:
            await self._record(visit, "auth.denied", "login link not good")
            return self._refuse(visit, "link_used")
        await self._record(visit, "auth.login", role=session.role)
        response = RedirectResponse("/admin/audit", 303)
        remember_browser(response, visit)
        set_cookie(response, visit, cookie_name("shomu", https=visit.is_https), session.secret)
        return response

    async def sign_out(self, visit: Visit) -> Response:
        if visit.session is not None:
            await self._sessions.end(visit.session.digest)
            await self._record(visit, "auth.logout", role=visit.session.role)
        response = RedirectResponse("/chat", 303)
        response.delete_cookie(
            cookie_name("shomu", https=visit.is_https),
            path="/",
            secure=visit.is_https,
            httponly=True,
            samesite="lax",
        )
        return response

    async def _record(self, visit: Visit, action: str, reason: str = "", role: str = "") -> None:
        await self._audit.record(
            AuditEvent(
                action=action,
                workspace=self._workspace,
                platform="console",
                actor=visit.actor,
                actor_role=role,
                target="/admin",
                outcome="refused" if reason else "ok",
                reason=reason,
            )
        )

    def _refuse(self, visit: Visit, problem: str) -> Response:
        return refusal(self._rendering, visit.request, 403, problem, visit)
