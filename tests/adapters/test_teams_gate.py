"""Who may post to /api/messages: real RS256 keys, real tokens, an own list of keys."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.teams import gate as teams_gate
from bot.adapters.teams.gate import Answer, Gate, Keys, is_deep
from bot.errors import Misconfigured, Unavailable
from bot.services.http import Egress
from bot.settings import Settings

APP = "00000000-aaaa-bbbb-cccc-000000000001"
TENANT = "11111111-aaaa-bbbb-cccc-000000000001"
SERVICE = "https://smba.trafficmanager.net/jp/"
ISSUER = "https://api.botframework.com"
HOST = "https://login.botframework.com"
METADATA = f"{HOST}/v1/.well-known/openidconfiguration"
SETTINGS = Settings(teams_app_id=APP, teams_app_secret="secret", teams_tenant=TENANT)

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # refused


def jwk(key: rsa.RSAPrivateKey, kid: str, endorsements: tuple[str, ...] = ("msteams",)) -> Any:
    numbers = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**numbers, "kid": kid, "use": "sig", "endorsements": list(endorsements)}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": ISSUER, "aud": APP, "exp": now + 3600, "nbf": now - 10, "serviceurl": SERVICE,
    }  # fmt: skip
    whole.update(changes)
    return {name: value for name, value in whole.items() if value is not None}


def token(kid: str = "k1", key: rsa.RSAPrivateKey = KEY, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm="RS256", headers={"kid": kid})


def activity(**changes: Any) -> dict[str, Any]:
    whole = {
        "type": "message", "id": "1", "text": "夏季休暇は", "channelId": "msteams",
        "serviceUrl": SERVICE, "from": {"id": "29:u"}, "recipient": {"id": "28:b"},
        "conversation": {"id": "a:1", "conversationType": "personal", "tenantId": TENANT},
        "channelData": {"tenant": {"id": TENANT}},
    }  # fmt: skip
    whole.update(changes)
    return {name: value for name, value in whole.items() if value is not None}


class Office:
    """A gate with its list of keys, a clock, and what went through."""

    def __init__(self, settings: Settings = SETTINGS, keys: list[Any] | None = None) -> None:
        self.now = 0.0
        self.listed = [jwk(KEY, "k1")] if keys is None else keys
        self.fetches: list[str] = []
        self.is_down = False
        self.delay = 0.0
        self.received: list[Any] = []
        self.counts: list[str] = []
        self.refusals: list[tuple[str, Mapping[str, str]]] = []
        self.keys = Keys(METADATA, self.fetch, lambda: self.now)
        self.gate = Gate(settings, self.keys, self.receive, self.counts.append, self.refused)

    async def fetch(self, url: str) -> Mapping[str, Any]:
        self.fetches.append(url)
        await asyncio.sleep(self.delay)
        if self.is_down:
            raise Unavailable("down")
        if url == METADATA:
            return {"issuer": ISSUER, "jwks_uri": f"{HOST}/v1/.well-known/keys"}
        return {"keys": self.listed}

    async def receive(self, got: dict[str, Any]) -> Answer:
        self.received.append(got)
        return Answer(202)

    async def refused(self, reason: str, details: Mapping[str, str]) -> None:
        self.refusals.append((reason, details))

    async def post(
        self,
        body: Any = None,
        authorization: str | None = "",
        *,
        media_type: str = "application/json; charset=utf-8",
        method: str = "POST",
        client: str = "127.0.0.1",
    ) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body or activity()).encode()
        headers = [(b"content-type", media_type.encode())]
        if authorization is not None:
            headers.append((b"authorization", (authorization or f"Bearer {token()}").encode()))
        pieces = [raw[at : at + 65536] for at in range(0, len(raw), 65536)] or [b""]
        events = [
            {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)}
            for n, piece in enumerate(pieces)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return events.pop(0)

        async def send(event: Any) -> None:
            sent.append(event)

        scope = {"type": "http", "method": method, "headers": headers, "client": (client, 1)}
        await self.gate(scope, receive, send)
        return int(sent[0]["status"])


@pytest.fixture
async def office() -> Office:
    made = Office()
    await made.keys.prefetch()
    return made


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def handmade(header: Mapping[str, Any], signature: bytes, **changes: Any) -> str:
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims(**changes)).encode())}"
    return f"{signed}.{b64(signature)}"


def confused() -> str:
    """HS256 with the public key as the secret."""
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims()).encode())}"
    return f"{signed}.{b64(hmac.new(public, signed.encode(), hashlib.sha256).digest())}"


NOW = int(time.time())
FORGED = {
    "nothing": "",
    "garbage": "not.a.token",
    "empty parts": "..",
    "alg none": handmade({"alg": "none", "kid": "k1"}, b""),
    "alg None": handmade({"alg": "None", "kid": "k1"}, b""),
    "HS256 with the public key": confused(),
    "no signature": token().rpartition(".")[0] + ".",
    "signed by a stranger": token(key=OTHER),
    "RS512": jwt.encode(claims(), KEY, algorithm="RS512", headers={"kid": "k1"}),
    "PS256": jwt.encode(claims(), KEY, algorithm="PS256", headers={"kid": "k1"}),
    "no kid": jwt.encode(claims(), KEY, algorithm="RS256"),
    "kid is a list": handmade({"alg": "RS256", "kid": ["k1"]}, b"x"),
    "own key in the header": jwt.encode(
        claims(), OTHER, algorithm="RS256", headers={"kid": "k1", "jwk": jwk(OTHER, "k1")}
    ),
    "no exp": token(exp=None),
    "no nbf": token(nbf=None),
    "no iss": token(iss=None),
    "no aud": token(aud=None),
    "no serviceurl": token(serviceurl=None),
    "expired": token(exp=NOW - 3600),
    "not yet valid": token(nbf=NOW + 3600),
    "other audience": token(aud="someone-else"),
    "audience among others": token(aud=[APP, "someone-else"]),
    "other issuer": token(iss="https://sts.windows.net/evil/"),
    "empty issuer": token(iss=""),
    "exp is text": handmade({"alg": "RS256", "kid": "k1"}, b"x", exp="soon"),
    "other serviceurl": token(serviceurl="https://evil.example/"),
    "endless": "a" * 100_000,
    "deep header": f"{b64(b'[' * 5000)}.e30.e30",
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_is_refused(office: Office, name: str) -> None:
    assert await office.post(authorization=f"Bearer {FORGED[name]}") == 401
    assert office.received == []


async def test_a_genuine_token_is_accepted(office: Office) -> None:
    assert await office.post() == 202
    assert office.received[0]["text"] == "夏季休暇は"
    assert office.counts == ["accepted"]


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer", "bearer "])
async def test_a_request_without_a_bearer_token_is_refused(
    office: Office, header: str | None
) -> None:
    assert await office.post(authorization=header) == 401


@pytest.mark.parametrize("at", range(0, 40, 3))
async def test_no_character_of_the_signature_can_be_changed(office: Office, at: int) -> None:
    head, _, signature = token().rpartition(".")
    changed = "A" if signature[at] != "A" else "B"
    forged = f"{head}.{signature[:at]}{changed}{signature[at + 1 :]}"
    assert await office.post(authorization=f"Bearer {forged}") == 401


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"serviceUrl": None}, 401, "no_service_url"),
        ({"serviceUrl": "https://evil.example/"}, 401, "other_service_url"),
        ({"channelId": None}, 403, "channel"),
        ({"channelId": "emulator"}, 403, "channel"),
        ({"channelData": {"tenant": {"id": "stranger"}}}, 403, "tenant"),
        ({"channelData": {}, "conversation": {"id": "a"}}, 403, "tenant"),
        ({"conversation": {"id": "a", "tenantId": "stranger"}}, 403, "tenant"),
    ],
)
async def test_an_activity_from_elsewhere_is_refused(
    office: Office, change: dict[str, Any], status: int, reason: str
) -> None:
    assert await office.post(activity(**change)) == status
    assert office.received == []
    assert [name for name, _ in office.refusals] == ([reason] if status == 403 else [])


@pytest.mark.parametrize(
    "url",
    [
        "http://smba.trafficmanager.net/jp/",
        "https://evil.example/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://smba.trafficmanager.net:8443/",
        "https://[broken/",
        "http://127.0.0.1/",
    ],
)
async def test_replies_never_go_to_an_unlisted_address_even_when_the_token_names_it(
    office: Office, url: str
) -> None:
    header = f"Bearer {token(serviceurl=url)}"
    assert await office.post(activity(serviceUrl=url), header) == 403
    assert office.refusals[0][0] == "service_url"


async def test_a_key_that_may_not_speak_for_teams_is_refused() -> None:
    office = Office(keys=[jwk(KEY, "k1", ("webchat",))])
    assert await office.post() == 401
    assert office.counts == ["not_endorsed"]


async def test_a_weak_key_is_not_used() -> None:
    office = Office(keys=[jwk(KEY, "k1"), jwk(WEAK, "weak")])
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        weak = token("weak", WEAK)
    assert await office.post(authorization=f"Bearer {weak}") == 401


async def test_a_rotated_key_is_found_and_the_withdrawn_one_is_refused(office: Office) -> None:
    old, new = token("k1"), token("k2", OTHER)
    office.listed = [jwk(OTHER, "k2")]
    assert await office.post(authorization=f"Bearer {new}") == 401  # asked a moment ago
    office.now += 301
    assert await office.post(authorization=f"Bearer {new}") == 202
    assert await office.post(authorization=f"Bearer {old}") == 401


async def test_unknown_keys_do_not_make_us_ask_more_than_every_five_minutes(
    office: Office,
) -> None:
    office.now += 301
    for number in range(20):
        assert await office.post(authorization=f"Bearer {token(f'x{number}')}") == 401
    assert len(office.fetches) == 4  # two documents at start, two for all unknown keys


async def test_an_outage_of_the_key_list_is_survived_for_a_day(office: Office) -> None:
    office.is_down = True
    office.now += 23 * 3600
    assert await office.post() == 202
    office.now += 2 * 3600
    assert await office.post() == 503
    assert office.counts[-1] == "keys_unavailable"


async def test_a_start_without_the_key_list_recovers_when_it_is_back() -> None:
    office = Office()
    office.is_down = True
    await office.keys.prefetch()
    assert await office.post() == 503
    office.is_down = False
    office.now += 6
    assert await office.post() == 202


async def test_a_key_list_that_hangs_is_given_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teams_gate, "FETCH_SECONDS", 0.01)
    office.delay = 30
    office.now += 301
    assert await office.post(authorization=f"Bearer {token('k2')}") == 503


async def test_a_key_list_on_another_host_is_not_believed() -> None:
    office = Office()

    async def elsewhere(url: str) -> Mapping[str, Any]:
        return {"issuer": ISSUER, "jwks_uri": "https://evil.example/keys", "keys": office.listed}

    office.keys._fetch_json = elsewhere
    assert await office.post() == 503


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'{"type": 1}', 400),
        (b'{"type": "message"}', 400),
        (b'{"type": "message", "conversation": {"id": NaN}}', 400),
        (b"[" * 5_000, 400),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400),
        (b'{"type":"message","text":"' + b"a" * (20 << 20) + b'"}', 413),
    ],
)
async def test_a_malformed_body_is_refused_and_nothing_is_kept(
    office: Office, body: bytes, status: int
) -> None:
    assert await office.post(body) == status
    assert office.received == []


async def test_another_content_type_or_method_is_refused(office: Office) -> None:
    assert await office.post(media_type="text/plain") == 415
    assert await office.post(method="GET") == 405


@pytest.mark.parametrize(
    ("body", "deep"),
    [
        (b"[" * 64 + b"]" * 64, False),
        (b"[" * 65 + b"]" * 65, True),
        (b"[]" * 10_000, False),
        (b'{"a": "' + b"[" * 1_000 + b'"}', False),
        (b'{"a": "\\"' + b"[" * 1_000 + b'"}', False),
        (b'{"a": "\\\\"' + b"[" * 1_000, True),
        (b'"' + b'\\"' * 200_000, False),
        (b'"' * 200_001 + b"\\", False),
    ],
)
def test_depth_is_counted_outside_of_strings(body: bytes, deep: bool) -> None:
    assert is_deep(body) is deep


DEV = Settings(teams_dev=True)


async def test_the_dev_flag_skips_the_token_and_nothing_else() -> None:
    office = Office(DEV)
    local = {"serviceUrl": "http://127.0.0.1:56150/_connector"}
    assert await office.post(activity(**local), None) == 202
    assert await office.post(activity(serviceUrl="http://evil.example/"), None) == 403
    assert await office.post(activity(**local, channelId="emulator"), None) == 403
    assert await office.post(b"[" * 5_000, None) == 400
    assert await office.post(activity(**local), None, client="192.0.2.7") == 401


def test_the_dev_flag_is_refused_where_others_can_reach_the_server() -> None:
    with pytest.raises(Misconfigured, match="SHOMU_TEAMS_DEV"):
        Office(Settings(teams_dev=True, host="0.0.0.0"))


async def test_keys_come_over_http_and_a_rotation_there_is_followed() -> None:
    """The whole way: our client, a key list on loopback, real signatures."""
    listed = [jwk(KEY, "k1")]

    async def metadata(request: web.Request) -> web.Response:
        return web.json_response({"issuer": ISSUER, "jwks_uri": str(request.url.origin() / "keys")})

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": listed})

    application = web.Application()
    application.router.add_get("/openid", metadata)
    application.router.add_get("/keys", keys)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    office = Office()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/openid"
    office.keys = Keys(url, Egress().fetch_json, lambda: office.now)
    office.gate = Gate(SETTINGS, office.keys, office.receive)
    try:
        assert await office.post() == 202
        assert await office.post(authorization=f"Bearer {token(key=OTHER)}") == 401
        listed[:] = [jwk(OTHER, "k2")]
        office.now += 301
        assert await office.post(authorization=f"Bearer {token('k2', OTHER)}") == 202
        assert await office.post() == 401
    finally:
        await runner.cleanup()
