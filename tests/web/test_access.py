"""Who gets in: a matrix of every page and role, and what every page says to a browser."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest
from starlette.routing import Route

from bot.settings import Settings
from bot.web.gate import Gate
from tests.web.office import HERE, Office, csrf_in, open_office, sign_in

ROLES = ("viewer", "auditor", "operator", "admin")
NOBODY = "local"  # this machine, not signed in
STRANGER = "stranger"  # another machine, not signed in

# Written by hand on purpose: a page that is not here fails the test.
MAY = {
    "GET /": {*ROLES, NOBODY},
    "GET /chat": {*ROLES, NOBODY},
    "POST /chat": {*ROLES, NOBODY},
    "POST /chat/press": {*ROLES, NOBODY},
    "GET /files/{workspace}/{id}": {*ROLES, NOBODY, STRANGER},
    "GET /admin/login": {*ROLES, NOBODY},
    "POST /admin/login": {*ROLES, NOBODY},
    "POST /admin/logout": {*ROLES},
    "GET /admin": {*ROLES},
    "GET /admin/audit": {*ROLES},
    "GET /admin/audit/{id}": {*ROLES},
    "POST /admin/audit/verify": {"auditor", "operator", "admin"},
    "GET /admin/audit/prompt/{digest}": {"auditor", "operator", "admin"},
    "POST /admin/audit/export": {"auditor", "admin"},
    "POST /admin/audit/{id}/words": {"auditor", "admin"},
    "GET /privacy": {*ROLES, NOBODY, STRANGER},
    "GET /terms": {*ROLES, NOBODY, STRANGER},
    "GET /healthz": {*ROLES, NOBODY, STRANGER},
    "GET /static/{name}": {*ROLES, NOBODY, STRANGER},
}


def pages(office: Office) -> dict[str, Gate]:
    return {
        f"{route.endpoint.page.method} {route.path}": route.endpoint
        for route in office.app.routes
        if isinstance(route, Route) and isinstance(route.endpoint, Gate)
    }


def address(page: str) -> tuple[str, str]:
    method, _, path = page.partition(" ")
    return method, re.sub(
        r"\{name\}", "pages.css", re.sub(r"\{(workspace|id|digest)\}", "0" * 64, path)
    )


async def test_every_page_is_in_the_matrix(office: Office) -> None:
    assert set(pages(office)) == set(MAY)


@pytest.mark.parametrize("role", [*ROLES, NOBODY, STRANGER])
@pytest.mark.parametrize("page", MAY)
async def test_a_page_opens_for_its_roles_and_for_nobody_else(
    office: Office, page: str, role: str
) -> None:
    method, path = address(page)
    client = ("10.0.0.9", 50_000) if role == STRANGER else ("127.0.0.1", 50_000)
    async with office.browser(client=client) as browser:
        csrf = ""
        if role in ROLES:
            await sign_in(office, browser, role)
        if role != STRANGER:
            csrf = csrf_in(await browser.get("/chat"))
        answer = await browser.request(method, path, headers={"X-CSRF-Token": csrf})
    if role in MAY[page]:
        # Let in: what is asked for does not exist, is empty, or is shown.
        assert answer.status_code in (200, 303, 400, 404) or "このリンクは使えません" in answer.text
    else:
        assert answer.status_code == 403
        assert "サインインが必要です" in answer.text or "この役割では開けません" in answer.text


@pytest.mark.parametrize("page", [page for page in MAY if page.startswith("POST")])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-CSRF-Token": ""}, id="no token"),
        pytest.param({"X-CSRF-Token": "x" * 64}, id="wrong token"),
        pytest.param({"Origin": "https://evil.example"}, id="foreign origin"),
        pytest.param({"Origin": "null"}, id="null origin"),
        pytest.param({"Origin": "http://127.0.0.1:9999"}, id="another port"),
        pytest.param({"Origin": ""}, id="no origin"),
    ],
)
async def test_no_unsafe_page_acts_for_another_site(
    office: Office, page: str, headers: dict[str, str]
) -> None:
    method, path = address(page)
    async with office.browser() as browser:
        await sign_in(office, browser, "admin")
        csrf = csrf_in(await browser.get("/chat"))
        sent = {"X-CSRF-Token": csrf, **headers}
        before = await events(office)
        if not sent.get("Origin", "x"):
            del browser.headers["Origin"]
            del sent["Origin"]
        answer = await browser.request(method, path, headers=sent, data={"text": "質問"})
    assert answer.status_code == 403
    assert not office.script.asked
    assert await events(office) == before


async def events(office: Office) -> int:
    from bot.services.audit.search import Filter

    return (await office.audit.search(Filter(workspace="main"))).total


@pytest.mark.parametrize("page", [*MAY, "GET /nowhere", "PUT /chat"])
async def test_every_answer_carries_the_security_headers(office: Office, page: str) -> None:
    method, path = address(page)
    async with office.browser() as browser:
        await sign_in(office, browser, "admin")
        csrf = csrf_in(await browser.get("/chat"))
        answer = await browser.request(method, path, headers={"X-CSRF-Token": csrf})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    if not path.startswith("/static"):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("base_url", "client"),
    [
        pytest.param("http://evil.example:8080", "127.0.0.1", id="a name pointed at us"),
        pytest.param("http://127.0.0.1.evil.example", "127.0.0.1", id="a name like ours"),
        pytest.param("http://192.168.1.5:8080", "192.168.1.9", id="another machine"),
        pytest.param("http://127.0.0.1:8080", "192.168.1.9", id="a Host that lies"),
    ],
)
async def test_the_chat_page_opens_only_on_this_machine(
    office: Office, base_url: str, client: str
) -> None:
    async with office.browser(base_url, (client, 1)) as browser:
        answer = await browser.get("/chat")
    assert answer.status_code in (403, 421)
    assert "csrf" not in answer.text


@pytest.mark.parametrize("name", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
async def test_every_name_of_this_machine_opens_the_chat_page(office: Office, name: str) -> None:
    async with office.browser(f"http://{name}") as browser:
        assert (await browser.get("/chat")).status_code == 200


async def test_a_request_passed_on_by_a_proxy_is_not_from_this_machine(office: Office) -> None:
    async with office.browser() as browser:
        answer = await browser.get("/chat", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.status_code == 403
    assert "shomu admin link" in answer.text


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"host": "0.0.0.0"}, id="bound to every address"),
        pytest.param({"public_url": "https://shomu.city.example"}, id="behind a public address"),
    ],
)
async def test_a_server_that_others_reach_asks_this_machine_to_sign_in_too(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    office = await open_office(tmp_path, Settings(home=tmp_path, **settings))  # type: ignore[arg-type]
    async with office.browser() as browser:
        assert (await browser.get("/chat")).status_code == 403
        await sign_in(office, browser, "viewer")
        assert (await browser.get("/chat")).status_code == 200
    await office.database.close()


async def test_over_https_the_cookies_are_pinned_to_the_host(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, public_url="https://localhost")
    office = await open_office(tmp_path, settings)
    async with office.browser("https://localhost") as browser:
        await sign_in(office, browser, "admin")
        names = {cookie.name for cookie in browser.cookies.jar}
        answer = await browser.get("/admin/audit")
    await office.database.close()
    assert names == {"__Host-shomu", "__Host-shomu-visit"}
    assert all(cookie.secure for cookie in browser.cookies.jar)
    assert answer.status_code == 200
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    office: Office,
) -> None:
    async with office.browser() as browser:
        page = await browser.get("/chat")
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "domain" not in cookie


async def test_signing_in_again_ends_the_earlier_session(office: Office) -> None:
    async with office.browser() as browser:
        await sign_in(office, browser, "admin")
        earlier = browser.cookies["shomu"]
        await sign_in(office, browser, "viewer")
        assert browser.cookies["shomu"] != earlier
        browser.cookies.set("shomu", earlier, domain="127.0.0.1")
    async with office.browser() as other:
        other.cookies.set("shomu", earlier)
        assert (await other.get("/admin/audit")).status_code == 403


async def test_looking_at_a_login_link_does_not_use_it_up(office: Office) -> None:
    from bot.web.sessions import make_login_link

    link = await make_login_link(office.database, office.clock, HERE, "auditor")
    async with office.browser() as preview:
        assert "監査者" in (await preview.get(link)).text
    async with office.browser() as browser:
        token = link.partition("token=")[2]
        page = await browser.get(link)
        form = {"csrf": csrf_in(page), "token": token}
        assert (await browser.post("/admin/login", data=form)).status_code == 303
    async with office.browser() as late:
        csrf = csrf_in(await late.get("/chat"))
        again = await late.post("/admin/login", data={"csrf": csrf, "token": token})
    assert again.status_code == 403
    assert "このリンクは使えません" in again.text


async def test_signing_out_ends_the_session_on_the_server(office: Office) -> None:
    async with office.browser() as browser:
        await sign_in(office, browser, "admin")
        secret = browser.cookies["shomu"]
        csrf = csrf_in(await browser.get("/admin/audit"))
        await browser.post("/admin/logout", data={"csrf": csrf})
        assert "shomu" not in browser.cookies
    async with office.browser() as other:
        other.cookies.set("shomu", secret)
        assert (await other.get("/admin/audit")).status_code == 403


@pytest.mark.parametrize("path", ["/admin/audit/verify", "/chat/press"])
@pytest.mark.parametrize("has_length", [True, False])
async def test_a_body_larger_than_its_page_takes_is_refused(
    office: Office, path: str, has_length: bool
) -> None:
    async with office.browser() as browser:
        await sign_in(office, browser, "admin")
        csrf = csrf_in(await browser.get("/chat"))
        form = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRF-Token": csrf}
        body = b"text=" + b"x" * 100_000
        answer = await browser.post(
            path, content=body if has_length else _in_pieces(body), headers=form
        )
    assert answer.status_code == 413
    assert "大きすぎて" in answer.text


async def _in_pieces(body: bytes):  # type: ignore[no-untyped-def]
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/nowhere", 404, "ページが見つかりません"),
        ("GET", "/static/..%2fgate.py", 404, "ページが見つかりません"),
        ("DELETE", "/admin/audit", 405, "この操作はできません"),
    ],
)
async def test_a_wrong_address_is_explained_in_plain_words(
    office: Office, method: str, path: str, status: int, says: str
) -> None:
    async with office.browser() as browser:
        answer: httpx2.Response = await browser.request(method, path)
    assert answer.status_code == status
    assert says in answer.text


async def test_a_page_that_breaks_says_so_without_its_insides(office: Office) -> None:
    async with office.browser() as browser:
        await sign_in(office, browser, "admin")
        from sqlalchemy import text

        async with office.database.write() as connection:
            await connection.execute(text("DROP TABLE audit_checkpoint"))
        answer = await browser.get("/admin/audit")
        health = await browser.get("/healthz")
    assert answer.status_code == 500
    assert "うまく表示できませんでした" in answer.text
    assert "audit_checkpoint" not in answer.text
    assert health.status_code == 200
