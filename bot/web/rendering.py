"""The only file that imports jinja2: templates, with escaping on, and how values read."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from bot.messages import Reply, engine_title
from bot.ports import FileLink, no_link
from bot.web.reply_text import to_html
from bot.web.visit import Visit
from bot.web.words import ACTIONS, OUTCOMES, PLATFORMS, PROBLEMS, ROLES

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")
# The offices are in Japan, which keeps one time all year.
OFFICE_TIME = timezone(timedelta(hours=9), "JST")


class Rendering:
    """Turns values into pages."""

    def __init__(self, file_link: FileLink = no_link) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["office_time"] = office_time
        self._environment.filters["reply_html"] = reply_html
        self._environment.filters["action_name"] = lambda value: ACTIONS.get(value, value)
        self._environment.filters["outcome_name"] = lambda value: OUTCOMES.get(value, value)
        self._environment.filters["platform_name"] = lambda value: PLATFORMS.get(value, value)
        self._environment.filters["role_name"] = lambda value: ROLES.get(value, value)
        self._environment.filters["engine_name"] = engine_title
        self._environment.filters["web_link"] = web_link
        self._environment.filters["file_link"] = lambda file, space: file_link(space, file)
        self._environment.globals["assets"] = _asset_version()

    def problem(self, code: str) -> tuple[str, str]:
        """Title and sentence of a problem page."""
        return PROBLEMS[code]

    def text(self, template: str, **values: Any) -> str:
        return self._environment.get_template(template).render(**values)

    def page(
        self, template: str, visit: Visit | None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A whole page; `visit` is None where nobody was recognised."""
        return HTMLResponse(self.text(template, visit=visit, **values), status)


def reply_html(reply: Reply, anchor: str) -> Markup:
    """The reply's text; `to_html` has escaped every character of it."""
    numbers = {source.number for source in reply.sources}
    return Markup(to_html(reply.text, numbers, anchor))  # noqa: S704 (escaped by to_html)


def office_time(moment: str | float | datetime, *, seconds: bool = True) -> str:
    """A UTC time as the office's clock shows it; what does not parse is shown as it is."""
    try:
        match moment:
            case datetime():
                when = moment
            case str():
                when = datetime.fromisoformat(moment)
            case _:
                when = datetime.fromtimestamp(moment, UTC)
    except ValueError:
        return str(moment)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    local = when.astimezone(OFFICE_TIME)
    return local.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def web_link(link: str) -> str:
    """A source's address when a browser may follow it; nothing for any other kind."""
    return link if link.startswith(("https://", "http://")) else ""


def _asset_version() -> str:
    """Changes with any style or script, so that no browser keeps an old one."""
    contents = b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))
    return hashlib.sha256(contents).hexdigest()[:12]
