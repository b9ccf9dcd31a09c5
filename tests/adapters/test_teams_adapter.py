"""Teams from gate to answer, against a Bot Connector of our own on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from bot.adapters.teams.adapter import BotConnector, TeamsAdapter
from bot.adapters.teams.chat import CANNOT_SEND_PRIVATELY, SENT_PRIVATELY
from bot.adapters.teams.messages import ConversationRef
from bot.errors import BadInput, Misconfigured, Unavailable
from bot.messages import (
    Actor,
    Attachment,
    Form,
    Message,
    Place,
    Reminder,
    Reply,
    Said,
    Source,
    load_form,
)
from bot.ports import Chat, Delivery
from bot.settings import Settings
from bot.testing.fakes import FakeDirectory, FakeInbox

TENANT = "tenant-1"
BOT = {"id": "28:bot", "name": "庶務"}
USER = {"id": "29:user", "aadObjectId": "aad-1", "name": "田中"}
MENTION = {"type": "mention", "text": "<at>庶務</at>", "mentioned": BOT}
CHANNEL = "19:general@thread.tacv2"


class Connector:
    """What Teams holds: the messages people see, and how it misbehaves."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.headers: list[Any] = []
        self.troubles: list[tuple[str, int, dict[str, str]]] = []
        self.member: dict[str, Any] = {"id": USER["id"], "userRole": "user", "tenantId": TENANT}
        self.has_personal = True
        self.url = ""

    def trouble(self, request: web.Request) -> web.Response | None:
        self.calls.append(request.method)
        self.headers.append(request.headers)
        if self.troubles and self.troubles[0][0] in (request.method, "*"):
            _, status, headers = self.troubles.pop(0)
            return web.json_response({"error": {"code": "x"}}, status=status, headers=headers)
        return None

    async def post(self, request: web.Request) -> web.Response:
        if answer := self.trouble(request):
            return answer
        name = f"m{len(self.messages) + 1}"
        body = await request.json()
        self.messages[name] = {**body, "in": request.match_info["conversation"]}
        return web.json_response({"id": name}, status=201)

    async def put(self, request: web.Request) -> web.Response:
        if answer := self.trouble(request):
            return answer
        name = request.match_info["activity"]
        if name not in self.messages:
            return web.json_response({}, status=404)
        body = await request.json()
        self.messages[name] = {**body, "in": request.match_info["conversation"]}
        return web.json_response({"id": name})

    async def get_member(self, request: web.Request) -> web.Response:
        return self.trouble(request) or web.json_response(self.member)

    async def create(self, request: web.Request) -> web.Response:
        if not self.has_personal:
            return web.json_response({}, status=403)
        return self.trouble(request) or web.json_response({"id": "a:personal"}, status=201)

    def shown(self) -> list[str]:
        return [f"{message['in']}: {words(message)}" for message in self.messages.values()]


def words(message: Any) -> str:
    """The text a person reads in a message."""
    if isinstance(message, dict):
        own = message["text"] if isinstance(message.get("text"), str) else ""
        return own + "".join(words(item) for item in message.values())
    return "".join(words(item) for item in message) if isinstance(message, list) else ""


@asynccontextmanager
async def serving() -> AsyncIterator[Connector]:
    teams = Connector()
    application = web.Application()
    root = "/v3/conversations"
    application.router.add_post(f"{root}/{{conversation}}/activities", teams.post)
    application.router.add_put(f"{root}/{{conversation}}/activities/{{activity}}", teams.put)
    application.router.add_get(f"{root}/{{conversation}}/members/{{member}}", teams.get_member)
    application.router.add_post(root, teams.create)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    teams.url = f"http://{host}:{port}/"
    yield teams
    await runner.cleanup()


class ScriptedBot:
    """Holds, then says what it was told to; remembers the messages it got."""

    def __init__(self) -> None:
        self.reply = Reply("5日です。〔1〕")
        self.got: list[Message] = []
        self.history: list[Said] = []
        self.dies_before_answer = False
        self.next_form: Form | None = None

    async def first(self, message: Message) -> Form | None:
        return None

    async def following(self, message: Message) -> Form | None:
        return self.next_form

    async def offered(self, message: Message) -> Form | None:
        return None

    async def receive(self, message: Message, chat: Chat) -> Reply:
        self.got.append(message)
        if await chat.hold(message, "調べています…"):
            return Reply("")
        self.history = list(await chat.history(message))
        if self.dies_before_answer:
            raise RuntimeError("killed")
        await chat.answer(message, replace(self.reply, turn=message.turn))
        return self.reply


