"""What Teams sends, turned into our messages. Pure: no network, no vendor library.

An activity is stored in the inbox as it came and parsed by the worker, so that a restart loses
nothing and a parser that learned something new also reads what was waiting.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bot.adapters.teams.gate import tenants_of
from bot.messages import Actor, Attachment, Kind, Message, Place, Visibility, skill_of
from bot.ports import Delivery

SLASH = "/shomu"
# Titles of the manifest's command list: Teams puts them into the box as ordinary text.
COMMANDS = ("使い方", "マニュアル検索")
FILE_TYPE = "application/vnd.microsoft.teams.file.download.info"
REACTIONS = {"like": "good", "dislike": "bad"}
ASK = "ask"
FORM = "form"

WELCOME = (
    "はじめまして。**庶務**です。職場のマニュアルや規程から、出典つきでお答えします。\n"
    "- **聞く**：ふだんの言葉で質問してください。チャネルでは「@庶務」に続けて書きます。\n"
    "- **確かめる**：回答の下の「出典」を押すと、文書の該当箇所が開きます。\n"
    "- **続ける**：同じスレッドに書けば、続けて質問できます。\n"
    "- **直す**：「役に立った」「役に立たなかった」を押すと、管理者が文書や設定を見直します。\n"
    "質問と回答は監査のため記録されます。まずは下の例を押してみてください。"
)

ConversationKind = Literal["personal", "groupChat", "channel"]


@dataclass(frozen=True, slots=True)
class ConversationRef:
    """All that is needed to speak in a conversation later: after a restart, or on a schedule."""

    service_url: str
    conversation: str
    kind: ConversationKind
    tenant: str = ""
    bot: str = ""
    bot_name: str = ""
    user: str = ""
    user_name: str = ""

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> ConversationRef:
        return cls(**json.loads(text))

    @classmethod
    def of(cls, activity: Mapping[str, Any]) -> ConversationRef:
        """The reference inside an activity that passed the gate."""
        conversation = _mapping(activity.get("conversation"))
        bot, user = _mapping(activity.get("recipient")), _mapping(activity.get("from"))
        return cls(
            service_url=str(activity.get("serviceUrl", "")),
            conversation=str(conversation.get("id", "")),
            kind=_conversation_kind(conversation),
            tenant=min(tenants_of(activity), default=""),
            bot=str(bot.get("id", "")),
            bot_name=str(bot.get("name") or ""),
            user=str(user.get("id", "")),
            user_name=str(user.get("name") or ""),
        )


def identity(activity: Mapping[str, Any]) -> str:
    """Tenant, conversation and activity id: the same for every delivery of one activity."""
    ref = ConversationRef.of(activity)
    return _clean(f"teams:{ref.tenant}:{ref.conversation}:{activity.get('id', '')}")


def parse(delivery: Delivery, activity: Mapping[str, Any], *, is_guest: bool = False) -> Message:
    """Turn a stored activity into a message.

    A channel message that does not mention the bot becomes a "follow-up"; whether the bot has
    joined that thread is for the caller to find out.
    """
    user = _mapping(activity.get("from"))
    kind, text, command, values = _content(activity)
    locale = str(activity.get("locale") or "ja").partition("-")[0]
    # Teams reports the language of the client, and an English Windows is common in offices.
    written = "ja" if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text) else locale
    return Message(
        text=text,
        actor=Actor(
            id=str(user.get("aadObjectId") or user.get("id") or ""),
            name=_clean(str(user.get("name") or "")),
            locale=written,
            is_guest=is_guest,
        ),
        place=place_of(activity),
        kind=kind,
        identity=delivery.identity,
        turn=delivery.turn,
        attempt=delivery.attempt,
        command=command,
        attachments=_attachments(activity),
        values=values,
        sent_at=_sent_at(activity),
    )


def place_of(activity: Mapping[str, Any]) -> Place:
    """Where an activity was written. `team` is the Teams team, or the tenant outside of one."""
    ref = ConversationRef.of(activity)
    channel_data = _mapping(activity.get("channelData"))
    channel, _, thread = ref.conversation.partition(";messageid=")
    visibility: Visibility = "direct" if ref.kind == "personal" else "private"
    if ref.kind == "channel":
        thread = thread or str(activity.get("replyToId") or activity.get("id") or "")
        standard = _mapping(channel_data.get("channel")).get("type", "standard") == "standard"
        visibility = "public" if standard else "private"
    team = str(_mapping(channel_data.get("team")).get("id") or ref.tenant)
    return Place("teams", team, channel, thread, visibility)


def plain(text: str) -> str:
    """Message text as it was typed: tags that Teams adds taken away, entities resolved."""
    text = _BREAK.sub("\n", text)
    text = html.unescape(_TAG.sub("", text)).replace("\u00a0", " ")
    return _clean(text).strip()


def pressed(activity: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of the button or dialog behind an activity; empty when there is none."""
    value = _mapping(activity.get("value"))
    if activity.get("name") == "adaptiveCard/action":
        action = _mapping(value.get("action"))
        return {"name": action.get("verb", ""), **_mapping(action.get("data"))}
    if str(activity.get("name", "")).startswith("task/"):
        return _mapping(value.get("data"))
    if activity.get("name") == "message/submitAction":
        reaction = str(_mapping(value.get("actionValue")).get("reaction", ""))
        return {"name": "feedback", "value": REACTIONS.get(reaction, ""), "turn": ""}
    if activity.get("type") == "message" and "name" in value:
        return value
    return {}


