"""The only file that imports botbuilder and botframework: the Bot Connector of Teams.

Of the library only the models and the connector's client are used. Its request processing answers
every invoke that has a body with 500, its entities drop the keys it does not know, and it does not
retry when the connector says 429; what it is for is kept behind the few methods of `BotConnector`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from botbuilder.schema import (
    Activity,
    Attachment,
    ChannelAccount,
    ConversationAccount,
    ConversationParameters,
    Entity,
)
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import MicrosoftAppCredentials
from botframework.connector.models import ErrorResponseException
from msrest.authentication import Authentication
from msrest.exceptions import ClientException

from bot.adapters.teams.gate import is_allowed_service
from bot.adapters.teams.messages import ConversationRef
from bot.errors import Misconfigured, Unavailable
from bot.settings import Settings

log = logging.getLogger(__name__)

SECONDS = 10
ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 8.0
TRANSIENT = frozenset({408, 412, 429, 500, 502, 503, 504})
MEMBER_ROLES = ("user", "owner")
GUEST_SECONDS = 3600
GUESTS = 10_000

Token = Callable[[], Awaitable[str]]
# What Teams says no to for good; `Unavailable` is what may still work later.
Rejected = ErrorResponseException


class MessageEntity(Entity):  # type: ignore[misc] # the library has no types
    """The AI label and citations. The library's own class drops every key but `type`."""

    _attribute_map: Mapping[str, Mapping[str, str]] = {
        "type": {"key": "type", "type": "str"},
        "at_type": {"key": "@type", "type": "str"},
        "at_context": {"key": "@context", "type": "str"},
        "at_id": {"key": "@id", "type": "str"},
        "additional_type": {"key": "additionalType", "type": "[str]"},
        "citation": {"key": "citation", "type": "[object]"},
    }

    def __init__(self, entity: Mapping[str, Any]) -> None:
        super().__init__(type=entity["type"])
        self.at_type = entity["@type"]
        self.at_context = entity["@context"]
        self.at_id = entity["@id"]
        self.additional_type = entity.get("additionalType")
        self.citation = entity.get("citation")


class _Signed(Authentication):  # type: ignore[misc] # the library has no types
    """Puts a token that was fetched off the event loop on every request."""

    def __init__(self) -> None:
        self.token = ""

    def signed_session(self, session: Any = None) -> Any:
        session = super().signed_session(session)
        # Sessions are kept for reuse: what an earlier call put there must not stay.
        session.headers.pop("Authorization", None)
        if self.token:
            session.headers["Authorization"] = f"Bearer {self.token}"
        return session