class Office:
    """An adapter with its inbox and its bot, and Teams on the other side."""

    def __init__(self, teams: Connector) -> None:
        self.teams = teams
        self.bot = ScriptedBot()
        self.inbox = FakeInbox()
        self.directory = FakeDirectory()
        self.counts: list[str] = []
        self.waits: list[float] = []
        self.settings = Settings(teams_dev=True, teams_tenant=TENANT)
        connector = BotConnector(self.settings, sleep=self.sleep)
        self.adapter = TeamsAdapter(
            self.settings, self.bot, self.inbox, self.directory, ["質問1", "質問2", "質問3", "4"],
            self.no_network, self.counts.append, connector=connector, forms=self.bot,
        )  # fmt: skip

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def no_network(self, url: str) -> dict[str, Any]:
        raise Unavailable(url)

    async def post(self, body: dict[str, Any]) -> tuple[int, Any]:
        """What Teams does: POST an activity to the gate. Returns status and body."""
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": json.dumps(body).encode()}

        async def send(event: Any) -> None:
            sent.append(event)

        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "headers": headers, "client": ("127.0.0.1", 1)}
        await self.adapter.gate(scope, receive, send)
        body_bytes = sent[1]["body"]
        return sent[0]["status"], json.loads(body_bytes) if body_bytes else None

    async def work(self) -> None:
        """Do everything that waits, as the worker would."""
        while delivery := self.inbox.take():
            await self.adapter.handle(delivery)

    async def say(self, text: str, **changes: Any) -> list[str]:
        status, _ = await self.post(self.message(text, **changes))
        assert status == 202
        await self.work()
        return self.teams.shown()

    def message(self, text: str, **changes: Any) -> dict[str, Any]:
        whole: dict[str, Any] = {
            "type": "message", "id": "1", "text": text, "channelId": "msteams",
            "serviceUrl": self.teams.url, "from": USER, "recipient": BOT, "locale": "ja-JP",
            "timestamp": "2026-11-22T01:00:00.000Z",
            "conversation": {"id": "a:1", "conversationType": "personal", "tenantId": TENANT},
            "channelData": {"tenant": {"id": TENANT}},
        }  # fmt: skip
        return {**whole, **changes}

    def in_channel(self, text: str, thread: str = "100", **changes: Any) -> dict[str, Any]:
        return self.message(
            text,
            conversation={
                "id": f"{CHANNEL};messageid={thread}", "conversationType": "channel",
                "tenantId": TENANT,
            },
            channelData={"tenant": {"id": TENANT}, "team": {"id": "team-1"}},
            **changes,
        )  # fmt: skip

    def invoke(self, name: str, value: Any, **changes: Any) -> dict[str, Any]:
        return {**self.message(""), "type": "invoke", "name": name, "value": value, **changes}

    def pressed(self, name: str, value: str = "", turn: str = "t1") -> dict[str, Any]:
        data = {"name": name, "value": value, "turn": turn}
        action = {"type": "Action.Execute", "verb": name, "data": data}
        return self.invoke("adaptiveCard/action", {"action": action}, id=f"i-{name}-{value}")


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with serving() as teams:
        made = Office(teams)
        yield made
        await made.adapter.close()


# --- messages --------------------------------------------------------------------------------


async def test_a_question_is_acknowledged_at_once_and_answered_by_the_worker(
    office: Office,
) -> None:
    status, _ = await office.post(office.message("夏季休暇は何日ですか"))
    assert status == 202
    assert office.teams.shown() == []
    await office.work()
    (answer,) = office.teams.shown()
    assert "5日です。" in answer
    assert "調べています" not in answer
    assert office.bot.got[0].kind == "direct"
    assert office.bot.got[0].place == Place("teams", TENANT, "a:1", "", "direct")
    assert office.bot.got[0].actor.id == "aad-1"


