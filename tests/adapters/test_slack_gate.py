"""The gate of Slack: what comes in, what stays out, and what makes two deliveries one."""

from __future__ import annotations

import hmac
import json
import time
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.slack.gate import MAX_BODY, Intake, SlackGate, is_too_deep
from bot.testing import FakeInbox

NOW = 1_795_000_000
SECRET = "new-secret"
BOT = "U0SHOMU"


class Desk:
    """A gate with everything behind it, and a way to knock."""

    def __init__(self, secrets: tuple[str, ...] = (SECRET,)) -> None:
        self.inbox = FakeInbox()
        self.counted: Counter[str] = Counter()
        self.urgent: list[Mapping[str, Any]] = []
        self.intake = Intake(self.inbox, self._answer_now, self._count)
        self.intake.bot_user = BOT
        self.gate = SlackGate(secrets, self.intake, self._count, lambda: float(NOW))

    def _count(self, outcome: str) -> None:
        self.counted[outcome] += 1

    async def _answer_now(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        self.urgent.append(payload)
        return {"response_action": "clear"}

    async def knock(
        self,
        body: bytes,
        *,
        secret: str = SECRET,
        timestamp: str = str(NOW),
        media_type: str = "application/json",
        method: str = "POST",
        headers: list[tuple[bytes, bytes]] | None = None,
        pieces: int = 1,
    ) -> tuple[int, bytes]:
        if headers is None:
            headers = [
                (b"content-type", media_type.encode()),
                (b"x-slack-request-timestamp", timestamp.encode()),
                (b"x-slack-signature", sign(secret, timestamp, body).encode()),
            ]
        size = max(1, len(body) // pieces)
        parts = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        read = 0

        async def receive() -> dict[str, Any]:
            nonlocal read
            read += 1
            part = parts[read - 1]
            return {"type": "http.request", "body": part, "more_body": read < len(parts)}

        sent: list[Mapping[str, Any]] = []

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": "/slack/events", "headers": headers}
        await self.gate(scope, receive, send)
        self.pieces_read = read
        return sent[0]["status"], sent[1]["body"]

    async def tell(self, payload: Mapping[str, Any]) -> int:
        return (await self.knock(json.dumps(payload).encode()))[0]


def sign(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, sha256).hexdigest()


def event(**about: Any) -> dict[str, Any]:
    said = {"type": "message", "channel": "C1", "user": "U1", "ts": "1795000000.000100"}
    return {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": f"Ev{time.monotonic_ns()}",
        "event": {**said, "text": f"<@{BOT}> 夏季休暇は？", "channel_type": "channel", **about},
    }


async def test_a_signed_mention_is_kept_before_it_is_acknowledged() -> None:
    desk = Desk()
    body = json.dumps(event(type="app_mention")).encode()
    assert await desk.knock(body) == (200, b"")
    (kept,) = desk.inbox.waiting
    assert kept.identity == "slack/T1/C1/1795000000.000100"
    assert kept.payload == body.decode()


async def test_one_mention_delivered_as_two_kinds_of_event_is_kept_once() -> None:
    for order in (("app_mention", "message"), ("message", "app_mention")):
        desk = Desk()
        for kind in order:
            assert await desk.tell(event(type=kind)) == 200
        assert len(desk.inbox.waiting) == 1
        assert desk.counted == {"accepted": 1, "duplicate": 1}


async def test_the_same_signed_body_ten_times_is_one_job() -> None:
    desk = Desk()
    body = json.dumps(event()).encode()
    assert [(await desk.knock(body))[0] for _ in range(10)] == [200] * 10
    assert len(desk.inbox.waiting) == 1


async def test_two_secrets_are_good_while_they_are_rotated_and_an_old_one_is_not_afterwards() -> (
    None
):
    body = json.dumps(event()).encode()
    both = Desk(secrets=(SECRET, "old-secret"))
    assert (await both.knock(body, secret="old-secret"))[0] == 200
    assert (await both.knock(body, secret=SECRET))[0] == 200
    after = Desk(secrets=(SECRET,))
    assert (await after.knock(body, secret="old-secret"))[0] == 401
    assert after.inbox.waiting == []


async def test_without_a_signing_secret_nothing_comes_in() -> None:
    desk = Desk(secrets=())
    assert (await desk.knock(json.dumps(event()).encode(), secret=""))[0] == 401


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**10])
async def test_a_request_from_another_time_is_refused(seconds: int) -> None:
    desk = Desk()
    timestamp = str(NOW + seconds)
    body = json.dumps(event()).encode()
    assert (await desk.knock(body, timestamp=timestamp))[0] == 401
    assert desk.counted["stale"] == 1


