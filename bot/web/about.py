"""What anybody may read before using the bot: what is recorded, and the terms.

The Teams app package links here, and the store's check follows the links without signing in.
"""

from __future__ import annotations

from starlette.responses import Response

from bot.settings import Settings
from bot.web.rendering import Rendering
from bot.web.visit import Visit


class AboutPages:
    """Answers /privacy and /terms."""

    def __init__(self, settings: Settings, rendering: Rendering) -> None:
        self._settings = settings
        self._rendering = rendering

    async def privacy(self, visit: Visit) -> Response:
        return self._rendering.page(
            "privacy.html",
            visit,
            days=self._settings.body_days,
            uses_model=self._settings.uses_model,
        )

    async def terms(self, visit: Visit) -> Response:
        return self._rendering.page("terms.html", visit)