async def test_a_message_delivered_again_after_fifteen_seconds_is_answered_once(
    office: Office,
) -> None:
    for _ in range(3):
        assert (await office.post(office.message("夏季休暇は")))[0] == 202
    await office.work()
    assert len(office.teams.messages) == 1
    assert office.counts.count("repeated") == 2


async def test_a_mention_is_taken_away_and_the_thread_is_kept(office: Office) -> None:
    text = "<p><at>庶務</at>&nbsp;<b>R&amp;D</b>の旅費は &lt;3泊&gt;？</p>"
    await office.post(office.in_channel(text, entities=[MENTION]))
    await office.work()
    (message,) = office.bot.got
    assert (message.kind, message.text) == ("mention", "R&Dの旅費は <3泊>？")
    assert message.place == Place("teams", "team-1", CHANNEL, "100", "public")
    assert office.teams.shown()[0].startswith(f"{CHANNEL};messageid=100: ")


async def test_other_peoples_names_stay_in_the_question(office: Office) -> None:
    other = {"type": "mention", "text": "<at>佐藤</at>", "mentioned": {"id": "29:s"}}
    text = "<at>庶務</at> <at>佐藤</at>さんの担当は？"
    await office.post(office.in_channel(text, entities=[MENTION, other]))
    await office.work()
    assert office.bot.got[0].text == "佐藤さんの担当は？"


async def test_a_channel_message_that_is_not_for_the_bot_is_not_even_kept(office: Office) -> None:
    status, _ = await office.post(office.in_channel("昼は何にしますか"))
    assert (status, office.inbox.waiting) == (200, [])


async def test_a_follow_up_in_a_joined_thread_needs_no_mention(office: Office) -> None:
    place = Place("teams", "team-1", CHANNEL, "100")
    await office.post(office.in_channel("夏季休暇は", entities=[MENTION], id="100"))
    await office.work()
    await office.directory.join(place, "main", "manual-search")
    await office.post(office.in_channel("分割できますか", id="101"))
    await office.work()
    assert office.bot.got[1].kind == "follow-up"
    assert [said.text for said in office.bot.history] == ["夏季休暇は", "5日です。〔1〕"]


@pytest.mark.parametrize(
    ("text", "expected"), [("/shomu 夏季休暇は", "夏季休暇は"), ("使い方", "使い方")]
)
async def test_a_command_is_recognised(office: Office, text: str, expected: str) -> None:
    await office.say(text)
    assert (office.bot.got[0].kind, office.bot.got[0].text) == ("command", expected)


@pytest.mark.parametrize(
    "member",
    [
        {"userRole": "guest"},
        {"userRole": "anonymous"},
        {"tenantId": "other"},
        {"userPrincipalName": "x_gmail.com#EXT#@city.example"},
    ],
)
async def test_people_from_outside_are_guests(office: Office, member: dict[str, str]) -> None:
    office.teams.member.update(member)
    await office.say("夏季休暇は")
    assert office.bot.got[0].actor.is_guest


async def test_staff_are_not_guests_and_are_looked_up_once(office: Office) -> None:
    await office.say("夏季休暇は")
    await office.say("旅費は", id="2")
    assert [message.actor.is_guest for message in office.bot.got] == [False, False]
    assert office.teams.calls.count("GET") == 1


async def test_someone_teams_does_not_know_counts_as_a_guest(office: Office) -> None:
    office.teams.troubles = [("GET", 404, {})]
    await office.say("夏季休暇は")
    assert office.bot.got[0].actor.is_guest


async def test_a_deleted_message_is_not_answered(office: Office) -> None:
    await office.post(office.message("夏季休暇は"))
    await office.post({**office.message(""), "type": "messageDelete"})
    await office.work()
    assert office.teams.shown() == []


async def test_an_edited_message_is_answered_as_it_reads_now(office: Office) -> None:
    await office.post(office.message("夏期休暇わ"))
    await office.post({**office.message("夏季休暇は"), "type": "messageUpdate"})
    await office.work()
    assert [message.text for message in office.bot.got] == ["夏季休暇は"]
    await office.post({**office.message("やはり旅費は"), "type": "messageUpdate"})
    await office.work()
    assert len(office.bot.got) == 1


