"""The gate every page stands behind: one ASGI class.

In this order: is the name ours, who is asking, may that role open this page, does an unsafe
request come from our own page (origin and token), is it small enough. Every answer, refusals
included, leaves with the same security headers. The answer is no unless the page's role list
says yes.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from bot.settings import Settings
from bot.web.rendering import Rendering
from bot.web.sessions import ABSOLUTE_SECONDS, Sessions
from bot.web.visit import (
    ALL_ROLES,
    STRANGER,
    Visit,
    cookie_name,
    is_known_host,
    own_origins,
    recognise,
)

Handler = Callable[[Visit], Awaitable[Response]]
FORM_BYTES = 64 * 1024
NDJSON = "application/x-ndjson"

# No inline script or style, nothing from elsewhere, never inside a frame.
CONTENT_SECURITY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One address and method, who may use it and what answers it."""

    method: str
    path: str
    roles: frozenset[str]
    handler: Handler
    body_bytes: int = FORM_BYTES
    no_store: bool = True

    @property
    def is_unsafe(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")


class TooLarge(Exception):
    """The body grew past what its page takes."""


def secure(response: Response, *, no_store: bool = True, https: bool = False) -> Response:
    """Put the headers of every page on a response."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if no_store:
        response.headers["Cache-Control"] = "no-store"
    if https:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


class Gate:
    """Lets a request through to one page, or explains why not."""

    def __init__(
        self, page: Page, settings: Settings, sessions: Sessions, rendering: Rendering
    ) -> None:
        self.page = page
        self._settings = settings
        self._sessions = sessions
        self._rendering = rendering

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, self._limited(receive))
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if STRANGER not in self.page.roles and not is_known_host(
            request.headers.get("host", ""), self._settings
        ):
            return secure(self._refuse(request, 421, "unknown_host"))
        visit = await recognise(request, self._settings, self._sessions)
        response = await self._let_in(visit)
        secure(response, no_store=self.page.no_store, https=visit.is_https)
        if self.page.roles != ALL_ROLES and not response.headers.get("set-cookie"):
            remember_browser(response, visit)
        return response

    async def _let_in(self, visit: Visit) -> Response:
        request = visit.request
        if visit.role not in self.page.roles:
            problem = "sign_in" if visit.session is None else "role"
            return self._refuse(request, 403, problem, visit)
        origin = request.headers.get("origin")
        is_foreign = origin is not None and origin not in own_origins(request, self._settings)
        if is_foreign or (self.page.is_unsafe and origin is None):
            return self._refuse(request, 403, "origin", visit)
        if not self.page.is_unsafe:
            return await self.page.handler(visit)
        return await self._take_form(visit)

    async def _take_form(self, visit: Visit) -> Response:
        request = visit.request
        size = request.headers.get("content-length", "0")
        if not size.isdecimal() or int(size) > self.page.body_bytes:
            return self._refuse(request, 413, "too_large", visit)
        try:
            form = await request.form(max_files=5, max_fields=40)
        except TooLarge:
            return self._refuse(request, 413, "too_large", visit)
        except HTTPException:
            return self._refuse(request, 400, "unreadable_form", visit)
        try:
            token = request.headers.get("x-csrf-token") or form.get("csrf")
            if not isinstance(token, str) or not hmac.compare_digest(
                token.encode(), visit.csrf.encode()
            ):
                return self._refuse(request, 403, "csrf", visit)
            return await self.page.handler(replace(visit, form=form))
        finally:
            await form.close()

    def _limited(self, receive: Receive) -> Receive:
        """Count what comes in: a body without a length must not grow without end."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > self.page.body_bytes:
                    raise TooLarge
            return message

        return counted

    def _refuse(
        self, request: Request, status: int, problem: str, visit: Visit | None = None
    ) -> Response:
        return refusal(self._rendering, request, status, problem, visit)


def refusal(
    rendering: Rendering,
    request: Request,
    status: int,
    problem: str,
    visit: Visit | None = None,
) -> Response:
    """Say no: as a page, or as one line to a script of ours that asked for lines."""
    title, text = rendering.problem(problem)
    if NDJSON in request.headers.get("accept", ""):
        return JSONResponse({"kind": "error", "text": text}, status)
    return rendering.page("problem.html", visit, status=status, title=title, text=text)


def remember_browser(response: Response, visit: Visit) -> None:
    """Give the browser the secret its conversations and form tokens hang on."""
    name = cookie_name("shomu-visit", https=visit.is_https)
    if visit.request.cookies.get(name) != visit.browser:
        set_cookie(response, visit, name, visit.browser)


def set_cookie(response: Response, visit: Visit, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=ABSOLUTE_SECONDS,
        path="/",
        secure=visit.is_https,
        httponly=True,
        # Strict would drop the session when the page is opened from a link in chat or mail.
        samesite="lax",
    )