class BotConnector:
    """Speaks to Teams through botbuilder's client, with time-outs and bounded retries."""

    def __init__(
        self,
        settings: Settings,
        token: Token | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._token = token or _entra_token(settings)
        self._clients: dict[str, tuple[ConnectorClient, _Signed]] = {}
        self._guests: OrderedDict[str, tuple[bool, float]] = OrderedDict()

    async def post(self, ref: ConversationRef, activity: Mapping[str, Any]) -> str:
        model = _model(ref, activity)
        posted = await self._call(
            ref, lambda client: client.send_to_conversation(ref.conversation, model)
        )
        return str(posted.id or "") if posted else ""

    async def update(
        self, ref: ConversationRef, activity_id: str, activity: Mapping[str, Any]
    ) -> bool:
        model = _model(ref, activity)
        model.id = activity_id
        try:
            await self._call(
                ref,
                lambda client: client.update_activity(ref.conversation, activity_id, model),
            )
        except ErrorResponseException as error:
            log.warning("Teams refused an update: %s", _status(error))
            return False
        return True

    async def open_personal(self, ref: ConversationRef) -> ConversationRef | None:
        parameters = ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=ref.bot, name=ref.bot_name),
            members=[ChannelAccount(id=ref.user, name=ref.user_name)],
            tenant_id=ref.tenant,
            channel_data={"tenant": {"id": ref.tenant}},
        )
        try:
            opened = await self._call(ref, lambda client: client.create_conversation(parameters))
        except ErrorResponseException as error:
            log.info("no personal chat: %s", _status(error))
            return None
        return replace(ref, conversation=str(opened.id), kind="personal")

    async def is_guest(self, ref: ConversationRef) -> bool:
        key = f"{ref.tenant}:{ref.user}"
        known = self._guests.get(key)
        if known and known[1] > time.monotonic():
            return known[0]
        try:
            member = await self._call(
                ref, lambda client: client.get_conversation_member(ref.conversation, ref.user)
            )
        except ErrorResponseException as error:
            log.warning("Teams does not know this member: %s", _status(error))
            return True
        about = {**member.additional_properties, **(member.properties or {})}
        tenant = about.get("tenantId") or ref.tenant
        outside = "#EXT#" in str(about.get("userPrincipalName", "")) or tenant != ref.tenant
        is_guest = outside or about.get("userRole", "user") not in MEMBER_ROLES
        self._guests[key] = (is_guest, time.monotonic() + GUEST_SECONDS)
        if len(self._guests) > GUESTS:
            self._guests.popitem(last=False)
        return is_guest

    async def close(self) -> None:
        for client, _ in self._clients.values():
            await client.__aexit__(None, None, None)
        self._clients.clear()

    async def _call(self, ref: ConversationRef, call: Callable[[Any], Awaitable[Any]]) -> Any:
        """Call the connector. Raises ErrorResponseException for a final no, else Unavailable."""
        waits = 0.5
        for attempt in range(1, ATTEMPTS + 1):
            client = await self._client(ref.service_url)
            try:
                async with asyncio.timeout(2 * SECONDS):
                    return await call(client.conversations)
            except ErrorResponseException as error:
                if _status(error) not in TRANSIENT:
                    raise
                wait = _retry_after(error, waits)
            except (ClientException, OSError):
                wait = waits
            if wait > LONGEST_WAIT_SECONDS or attempt == ATTEMPTS:
                break
            await self._sleep(wait)
            waits *= 2
        raise Unavailable("the Teams connector does not answer")

    async def _client(self, service_url: str) -> ConnectorClient:
        if not is_allowed_service(self._settings, service_url):
            # Checked again: the stored activity may be older than the allow-list.
            raise Misconfigured(
                [f"{service_url} には送信できません（SHOMU_TEAMS_SERVICE_HOSTS）。"]
            )
        if service_url not in self._clients:
            signed = _Signed()
            client = ConnectorClient(signed, base_url=service_url)
            client.config.connection.timeout = SECONDS
            # Ours are the retries: the library's would block a thread and post twice.
            client.config.retry_policy.retries = 0
            client.config.redirect_policy.allow = False
            client.config.proxies.use_env_settings = not self._settings.teams_dev
            self._clients[service_url] = (client, signed)
        client, signed = self._clients[service_url]
        signed.token = await self._token()
        return client


def _entra_token(settings: Settings) -> Token:
    if settings.teams_dev:
        # Whoever listens on loopback is not who the secret is for.
        return _no_token
    credentials = MicrosoftAppCredentials(
        settings.teams_app_id, settings.teams_app_secret, channel_auth_tenant=settings.teams_tenant
    )

    async def token() -> str:
        # The library asks with blocking sockets; it keeps the token until it expires.
        try:
            async with asyncio.timeout(SECONDS):
                return str(await asyncio.to_thread(credentials.get_access_token))
        except (PermissionError, OSError, ValueError) as error:
            raise Unavailable("no token for the Teams connector") from error

    return token


async def _no_token() -> str:
    return ""


def _status(error: ErrorResponseException) -> int:
    return int(getattr(error.response, "status_code", 0))


def _retry_after(error: ErrorResponseException, default: float) -> float:
    try:
        return max(0.0, float(error.response.headers["Retry-After"]))
    except (KeyError, ValueError, AttributeError):
        return default


def _model(ref: ConversationRef, activity: Mapping[str, Any]) -> Activity:
    return Activity(
        type=activity["type"],
        text=activity.get("text"),
        text_format=activity.get("textFormat"),
        summary=activity.get("summary"),
        locale="ja-JP",
        from_property=ChannelAccount(id=ref.bot, name=ref.bot_name),
        conversation=ConversationAccount(id=ref.conversation),
        attachments=[
            Attachment(content_type=item["contentType"], content=item["content"])
            for item in activity.get("attachments", ())
        ],
        entities=[MessageEntity(entity) for entity in activity.get("entities", ())],
    )