async def test_what_no_database_stores_is_taken_out_of_a_message(office: Office) -> None:
    await office.say("夏季\ud800休暇\x00は")
    assert office.bot.got[0].text == "夏季休暇は"


@pytest.mark.parametrize("kind", ["typing", "messageReaction", "event", "somethingNew"])
async def test_an_activity_nobody_knows_is_acknowledged_and_counted(
    office: Office, kind: str
) -> None:
    assert (await office.post({**office.message(""), "type": kind}))[0] == 200
    assert "ignored" in office.counts


# --- posting exactly once --------------------------------------------------------------------


async def retry(office: Office, delivery: Delivery) -> None:
    posted = office.inbox.posted.get(delivery.turn, "")
    await office.adapter.handle(replace(delivery, attempt=2, posted=posted))


async def test_the_next_attempt_fills_the_same_placeholder(office: Office) -> None:
    await office.post(office.message("夏季休暇は"))
    delivery = office.inbox.take()
    assert delivery
    office.bot.dies_before_answer = True
    with pytest.raises(RuntimeError):
        await office.adapter.handle(delivery)
    assert office.teams.shown() == ["a:1: 調べています…"]
    office.bot.dies_before_answer = False
    await retry(office, delivery)
    (answer,) = office.teams.shown()
    assert "5日です。" in answer


async def test_an_answered_turn_is_not_answered_again(office: Office) -> None:
    await office.post(office.message("夏季休暇は"))
    delivery = office.inbox.take()
    assert delivery
    await office.adapter.handle(delivery)
    before = dict(office.teams.messages)
    await retry(office, delivery)
    assert office.teams.messages == before


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
async def test_a_crash_at_any_step_of_a_long_answer_leaves_one_whole_answer(
    office: Office, step: int, moment: str
) -> None:
    """Killed before or after the n-th commit; three placeholders and the end are committed."""
    office.bot.reply = Reply("長い回答の一文です。" * 700, status="help")
    await office.post(office.message("夏季休暇は"))
    delivery = office.inbox.take()
    assert delivery
    steps, remember = 0, office.inbox.remember

    async def counted(turn: str, posted: str) -> None:
        nonlocal steps
        steps += 1
        if steps == step and moment == "before":
            raise RuntimeError("killed")
        await remember(turn, posted)
        if steps == step:
            raise RuntimeError("killed")

    office.inbox.remember = counted  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        await retry(office, delivery)
    await retry(office, delivery)
    shown = "".join(office.teams.shown())
    assert shown.count("長い回答の一文です。") == 700
    assert shown.count("受付番号") == 1


async def test_a_deleted_placeholder_is_posted_once_more(office: Office) -> None:
    await office.post(office.message("夏季休暇は"))
    office.teams.troubles = [("PUT", 404, {})]
    await office.work()
    held, answer = office.teams.shown()
    assert "調べています" in held
    assert "5日です。" in answer


async def test_where_updates_are_refused_the_answer_is_posted(office: Office) -> None:
    office.teams.troubles = []
    await office.post(office.message("夏季休暇は"))
    office.teams.troubles = [("PUT", 403, {}), ("PUT", 403, {})]
    await office.work()
    assert "5日です。" in office.teams.shown()[-1]
    assert sum("5日です。" in shown for shown in office.teams.shown()) == 1


async def test_a_busy_connector_is_tried_again_when_it_says(office: Office) -> None:
    office.teams.troubles = [("POST", 429, {"Retry-After": "2"}), ("PUT", 503, {})]
    (answer,) = await office.say("夏季休暇は")
    assert "5日です。" in answer
    assert office.waits == [2.0, 0.5]


async def test_a_connector_that_stays_down_gives_the_delivery_back(office: Office) -> None:
    office.teams.troubles = [("POST", 502, {})] * 20
    await office.post(office.message("夏季休暇は"))
    with pytest.raises(Unavailable):
        await office.work()
    assert len(office.waits) == 3


