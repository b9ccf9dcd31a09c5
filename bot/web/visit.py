"""Who is looking at a page, and from where.

Without signing in the pages open only on the machine the server runs on. Three things must agree
on that: the connection, the address the server is bound to, and the name in the Host header
(another site can point its own name at 127.0.0.1, but cannot change what the browser sends).
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request

from bot.settings import Settings, is_loopback
from bot.web.sessions import WEB_ROLES, Session, Sessions

LOCAL, LOOPBACK, STRANGER = "local", "loopback", "stranger"
ALL_ROLES = frozenset({*WEB_ROLES, LOCAL, LOOPBACK, STRANGER})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a page, let in.

    `role` is that of the session; without one it is local (this machine may use the chat page),
    loopback (this machine, on a server that others reach too) or stranger.
    """

    request: Request
    role: str
    session: Session | None
    browser: str
    csrf: str
    is_https: bool
    from_loopback: bool
    form: FormData = field(default_factory=FormData)

    @property
    def actor(self) -> str:
        return self.session.actor if self.session else "local"

    @property
    def owner(self) -> str:
        """What a browser's conversations are kept under; says nothing about its cookie."""
        return hashlib.sha256(b"owner:" + self.browser.encode()).hexdigest()[:32]

    def text(self, name: str) -> str:
        """One text field of the form; empty when it is missing or a file."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""


def host_name(host: str) -> str:
    """The name in a Host header, without the port; empty when it does not parse."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return ""
    if parts.path or parts.query or parts.fragment or "@" in host:
        return ""
    return parts.hostname or ""


def is_known_host(host: str, settings: Settings) -> bool:
    """Whether the pages may be asked for by this name.

    Addresses are always fine: pointing a foreign name at us is what has to be stopped.
    """
    name = host_name(host)
    if not name:
        return False
    if is_loopback(name) or name == urlsplit(settings.public_url).hostname:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def own_origins(request: Request, settings: Settings) -> frozenset[str]:
    """The origins our own pages have, as a browser writes them."""
    origins = {f"{request.url.scheme}://{request.headers.get('host', '')}"}
    public = urlsplit(settings.public_url)
    if public.scheme and public.netloc:
        origins.add(f"{public.scheme}://{public.netloc}")
    return frozenset(origins)


def comes_from_loopback(request: Request) -> bool:
    """Whether the browser runs on this machine, as far as the connection can tell.

    A proxy's headers mean that somebody else's request is being passed on.
    """
    client = request.client
    return (
        client is not None
        and is_loopback(client.host)
        and is_loopback(host_name(request.headers.get("host", "")))
        and not any(name in request.headers for name in _FORWARDED)
    )


def is_https(request: Request, settings: Settings) -> bool:
    public = urlsplit(settings.public_url)
    return request.url.scheme == "https" or (
        public.scheme == "https" and public.hostname == host_name(request.headers.get("host", ""))
    )


def cookie_name(name: str, *, https: bool) -> str:
    """`__Host-` pins a cookie to this host over https; browsers refuse it over plain http."""
    return f"__Host-{name}" if https else name


async def recognise(request: Request, settings: Settings, sessions: Sessions) -> Visit:
    """Find out who is asking. Nothing is allowed or refused here."""
    https = is_https(request, settings)
    session = await sessions.find(request.cookies.get(cookie_name("shomu", https=https), ""))
    browser = request.cookies.get(cookie_name("shomu-visit", https=https), "")
    if not 32 <= len(browser) <= 64:
        browser = secrets.token_urlsafe(32)
    from_loopback = comes_from_loopback(request)
    # With a public address a proxy on this machine is likely, and its requests look local.
    is_private = settings.is_loopback and (
        not settings.public_url or is_loopback(urlsplit(settings.public_url).hostname or "")
    )
    if session is not None:
        role = session.role
    elif from_loopback:
        role = LOCAL if is_private else LOOPBACK
    else:
        role = STRANGER
    return Visit(
        request=request,
        role=role,
        session=session,
        browser=browser,
        csrf=session.csrf if session else csrf_of(browser),
        is_https=https,
        from_loopback=from_loopback,
    )


def csrf_of(browser: str) -> str:
    """A token only a page of ours can hold: the cookie it is made from is unreadable elsewhere."""
    return hashlib.sha256(b"csrf:" + browser.encode()).hexdigest()