def form_values(data: Mapping[str, Any]) -> dict[str, str]:
    """What a person filled in, by field name."""
    fields = _mapping(data.get(FORM)).get("fields")
    listed = fields if isinstance(fields, list) else []
    names = [_mapping(field).get("name") for field in listed]
    return {name: _clean(str(data.get(name) or "")) for name in names if isinstance(name, str)}


def is_mentioned(activity: Mapping[str, Any]) -> bool:
    """Whether a message names the bot."""
    return bool(_own_mentions(activity))


def is_welcome(activity: Mapping[str, Any]) -> bool:
    """Whether the bot was added, or a person opened their personal chat with it.

    A person added to a team is not greeted: everyone else there would read it too.
    """
    ref = ConversationRef.of(activity)
    added = activity.get("membersAdded")
    members = [item.get("id") for item in added or () if isinstance(item, dict)]
    return ref.bot in members or (ref.kind == "personal" and bool(members))


# The tags Teams itself writes. Anything else in angle brackets was typed by a person.
_NAMES = "at|p|div|span|strong|b|i|em|u|s|a|ul|ol|li|blockquote|pre|code|h1|h2|h3"
_TAG = re.compile(rf"</?(?:{_NAMES})(?:\s[^<>]{{0,500}})?/?>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s?/?>|</(?:p|div|li)>", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _clean(text: str) -> str:
    """Drop what no database stores: NUL and halves of surrogate pairs."""
    return _UNSTORABLE.sub("", text)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _conversation_kind(conversation: Mapping[str, Any]) -> ConversationKind:
    match conversation.get("conversationType"):
        case "personal":
            return "personal"
        case "groupChat":
            return "groupChat"
        case _:
            # Unknown counts as the most public, so that nothing is shown to too many.
            return "channel"


def _own_mentions(activity: Mapping[str, Any]) -> list[str]:
    bot = str(_mapping(activity.get("recipient")).get("id", ""))
    entities = activity.get("entities")
    return [
        str(entity.get("text") or "")
        for entity in map(_mapping, entities if isinstance(entities, list) else [])
        if entity.get("type") == "mention" and _mapping(entity.get("mentioned")).get("id") == bot
    ]


def _content(activity: Mapping[str, Any]) -> tuple[Kind, str, str, dict[str, str]]:
    """Kind, text, command and values of a message."""
    personal = _conversation_kind(_mapping(activity.get("conversation"))) == "personal"
    data = pressed(activity)
    if data:
        return _press(data, "direct" if personal else "mention")
    if str(activity.get("name", "")).startswith("composeExtension/"):
        payload = _mapping(_mapping(activity.get("value")).get("messagePayload"))
        body = _mapping(payload.get("body"))
        return "shortcut", plain(str(body.get("content") or "")), "", {}
    text = str(activity.get("text") or "")
    mentions = _own_mentions(activity)
    for mention in mentions:
        text = text.replace(mention, " ") if mention else text
    text = plain(text)
    first, _, rest = text.partition(" ")
    if first == SLASH:
        return "command", rest.strip(), "", {}
    addressed = personal or bool(mentions)
    if addressed and first in COMMANDS:
        return "command", text, "", {}
    if personal:
        return "direct", text, "", {}
    return ("mention" if mentions else "follow-up"), text, "", {}


def _press(data: Mapping[str, Any], asked: Kind) -> tuple[Kind, str, str, dict[str, str]]:
    name, turn = _clean(str(data.get("name") or "")), _clean(str(data.get("turn") or ""))
    if FORM in data:
        return "form", "", skill_of(name), {**form_values(data), "turn": turn, "form": name}
    value = _clean(str(data.get("value") or ""))
    if name == ASK:
        return asked, value, "", {}
    return "button", value, name, {"value": value, "turn": turn}


def _attachments(activity: Mapping[str, Any]) -> tuple[Attachment, ...]:
    listed = activity.get("attachments")
    return tuple(
        Attachment(
            name=_clean(str(item.get("name") or "添付ファイル")),
            media_type=str(_mapping(item.get("content")).get("fileType") or ""),
            location=str(_mapping(item.get("content")).get("downloadUrl") or ""),
        )
        for item in map(_mapping, listed if isinstance(listed, list) else [])
        if item.get("contentType") == FILE_TYPE
    )


def _sent_at(activity: Mapping[str, Any]) -> datetime:
    try:
        sent = datetime.fromisoformat(str(activity.get("timestamp")))
    except ValueError:
        return datetime.now(UTC)
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)