async def test_a_wait_longer_than_a_lease_is_left_to_the_worker(office: Office) -> None:
    office.teams.troubles = [("POST", 429, {"Retry-After": "600"})]
    await office.post(office.message("夏季休暇は"))
    with pytest.raises(Unavailable):
        await office.work()
    assert office.waits == []


async def test_after_the_last_attempt_the_person_is_told(office: Office) -> None:
    await office.post(office.message("夏季休暇は"))
    delivery = office.inbox.take()
    assert delivery
    await office.adapter.apologise(delivery)
    (said,) = office.teams.shown()
    assert "うまくお答えできませんでした" in said
    assert f"受付番号 {delivery.turn}" in said


# --- what may be shown where -----------------------------------------------------------------


async def test_a_private_answer_never_appears_in_the_channel(office: Office) -> None:
    office.bot.reply = Reply("秘密の内容です。", is_private=True)
    await office.post(office.in_channel("夏季休暇は", entities=[MENTION]))
    await office.work()
    channel, personal = office.teams.shown()
    assert channel == f"{CHANNEL};messageid=100: {SENT_PRIVATELY}"
    assert personal.startswith("a:personal: 秘密の内容です。")


async def test_without_a_personal_chat_a_private_answer_is_not_shown_at_all(
    office: Office,
) -> None:
    office.teams.has_personal = False
    office.bot.reply = Reply("秘密の内容です。", is_private=True)
    await office.post(office.in_channel("夏季休暇は", entities=[MENTION]))
    await office.work()
    (shown,) = office.teams.shown()
    assert CANNOT_SEND_PRIVATELY in shown
    assert "秘密" not in shown


async def test_no_token_is_sent_on_loopback(office: Office) -> None:
    await office.say("夏季休暇は")
    assert all("Authorization" not in headers for headers in office.teams.headers)


async def test_a_token_is_fetched_only_for_an_address_on_the_list() -> None:
    asked = 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        return "secret-token"

    settings = Settings(teams_app_id="a", teams_app_secret="b", teams_tenant=TENANT)
    connector = BotConnector(settings, token=token)
    for url in ("https://evil.example/", "http://127.0.0.1:1/"):
        with pytest.raises(Misconfigured):
            await connector.post(ConversationRef(url, "a:1", "personal"), {"type": "message"})
    assert asked == 0


async def test_the_label_and_the_citations_reach_teams(office: Office) -> None:
    source = Source(1, "職員服務規程", "第23条", "5日の範囲内とする。", "p1", "p.4")
    office.bot.reply = Reply("5日です。〔1〕", (source,), engine="some-model")
    await office.say("夏季休暇は")
    (entity,) = office.teams.messages["m1"]["entities"]
    assert entity["@type"] == "Message"
    assert entity["additionalType"] == ["AIGeneratedContent"]
    assert entity["citation"][0]["appearance"]["name"] == "職員服務規程 ＞ 第23条 p.4"


# --- buttons, dialogs, message actions -------------------------------------------------------


async def test_a_pressed_question_is_asked(office: Office) -> None:
    status, body = await office.post(office.pressed("ask", "旅費の精算は"))
    assert (status, body["value"]) == (200, "調べています。回答はこの会話に届きます。")
    await office.work()
    assert (office.bot.got[0].kind, office.bot.got[0].text) == ("direct", "旅費の精算は")
    assert "ご質問：旅費の精算は" in office.teams.shown()[0]


async def test_feedback_is_thanked_for_in_place_and_posts_nothing(office: Office) -> None:
    office.bot.reply = Reply("ご意見を記録しました。", status="help", is_private=True)
    status, body = await office.post(office.pressed("feedback", "bad"))
    assert (status, body["value"]) == (200, "ご意見を受け付けました。ありがとうございます。")
    await office.work()
    (message,) = office.bot.got
    assert (message.kind, message.command) == ("button", "feedback")
    assert message.values == {"value": "bad", "turn": "t1"}
    assert office.teams.shown() == []


async def test_native_feedback_is_recorded_for_the_answer_it_stands_under(office: Office) -> None:
    await office.say("夏季休暇は")
    value = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": "{}"}}
    invoke = office.invoke("message/submitAction", value, id="i1", replyToId="m1")
    assert await office.post(invoke) == (200, {})
    await office.work()
    asked, feedback = office.bot.got
    assert feedback.command == "feedback"
    assert feedback.values == {"value": "good", "turn": asked.turn}