@pytest.mark.parametrize("seconds", [-300, 0, 300])
async def test_a_request_within_five_minutes_is_let_in(seconds: int) -> None:
    body = json.dumps(event()).encode()
    assert (await Desk().knock(body, timestamp=str(NOW + seconds)))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"x-slack-signature", b"v0=" + b"a" * 64)],
        [(b"x-slack-request-timestamp", str(NOW).encode())],
        [(b"x-slack-request-timestamp", b"now"), (b"x-slack-signature", b"v0=" + b"a" * 64)],
        [(b"x-slack-request-timestamp", b"-1"), (b"x-slack-signature", b"v0=" + b"a" * 64)],
        [
            (b"x-slack-request-timestamp", "１７９５".encode()),
            (b"x-slack-signature", b"v0=" + b"a" * 64),
        ],
        [
            (b"x-slack-request-timestamp", str(NOW).encode()),
            (b"x-slack-signature", b"v1=" + b"a" * 64),
        ],
        [
            (b"x-slack-request-timestamp", str(NOW).encode()),
            (b"x-slack-signature", b"v0=" + b"A" * 64),
        ],
        [
            (b"x-slack-request-timestamp", str(NOW).encode()),
            (b"x-slack-signature", b"v0=\xff\xfe" + b"a" * 62),
        ],
    ],
)
async def test_unsigned_requests_are_turned_away_before_their_body_is_read(
    headers: list[tuple[bytes, bytes]],
) -> None:
    desk = Desk()
    headers = [(b"content-type", b"application/json"), *headers]
    status, _ = await desk.knock(b'{"a": 1}', headers=headers)
    assert status == 401
    assert desk.pieces_read == 0


async def test_a_header_sent_twice_is_malformed() -> None:
    body = b"{}"
    signature = (b"x-slack-signature", sign(SECRET, str(NOW), body).encode())
    headers = [
        (b"content-type", b"application/json"),
        (b"x-slack-request-timestamp", str(NOW).encode()),
        signature,
        signature,
    ]
    assert (await Desk().knock(body, headers=headers))[0] == 400


@settings(derandomize=True, deadline=None)
@given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
async def test_one_flipped_bit_is_a_bad_signature(position: int, bit: int) -> None:
    body = json.dumps(event()).encode()
    spoilt = bytearray(body)
    spoilt[position % len(body)] ^= 1 << bit
    headers = [
        (b"content-type", b"application/json"),
        (b"x-slack-request-timestamp", str(NOW).encode()),
        (b"x-slack-signature", sign(SECRET, str(NOW), body).encode()),
    ]
    desk = Desk()
    assert (await desk.knock(bytes(spoilt), headers=headers))[0] == 401
    assert desk.inbox.waiting == []


async def test_a_body_of_20_megabytes_is_refused_without_being_read_to_the_end() -> None:
    desk = Desk()
    assert (await desk.knock(b"x" * 20 * MAX_BODY, pieces=200))[0] == 413
    assert desk.pieces_read < 20
    announced = [
        (b"content-type", b"application/json"),
        (b"x-slack-request-timestamp", str(NOW).encode()),
        (b"x-slack-signature", b"v0=" + b"a" * 64),
        (b"content-length", b"20000000"),
    ]
    assert (await desk.knock(b"x", headers=announced))[0] == 413
    assert desk.pieces_read == 0


