"""Files of replies, handed to whoever holds a link that was made for one of them.

The link is the right to the file: it is shown where the reply may be shown, opens one file, and
ends after a day. Each opening is on the audit record. Anything else is simply not found.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from bot.ports import AuditEvent
from bot.services.audit.record import SqlAudit
from bot.services.files import FileLinks, SqlFiles
from bot.web.gate import refusal
from bot.web.rendering import Rendering
from bot.web.visit import Visit

HEADERS = {
    # Whatever the file holds, it runs nothing here.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # The picture in a Teams card is fetched by another site's page; the key is what guards it.
    "Cross-Origin-Resource-Policy": "cross-origin",
    # The address is the key: it goes no further.
    "Referrer-Policy": "no-referrer",
}


class FilePages:
    """Answers /files/{workspace}/{id}?key=…"""

    def __init__(
        self, files: SqlFiles, links: FileLinks, audit: SqlAudit, rendering: Rendering
    ) -> None:
        self._files = files
        self._links = links
        self._audit = audit
        self._rendering = rendering

    async def show(self, visit: Visit) -> Response:
        request = visit.request
        workspace, file_id = request.path_params["workspace"], request.path_params["id"]
        is_open = self._links.opens(workspace, file_id, request.query_params.get("key", ""))
        kept = await self._files.fetch(file_id, workspace=workspace) if is_open else None
        if kept is None:
            return refusal(self._rendering, request, 404, "no_file")
        file = kept.file
        await self._audit.record(
            AuditEvent(
                action="file.opened",
                workspace=workspace,
                # Not a platform: the link was opened in some browser.
                actor=visit.session.actor if visit.session else "",
                target=file.id,
                details={"digest": file.digest, "size": file.size, "label": file.label},
            )
        )
        name = quote(file.name, safe="")
        disposition = f"attachment; filename*=UTF-8''{name}"
        return Response(
            kept.content,
            media_type=file.media_type,
            headers={**HEADERS, "Content-Disposition": disposition},
        )