async def test_a_submit_button_counts_like_an_execute_button(office: Office) -> None:
    data = {"name": "feedback", "value": "good", "turn": "t1"}
    await office.say("", value=data)
    assert office.bot.got[0].values == {"value": "good", "turn": "t1"}


FORM = {
    "name": "trip", "title": "出張の申請", "submit": "送信",
    "fields": [
        {"name": "to", "title": "行き先", "kind": "line", "required": True, "choices": [],
         "hint": "", "value": ""},
        {"name": "why", "title": "用務", "kind": "text", "required": False, "choices": [],
         "hint": "", "value": ""},
    ],
}  # fmt: skip


async def test_a_form_opens_is_checked_and_is_handed_to_the_bot(office: Office) -> None:
    data = {"name": "trip", "turn": "t1", "form": FORM}
    _, opened = await office.post(office.invoke("task/fetch", {"data": data}, id="f1"))
    card = opened["task"]["value"]["card"]["content"]
    assert [item["label"] for item in card["body"]] == ["行き先", "用務"]

    empty = {**card["actions"][0]["data"], "to": " ", "why": "研修"}
    _, again = await office.post(office.invoke("task/submit", {"data": empty}, id="s1"))
    assert "「行き先」を入力してください。" in words(again)
    assert "研修" in json.dumps(again, ensure_ascii=False)
    assert office.inbox.waiting == []

    _, done = await office.post(
        office.invoke("task/submit", {"data": {**empty, "to": "県庁"}}, id="s2")
    )
    assert done == {"task": {"type": "message", "value": "受け付けました。"}}
    await office.work()
    (message,) = office.bot.got
    assert (message.kind, message.command) == ("form", "trip")
    assert message.values == {"to": "県庁", "why": "研修", "turn": "t1", "form": "trip"}


async def test_a_dialog_goes_on_to_the_next_form_or_says_what_is_wrong(office: Office) -> None:
    data = {"name": "trip", "turn": "t1", "form": FORM, "to": "本庁"}
    form = load_form(FORM)
    office.bot.next_form = form.filled({"to": "本庁"}, {"to": "庁内は申請できません。"})
    _, again = await office.post(office.invoke("task/submit", {"data": data}, id="s1"))
    assert "庁内は申請できません。" in words(again)
    assert "本庁" in json.dumps(again, ensure_ascii=False)
    office.bot.next_form = replace(form, name="trip/宿泊", title="宿泊の申請")
    _, step = await office.post(office.invoke("task/submit", {"data": data}, id="s2"))
    assert step["task"]["value"]["title"] == "宿泊の申請"
    assert office.inbox.waiting == []


async def test_a_message_can_be_looked_up_from_its_menu(office: Office) -> None:
    payload = {"body": {"contentType": "html", "content": "<p>旅費の精算はいつですか</p>"}}
    invoke = office.invoke("composeExtension/fetchTask", {"messagePayload": payload}, id="c1")
    _, body = await office.post(invoke)
    assert body["task"]["type"] == "message"
    await office.work()
    assert (office.bot.got[0].kind, office.bot.got[0].text) == (
        "shortcut", "旅費の精算はいつですか",
    )  # fmt: skip


@pytest.mark.parametrize(
    "value", [None, "x", [], {}, {"action": 1}, {"action": {"data": "x"}}, {"data": {"form": 1}}]
)
@pytest.mark.parametrize(
    "name",
    [
        "adaptiveCard/action", "message/submitAction", "task/fetch", "task/submit",
        "composeExtension/query", "composeExtension/fetchTask", "signin/verifyState", "new",
    ],
)  # fmt: skip
async def test_an_invoke_without_sense_is_answered_and_does_nothing(
    office: Office, name: str, value: Any
) -> None:
    status, body = await office.post(office.invoke(name, value))
    assert status == 200
    assert body is not None
    assert office.inbox.waiting == []


# --- the rest --------------------------------------------------------------------------------


def added(office: Office, *members: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        **office.message(""), "type": "conversationUpdate",
        "membersAdded": list(members), **changes,
    }  # fmt: skip


