"""What a Slack payload says: its identity, whether it concerns us, and the words in it.

Pure functions over Slack's JSON. A payload may hold anything, so nothing here trusts its shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from bot.messages import Attachment, Kind, Reminder

Payload = Mapping[str, Any]

COMMAND = "/shomu"
ANY_COMMAND = re.compile(r"/.{1,80}")
SHORTCUT = "shomu_ask"
FORM = "shomu_form"
ANY_ACTION = re.compile(r"shomu:.{1,200}")
OPENS_FORM = "shomu:form:"
DIRECTLY = "directly"  # only the asker saw the answer: nobody else is reminded
EVENTS = ("app_mention", "message", "app_home_opened")
INTERACTIONS = ("block_actions", "message_action", "shortcut")
# Subtypes that a person's own words come in; every other one is Slack talking about itself.
SPOKEN = ("", "file_share", "thread_broadcast", "me_message")

_SAFE = re.compile(r"[A-Za-z0-9._-]{1,80}")
_ENTITY = re.compile(r"<([^<>]{1,3000})>")


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing a person did, before people and channels are looked up.

    `thread` is where the answer goes, empty for the channel itself. `ts` is the moment history
    ends before. `is_private` means only the asker sees the answer; `is_press` that a button was
    pressed, which shows no placeholder. `needs_membership` marks words that are for us only in a
    thread the bot has joined.
    """

    kind: Kind
    user: str
    team: str
    channel: str
    text: str = ""
    thread: str = ""
    ts: str = ""
    channel_type: str = ""
    user_team: str = ""
    is_shared: bool = False
    is_private: bool = False
    is_press: bool = False
    needs_membership: bool = False
    command: str = ""
    workspace: str = ""
    asked: str = ""
    response_url: str = ""
    files: tuple[Attachment, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def shows_work(self) -> bool:
        """Whether a placeholder stands where the answer will: not where nobody waits for one."""
        return not self.is_press and self.kind != "reminder"

    @property
    def is_direct(self) -> bool:
        return self.channel_type == "im"


def cannot_wait(payload: Payload) -> bool:
    """Whether Slack wants the answer in the response itself, or a form within three seconds."""
    if payload.get("type") in ("view_submission", "block_suggestion"):
        return True
    if text_of(payload, "command"):
        # A skill's own command without words may open a form.
        return bool(command_of(payload)) and not text_of(payload, "text").strip()
    return payload.get("type") == "block_actions" and any(
        text_of(action, "action_id").startswith(OPENS_FORM)
        for action in list_of(payload, "actions")
    )


def is_known(payload: Payload) -> bool:
    """Whether a payload is of a kind that some listener acts on."""
    if payload.get("type") == "event_callback":
        return text_of(dict_of(payload, "event"), "type") in EVENTS
    return payload.get("type") in INTERACTIONS or bool(text_of(payload, "command"))


def is_noise(payload: Payload, bot_user: str) -> bool:
    """Whether a payload is certainly not for us: the rest is decided where the database is."""
    event = dict_of(payload, "event")
    if text_of(event, "type") == "app_home_opened":
        return text_of(event, "tab") == "messages"
    if text_of(event, "type") not in ("message", "app_mention"):
        return False
    said = _said(event)
    bot_user = bot_user or _authorised_bot(payload)
    if text_of(said, "bot_id") or not text_of(said, "user") or text_of(said, "user") == bot_user:
        return True
    if text_of(event, "subtype") == "message_changed":
        before = text_of(dict_of(event, "previous_message"), "text")
        # A forgotten mention that is added by editing is a question; other edits are not.
        return not bot_user or not (mentions(said, bot_user) and f"<@{bot_user}" not in before)
    if text_of(said, "subtype") not in SPOKEN:
        return True
    if text_of(event, "type") == "app_mention" or _channel_type(event) == "im":
        return False
    return bool(bot_user) and not _in_thread(said) and not mentions(said, bot_user)


def mentions(said: Payload, bot_user: str) -> bool:
    return bool(bot_user) and f"<@{bot_user}" in text_of(said, "text")


def identity(payload: Payload) -> str:
    """What makes a delivery the same delivery.

    Not the event id: one mention comes as app_mention and as message, under two event ids.
    """
    team = team_of(payload)
    event = dict_of(payload, "event")
    if event:
        said = _said(event)
        channel, ts = text_of(event, "channel"), text_of(said, "ts")
        if text_of(event, "type") != "app_home_opened" and channel and ts:
            return _join(team, channel, ts)
        moment = text_of(payload, "event_id") or text_of(event, "event_ts")
        if moment:
            return _join(team, text_of(event, "type"), text_of(event, "user"), moment)
        return _join(team, "event", _digest(payload))
    trigger = text_of(payload, "trigger_id")
    kind = text_of(payload, "type") or "command"
    if kind == "view_submission":
        view = dict_of(payload, "view")
        return _join(team, kind, text_of(view, "id"), text_of(view, "hash"))
    return _join(team, kind, trigger or _digest(payload))


def deleted_identity(payload: Payload) -> str:
    """The identity of the message that this payload says was deleted; empty for other payloads."""
    event = dict_of(payload, "event")
    if text_of(event, "type") != "message" or text_of(event, "subtype") != "message_deleted":
        return ""
    ts = text_of(event, "deleted_ts") or text_of(dict_of(event, "previous_message"), "ts")
    return _join(team_of(payload), text_of(event, "channel"), ts)


def team_of(payload: Payload) -> str:
    """The workspace the bot is installed in, wherever this kind of payload keeps it."""
    return (
        text_of(payload, "team_id")
        or text_of(dict_of(payload, "team"), "id")
        or text_of(dict_of(payload, "event"), "team")
        or text_of(dict_of(payload, "user"), "team_id")
    )


def hear_event(payload: Payload, bot_user: str) -> Heard | None:
    """A mention, a direct message, or words in a thread; None when they are nobody's question."""
    event = dict_of(payload, "event")
    if is_noise(payload, bot_user):
        return None
    said = _said(event)
    channel, channel_type = text_of(event, "channel"), _channel_type(event)
    ts = text_of(said, "ts")
    thread = text_of(said, "thread_ts")
    is_mention = text_of(event, "type") == "app_mention" or mentions(said, bot_user)
    if not is_mention and text_of(said, "text").startswith("<@"):
        # Said to somebody else, in a thread the bot happens to be in.
        return None
    kind: Kind = "mention" if is_mention else "follow-up"
    if channel_type == "im":
        kind = "direct"
    else:
        thread = thread or ts
    return Heard(
        kind=kind,
        user=text_of(said, "user"),
        team=team_of(payload),
        channel=channel,
        text=plain(text_of(said, "text"), bot_user),
        thread=thread,
        ts=ts,
        channel_type=channel_type,
        user_team=text_of(said, "user_team") or text_of(said, "source_team"),
        is_shared=payload.get("is_ext_shared_channel") is True,
        needs_membership=kind == "follow-up",
        files=_files(said),
    )


def command_of(payload: Payload) -> str:
    """The skill a slash command names: `/minutes` → "minutes"; empty for `/shomu`."""
    command = text_of(payload, "command")
    return "" if command == COMMAND else command.removeprefix("/")


def hear_command(payload: Payload, bot_user: str) -> Heard:
    """`/shomu …` or a skill's own command: answered to the person who typed it."""
    return Heard(
        kind="command",
        user=text_of(payload, "user_id"),
        team=team_of(payload),
        channel=text_of(payload, "channel_id"),
        text=plain(text_of(payload, "text"), bot_user),
        channel_type="im" if text_of(payload, "channel_name") == "directmessage" else "",
        is_private=True,
        command=command_of(payload),
        response_url=text_of(payload, "response_url"),
    )


def hear_shortcut(payload: Payload, bot_user: str) -> Heard | None:
    """A message shortcut: the message it was used on is the question."""
    said = dict_of(payload, "message")
    channel = text_of(dict_of(payload, "channel"), "id")
    if not channel:
        return None
    user = dict_of(payload, "user")
    return Heard(
        kind="shortcut",
        user=text_of(user, "id"),
        team=team_of(payload),
        channel=channel,
        text=plain(text_of(said, "text"), bot_user),
        thread=text_of(said, "thread_ts"),
        ts=text_of(said, "ts"),
        user_team=text_of(user, "team_id"),
        is_private=True,
        response_url=text_of(payload, "response_url"),
        files=_files(said),
    )


def hear_press(payload: Payload) -> Heard | None:
    """A button. `ask` is a question; anything else is handed to the core by its name.

    `channel` is empty for a button of App Home.
    """
    action = next(iter(list_of(payload, "actions")), {})
    pressed = read_value(text_of(action, "value"))
    if pressed is None:
        return None
    container, said, user = (dict_of(payload, key) for key in ("container", "message", "user"))
    on_message = bool(text_of(container, "message_ts") or said)
    channel = (text_of(dict_of(payload, "channel"), "id") or text_of(container, "channel_id")) * (
        on_message and text_of(container, "type") != "view"
    )
    is_direct = not channel or channel.startswith("D")
    is_ephemeral = container.get("is_ephemeral") is True or text_of(said, "subtype") == "ephemeral"
    thread = text_of(container, "thread_ts") or text_of(said, "thread_ts")
    if not thread and not is_direct and not is_ephemeral:
        thread = text_of(container, "message_ts") or text_of(said, "ts")
    name, value = pressed["name"], pressed["value"]
    is_question = name == "ask"
    question_kind: Kind = "direct" if is_direct else "mention"
    return Heard(
        kind=question_kind if is_question else "button",
        user=text_of(user, "id"),
        team=team_of(payload),
        channel=channel,
        text=value,
        thread=thread,
        ts=text_of(action, "action_ts"),
        channel_type="im" if is_direct else "",
        user_team=text_of(user, "team_id"),
        is_private=is_ephemeral and is_question,
        is_press=not is_question,
        command="" if is_question else name,
        asked=value if is_question else "",
        response_url=text_of(payload, "response_url"),
        values={"value": value, "turn": pressed["turn"]},
    )


def hear_reminder(reminder: Reminder) -> Heard:
    """What a skill wanted to be called for. Without a channel: a direct message, to be opened."""
    place = reminder.place
    is_opened = bool(reminder.to) or reminder.reference == DIRECTLY
    return Heard(
        kind="reminder",
        user=reminder.to or reminder.actor.id,
        team=place.team,
        channel="" if is_opened else place.channel,
        thread="" if is_opened else place.thread,
        ts=f"{reminder.due.timestamp():.6f}",
        channel_type="im" if is_opened or place.visibility == "direct" else "",
        command=reminder.skill,
        workspace=reminder.workspace,
        values={"key": reminder.key},
    )


def read_value(text: str) -> dict[str, str] | None:
    """Read the JSON a button carries; None when it is not one of ours."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    return {key: str(value.get(key, "")) for key in ("name", "value", "turn")}


def plain(text: str, bot_user: str = "") -> str:
    """What a person typed: the mention taken away, Slack's entities written out."""

    def written(match: re.Match[str]) -> str:
        inside, _, label = match[1].partition("|")
        if inside == f"@{bot_user}":
            return " "
        if not inside:
            return label
        if inside[0] == "@":
            return label or inside
        if inside[0] == "#":
            return f"#{label or inside[1:]}"
        if inside[0] == "!":
            return label or f"@{inside[1:].partition('^')[0]}"
        target = inside.removeprefix("mailto:")
        return target if not label or label in target else f"{label} ({target})"

    text = _ENTITY.sub(written, text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return storable(text).strip()


def storable(text: str) -> str:
    """Text without NUL and halves of surrogate pairs: JSON can write them, databases cannot."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _said(event: Payload) -> Payload:
    """The message inside an event: an edit keeps the edited one a level deeper."""
    return dict_of(event, "message") if text_of(event, "subtype") == "message_changed" else event


def _in_thread(said: Payload) -> bool:
    return text_of(said, "thread_ts") not in ("", text_of(said, "ts"))


def _channel_type(event: Payload) -> str:
    # app_mention does not say; the first letter tells a direct message at least.
    is_direct = text_of(event, "channel").startswith("D")
    return text_of(event, "channel_type") or ("im" if is_direct else "")


def _authorised_bot(payload: Payload) -> str:
    for item in list_of(payload, "authorizations"):
        if item.get("is_bot") is True:
            return text_of(item, "user_id")
    return ""


def _files(said: Payload) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            name=text_of(item, "name") or text_of(item, "title") or "file",
            media_type=text_of(item, "mimetype"),
            size=item["size"] if isinstance(item.get("size"), int) else 0,
            location=text_of(item, "url_private_download") or text_of(item, "url_private"),
        )
        for item in list_of(said, "files")[:10]
        if text_of(item, "mode") != "tombstone"
    )


def _join(*parts: str) -> str:
    """Join parts of an identity; one that looks odd is replaced by its digest."""
    safe = (
        part if _SAFE.fullmatch(part) else sha256(part.encode("utf-8", "replace")).hexdigest()[:32]
        for part in parts
    )
    return "/".join(("slack", *safe))


def _digest(payload: Payload) -> str:
    return sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:32]


def text_of(source: Payload, key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""


def dict_of(source: Payload, key: str) -> Payload:
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def list_of(source: Payload, key: str) -> list[Payload]:
    value = source.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
