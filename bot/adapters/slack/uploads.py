"""Files of a reply into a Slack thread, each once however often the turn is tried.

Slack names an upload before it shows it. That name is committed to the inbox first, so a later
attempt asks Slack whether it was shown. One window remains: Slack may take a moment to say so, and
an attempt that asks within it shows the file twice.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.adapters.slack.api import SlackApi, SlackRefused
from bot.adapters.slack.events import dict_of, text_of
from bot.errors import Unavailable
from bot.messages import File, Message
from bot.ports import FileLink, Files, no_link

log = logging.getLogger(__name__)

# From this attempt on an answer without its file is better than none.
LAST_TRY = 3
SHOWN_IN = ("channels", "groups", "ims", "shares")


@dataclass(slots=True)
class Posted:
    """What the inbox remembers of a turn: its placeholder, and the uploads by file.

    Written as `channel/ts/file=upload,file=upload`.
    """

    channel: str = ""
    ts: str = ""
    uploads: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, text: str) -> Posted:
        channel, _, rest = text.partition("/")
        ts, _, uploads = rest.partition("/")
        pairs = (item.partition("=") for item in uploads.split(",") if item)
        return cls(channel, ts, {file: upload for file, _, upload in pairs})

    def dump(self) -> str:
        uploads = ",".join(f"{file}={upload}" for file, upload in self.uploads.items())
        return f"{self.channel}/{self.ts}" + (f"/{uploads}" if uploads else "")


class Uploads:
    """Sends kept files to Slack."""

    def __init__(self, api: SlackApi, files: Files, link: FileLink = no_link) -> None:
        self._api = api
        self._files = files
        self._link = link

    async def send(
        self,
        message: Message,
        files: Sequence[File],
        place: Mapping[str, str],
        posted: Posted,
        remember: Callable[[], Awaitable[None]],
    ) -> Sequence[str]:
        """Show files in a place (`channel_id`, `thread_ts`); one sentence for each that failed.

        Raises Unavailable when a later attempt may succeed.
        """
        problems = []
        for file in files:
            try:
                await self._send(message, file, place, posted, remember)
            except SlackRefused as refusal:
                log.error("file of turn %s refused: %s", message.turn, refusal.reason)
                problems.append(self._explain(message, file))
            except Unavailable as error:
                if message.attempt < LAST_TRY:
                    raise
                log.error("file of turn %s not sent: %s", message.turn, error.code)
                problems.append(self._explain(message, file))
        return problems

    async def _send(
        self,
        message: Message,
        file: File,
        place: Mapping[str, str],
        posted: Posted,
        remember: Callable[[], Awaitable[None]],
    ) -> None:
        if file.id in posted.uploads and await self._is_shown(posted.uploads[file.id]):
            return
        kept = await self._files.fetch(file.id, workspace=message.workspace)
        if kept is None:
            raise SlackRefused("files", "no_longer_kept")
        ticket = await self._api.call(
            "files.getUploadURLExternal", filename=file.name, length=str(file.size)
        )
        upload = text_of(ticket, "file_id")
        await self._api.send(text_of(ticket, "upload_url"), kept.content)
        posted.uploads[file.id] = upload
        await remember()
        shown = [{"id": upload, "title": file.name}]
        await self._api.call("files.completeUploadExternal", files=shown, **place)

    async def _is_shown(self, upload: str) -> bool:
        try:
            found = dict_of(await self._api.call("files.info", file=upload), "file")
        except SlackRefused:  # never completed, or deleted by a person: either way not there
            return False
        return any(found.get(place) for place in SHOWN_IN)

    def _explain(self, message: Message, file: File) -> str:
        link = self._link(message.workspace, file)
        way = (
            f"次のリンクから24時間以内に受け取ってください。\n{link}"
            if link
            else "少し待ってからもう一度ご依頼ください。続くときは、アプリに files:write の権限が"
            f"あるか確かめるよう、受付番号 {message.turn} を添えて管理者にお知らせください。"
        )
        return f"ファイル「{file.name}」を Slack に送れませんでした。{way}"