async def test_a_newcomer_gets_the_tour_once_with_three_questions(office: Office) -> None:
    for number in range(2):
        await office.post(added(office, BOT, USER, id=f"u{number}"))
    await office.work()
    (tour,) = office.teams.shown()
    assert "はじめまして" in tour
    buttons = json.dumps(list(office.teams.messages.values()), ensure_ascii=False)
    assert [f"質問{n}" in buttons for n in (1, 2, 3)] == [True, True, True]


async def test_a_colleague_added_to_a_team_is_not_greeted_before_everyone(office: Office) -> None:
    conversation = office.in_channel("")["conversation"]
    await office.post(added(office, USER, conversation=conversation))
    assert office.inbox.waiting == []


async def test_a_reference_kept_as_json_can_be_spoken_to_later(office: Office) -> None:
    kept = ConversationRef.of(office.message("")).dump()
    await office.adapter.tell(kept, Reply("毎朝のお知らせです。"))
    assert office.teams.shown()[0].startswith("a:1: 毎朝のお知らせです。")


async def test_a_file_is_fetched_only_from_a_listed_host(office: Office) -> None:
    fetched: list[str] = []

    async def fetch_bytes(url: str) -> bytes:
        fetched.append(url)
        return b"file"

    office.adapter._settings = replace(office.settings, egress_hosts=("city.sharepoint.com",))
    office.adapter._fetch_bytes = fetch_bytes
    body = office.message("")
    chat = office.adapter._chat(Delivery("teams", "i", json.dumps(body)), body)
    good = Attachment("a.docx", location="https://city.sharepoint.com/a")
    assert await chat.download(good) == b"file"
    for url in ("https://evil.example/a", "http://city.sharepoint.com/a", ""):
        with pytest.raises(BadInput):
            await chat.download(Attachment("a.docx", location=url))
    assert fetched == [good.location]


async def test_an_uploaded_file_comes_with_the_message(office: Office) -> None:
    content = {"downloadUrl": "https://city.sharepoint.com/a", "fileType": "docx"}
    kind = "application/vnd.microsoft.teams.file.download.info"
    file = {"contentType": kind, "name": "要綱.docx", "content": content}
    html = {"contentType": "text/html", "content": "<p>これ</p>"}
    await office.say("これを要約して", attachments=[file, html])
    (attachment,) = office.bot.got[0].attachments
    assert (attachment.name, attachment.location) == ("要綱.docx", content["downloadUrl"])


def test_without_id_secret_and_tenant_the_adapter_does_not_start() -> None:
    async def fetch(url: str) -> dict[str, Any]:
        raise Unavailable(url)

    with pytest.raises(Misconfigured) as missing:
        TeamsAdapter(Settings(), ScriptedBot(), FakeInbox(), FakeDirectory(), [], fetch)
    for name in ("SHOMU_TEAMS_APP_ID", "SHOMU_TEAMS_APP_SECRET", "SHOMU_TEAMS_TENANT"):
        assert name in str(missing.value)


# --- reminders -------------------------------------------------------------------------------


async def remembered(office: Office, **about: Any) -> Delivery:
    """A reminder of the channel thread, as the clock hands it out."""
    ref = ConversationRef.of(office.in_channel(""))
    place = Place("teams", "team-1", CHANNEL, "100", "public")
    due = datetime(2026, 11, 24, tzinfo=UTC)
    kept = Reminder("main", "minutes", "k", due, place, Actor("aad-1", "田中"), ref.dump())
    kept = replace(kept, **about)
    return Delivery("teams", kept.identity, kept.dump(), "turn-1", 1)


async def test_a_reminder_is_said_in_its_thread(office: Office) -> None:
    await office.adapter.handle(await remembered(office))
    (message,) = office.bot.got
    assert (message.kind, message.command, message.values) == ("reminder", "minutes", {"key": "k"})
    assert message.place == Place("teams", "team-1", CHANNEL, "100", "public")
    (shown,) = office.teams.shown()
    assert shown.startswith(f"{CHANNEL};messageid=100: ")
    assert "5日です。" in shown


