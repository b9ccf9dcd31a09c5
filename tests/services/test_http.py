"""Nothing leaves for a host that is not listed."""

from __future__ import annotations

import asyncio
import json

import pytest
from loopback import http, listening

from bot.errors import Misconfigured, Unavailable
from bot.services.http import LONGEST_JSON_BYTES, Egress


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1",
        "https://listed.example.com.evil.example/",
        "https://evil.example/?listed.example.com",
        "https://listed.example.com@evil.example/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://localhost.evil.example/",
        "file:///etc/passwd",
        "https://",
        "https://[::ffff:10.0.0.1]/",
    ],
)
async def test_an_unlisted_address_is_refused_before_it_is_reached(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(*_: object, **__: object) -> None:
        pytest.fail("a name was looked up")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", reached)
    egress = Egress(["listed.example.com"])
    with pytest.raises(Misconfigured):
        egress.check(url)
    if url.startswith("http") and len(url) > 8:
        async with egress.client() as client:
            with pytest.raises(Misconfigured):
                await client.get(url)


def test_the_refusal_names_the_host_and_the_setting() -> None:
    with pytest.raises(Misconfigured, match=r"api\.example\.com.*SHOMU_EGRESS_HOSTS"):
        Egress().check("https://api.example.com/v1")


@pytest.mark.parametrize(
    "url",
    [
        "https://listed.example.com/v1",
        "https://LISTED.example.com./",
        "http://127.0.0.1:1/",
        "http://[::1]:1/",
        "http://localhost:1/",
    ],
)
def test_listed_hosts_and_loopback_may_be_reached(url: str) -> None:
    Egress(["Listed.Example.com"]).check(url)


async def test_a_redirect_to_another_host_is_refused() -> None:
    redirect = http("", 302, location="http://evil.example/")
    async with listening(redirect) as server, Egress().client() as client:
        with pytest.raises(Misconfigured, match=r"evil\.example"):
            await client.get(server.url, follow_redirects=True)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    async with listening(http({"ok": True})) as server:
        assert await Egress().fetch_json(server.url) == {"ok": True}


@pytest.mark.parametrize(
    "answer",
    [
        http("{"),
        http(b"\xff\xfe"),
        http("[" * 100_000),
        http({}, 500),
        http(json.dumps("a" * LONGEST_JSON_BYTES)),
        http("{}", content_length="100"),
        None,
        5.0,
    ],
    ids=["cut", "bytes", "deep", "500", "long", "short", "closed", "slow"],
)
async def test_a_document_that_does_not_come_whole_is_unavailable(
    answer: bytes | float | None,
) -> None:
    async with listening(answer) as server:
        with pytest.raises(Unavailable):
            await Egress().fetch_json(server.url, timeout=0.3)