@pytest.mark.parametrize("media_type", ["text/plain", "multipart/form-data; boundary=x", "", "xml"])
async def test_other_content_types_are_refused(media_type: str) -> None:
    assert (await Desk().knock(b"{}", media_type=media_type))[0] == 415


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
async def test_only_post_is_answered(method: str) -> None:
    assert (await Desk().knock(b"{}", method=method))[0] == 405


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": ' * 5_000 + b"1" + b"}" * 5_000,
        b"[" * 100_000,
        b'{"a": "' + b'\\"' * 50_000,
    ],
)
async def test_signed_nonsense_is_a_bad_request_and_never_an_error_of_ours(body: bytes) -> None:
    desk = Desk()
    assert (await desk.knock(body))[0] == 400
    form = urlencode({"payload": body}).encode()
    assert (await desk.knock(form, media_type="application/x-www-form-urlencoded"))[0] == 400
    assert desk.inbox.waiting == []


@settings(derandomize=True, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    )
)
async def test_whatever_shape_a_signed_payload_has_it_is_not_an_error_of_ours(value: Any) -> None:
    desk = Desk()
    for payload in (
        {"type": "event_callback", "event": value, "team_id": value},
        event(text=value, ts=value, channel=value, files=value, subtype="message_changed"),
        {"type": "block_actions", "actions": value, "team": value, "user": value},
        {"type": value, "command": value, "trigger_id": value},
    ):
        assert await desk.tell(payload) == 200


def test_brackets_inside_strings_are_not_depth() -> None:
    assert not is_too_deep(json.dumps({"text": "[" * 5_000}).encode())
    assert not is_too_deep(json.dumps({"text": '\\"[' * 5_000}).encode())
    assert not is_too_deep(json.dumps([[1], [2]] * 500).encode())
    assert not is_too_deep(b"[" * 64 + b"]" * 64)
    assert is_too_deep(b"[" * 65 + b"]" * 65)


async def test_the_address_is_confirmed_to_slack() -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    status, answer = await Desk().knock(body)
    assert (status, json.loads(answer)) == (200, {"challenge": "abc"})


async def test_ssl_check_is_answered_when_signed_only() -> None:
    desk = Desk()
    body = b"ssl_check=1&token=x"
    form = "application/x-www-form-urlencoded"
    assert await desk.knock(body, media_type=form) == (200, b"")
    assert (await desk.knock(body, media_type=form, secret="other"))[0] == 401
    assert desk.inbox.waiting == []


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "event_callback", "event": {"type": "team_join"}},
        {"type": "event_callback", "event": {"type": "reaction_added", "user": "U1"}},
        {"type": "view_closed"},
        {"type": "something_new"},
        {"type": "event_callback"},
        {},
    ],
)
async def test_kinds_of_event_we_do_not_know_are_acknowledged_and_counted(
    payload: dict[str, Any],
) -> None:
    desk = Desk()
    assert await desk.tell(payload) == 200
    assert desk.counted["unknown_type"] == 1
    assert desk.inbox.waiting == []


@pytest.mark.parametrize(
    "about",
    [
        {"bot_id": "B1"},
        {"user": BOT},
        {"subtype": "channel_join"},
        {"subtype": "bot_message", "user": None},
        {"text": "お昼に行きましょう"},
        {"subtype": "message_changed", "message": {"user": "U1", "text": "直した", "ts": "1.0"}},
    ],
)
async def test_what_is_certainly_not_for_us_is_not_kept(about: dict[str, Any]) -> None:
    desk = Desk()
    assert await desk.tell(event(**about)) == 200
    assert desk.counted == {"ignored": 1}
    assert desk.inbox.waiting == []