async def test_a_reminder_shows_nothing_before_its_words_are_there(office: Office) -> None:
    office.bot.dies_before_answer = True
    with pytest.raises(RuntimeError):
        await office.adapter.handle(await remembered(office))
    assert office.teams.shown() == []


async def test_a_reminder_that_is_tried_again_is_posted_once(office: Office) -> None:
    delivery = await remembered(office)
    office.teams.troubles = [("PUT", 500, {})] * 4
    with pytest.raises(Unavailable):
        await office.adapter.handle(delivery)
    again = replace(delivery, attempt=2, posted=office.inbox.posted["turn-1"])
    await office.adapter.handle(again)
    await office.adapter.handle(replace(again, posted=office.inbox.posted["turn-1"]))
    assert len(office.teams.shown()) == 1


@pytest.mark.parametrize("to", ["aad-1", "aad-2"])
async def test_a_reminder_for_one_person_goes_to_their_personal_chat(
    office: Office, to: str
) -> None:
    await office.adapter.handle(await remembered(office, to=to))
    (message,) = office.bot.got
    assert message.actor.id == to
    assert message.place == Place("teams", TENANT, "a:personal", "", "direct")
    (shown,) = office.teams.shown()
    assert shown.startswith("a:personal: ")


async def test_without_a_personal_chat_a_reminder_goes_to_the_thread(office: Office) -> None:
    office.teams.has_personal = False
    await office.adapter.handle(await remembered(office, to="aad-2"))
    assert office.bot.got[0].place.visibility == "public"
    assert office.teams.shown()[0].startswith(CHANNEL)


async def test_a_reminder_that_cannot_be_worked_out_is_apologised_for(office: Office) -> None:
    await office.adapter.apologise(await remembered(office))
    assert "受付番号" in office.teams.shown()[0]


async def test_a_reference_made_in_a_conversation_leads_back_to_it(office: Office) -> None:
    references: list[str] = []

    class Noting(ScriptedBot):
        async def receive(self, message: Message, chat: Chat) -> Reply:
            references.append(chat.reference() or "")
            return Reply("")

    office.adapter._bot = Noting()
    await office.post(office.in_channel("夏季休暇は", entities=[MENTION]))
    await office.work()
    assert ConversationRef.load(references[0]).conversation == f"{CHANNEL};messageid=100"


# --- long work -------------------------------------------------------------------------------


class LongWork(ScriptedBot):
    """Shows that it can be stopped; dies on its first attempt."""

    async def receive(self, message: Message, chat: Chat) -> Reply:
        await chat.hold(message, "調べています…")
        await chat.progress(message, "1／3 を読んでいます…", stoppable=True)
        if message.attempt == 1:
            raise RuntimeError("killed")
        await chat.answer(message, replace(self.reply, turn=message.turn))
        return self.reply


async def test_long_work_can_be_stopped_and_its_placeholder_is_found_again(
    office: Office,
) -> None:
    office.adapter._bot = LongWork()
    activity = office.in_channel("読んで", entities=[MENTION])
    delivery = Delivery("teams", "teams:1", json.dumps(activity), "turn-7", 1)
    with pytest.raises(RuntimeError):
        await office.adapter.handle(delivery)
    (placeholder,) = office.teams.messages.values()
    assert "1／3 を読んでいます…" in words(placeholder)
    (button,) = placeholder["attachments"][0]["content"]["body"][1]["actions"]
    assert (button["title"], button["verb"]) == ("中止する", "stop")
    assert button["data"]["turn"] == "turn-7"
    posted = office.inbox.posted["turn-7"]
    await office.adapter.handle(replace(delivery, attempt=2, posted=posted))
    (answer,) = office.teams.shown()
    assert "5日です。" in answer
    assert "読んでいます" not in answer


async def test_a_press_that_stops_adds_no_message(office: Office) -> None:
    office.bot.reply = Reply("中止を受け付けました。", status="help", is_private=True)
    status, body = await office.post(office.pressed("stop", turn="turn-7"))
    assert (status, body["value"]) == (200, "受け付けました。")
    await office.work()
    assert (office.bot.got[0].command, office.bot.got[0].values["turn"]) == ("stop", "turn-7")
    assert office.teams.shown() == []