@pytest.mark.parametrize(
    "about",
    [
        {"text": "では5日ですか", "thread_ts": "1794000000.000001"},
        {"text": "夏季休暇は？", "channel": "D1", "channel_type": "im"},
        {"subtype": "file_share"},
        {"subtype": "thread_broadcast", "thread_ts": "1794000000.000001"},
    ],
)
async def test_what_may_be_for_us_is_kept(about: dict[str, Any]) -> None:
    desk = Desk()
    await desk.tell(event(**about))
    assert desk.counted == {"accepted": 1}


async def test_a_mention_added_by_editing_is_a_question_and_other_edits_are_not() -> None:
    desk = Desk()
    edited = {"user": "U1", "text": f"<@{BOT}> 夏季休暇は？", "ts": "1795000000.000100"}
    forgotten = {**edited, "text": "夏季休暇は？"}
    about = {"subtype": "message_changed", "ts": "1795000009.000900", "message": edited}
    await desk.tell(event(**about, previous_message=edited))
    assert desk.inbox.waiting == []
    await desk.tell(event(**about, previous_message=forgotten))
    (kept,) = desk.inbox.waiting
    assert kept.identity == "slack/T1/C1/1795000000.000100"


async def test_a_deleted_message_is_taken_back_at_once() -> None:
    desk = Desk()
    await desk.tell(event())
    await desk.tell(event(subtype="message_deleted", deleted_ts="1795000000.000100", ts="2.0"))
    assert desk.inbox.waiting == []
    assert desk.counted["withdrawn"] == 1
    assert "slack/T1/C1/1795000000.000100" in desk.intake.withdrawn


async def test_a_command_is_kept_under_its_trigger() -> None:
    desk = Desk()
    fields = {"command": "/shomu", "text": "夏季休暇", "team_id": "T1", "trigger_id": "1.2.abc"}
    form = urlencode(fields).encode()
    assert await desk.knock(form, media_type="application/x-www-form-urlencoded") == (200, b"")
    (kept,) = desk.inbox.waiting
    assert kept.identity == "slack/T1/command/1.2.abc"
    assert json.loads(kept.payload) == fields


async def test_a_submitted_form_and_a_button_that_opens_one_are_answered_inline() -> None:
    desk = Desk()
    opener = {"type": "block_actions", "actions": [{"action_id": "shomu:form:0"}]}
    for payload in ({"type": "view_submission"}, {"type": "block_suggestion"}, opener):
        form = urlencode({"payload": json.dumps(payload)}).encode()
        status, answer = await desk.knock(form, media_type="application/x-www-form-urlencoded")
        assert (status, json.loads(answer)) == (200, {"response_action": "clear"})
    assert len(desk.urgent) == 3
    assert desk.inbox.waiting == []


async def test_an_identity_is_safe_to_store_whatever_slack_sends() -> None:
    desk = Desk()
    await desk.tell(event(channel="D\ud800/../\0", channel_type="im"))
    (kept,) = desk.inbox.waiting
    assert kept.identity.encode("ascii").count(b"/") == 3


async def test_nothing_people_wrote_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk = Desk()
    body = json.dumps(event(text="秘密の相談")).encode()
    await desk.knock(body)
    await desk.knock(body, secret="other")
    await desk.knock(b"{" + body)
    assert "秘密" not in caplog.text
    assert "\\u79d8" not in caplog.text


async def test_a_client_that_goes_away_while_sending_is_forgotten() -> None:
    desk = Desk()
    headers = [
        (b"content-type", b"application/json"),
        (b"x-slack-request-timestamp", str(NOW).encode()),
        (b"x-slack-signature", b"v0=" + b"a" * 64),
    ]

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        raise AssertionError("nobody listens")

    await desk.gate({"type": "http", "method": "POST", "headers": headers}, receive, send)
    assert desk.counted == {"disconnected": 1}
