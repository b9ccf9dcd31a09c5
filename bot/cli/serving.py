"""`shomu serve`, `shomu admin link`, `shomu inbox`."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click
import structlog
import uvicorn
from starlette.types import ASGIApp

from bot.app import App, open_app
from bot.cli import explaining, run, settings
from bot.errors import Misconfigured, ShomuError
from bot.server import running
from bot.settings import Settings
from bot.web.sessions import make_login_link

DEFAULT_PORT = 8390


@click.command("serve")
@click.option("--port", default=DEFAULT_PORT, type=click.IntRange(1, 65535), show_default=True)
@click.option("--host", default="", help="SHOMU_HOST より優先します")
@click.option("--links/--no-links", default=True, help="起動時に管理画面へのリンクを表示するか")
def serve_command(port: int, host: str, links: bool) -> None:
    """Slack・Teams・画面のためのサーバーを起動します。Ctrl-C で止まります。"""
    chosen = settings()
    chosen = replace(chosen, host=host) if host else chosen
    _set_up_logs()
    with explaining():
        asyncio.run(_serve(chosen, port, links))


async def _serve(chosen: Settings, port: int, links: bool) -> None:
    with _listen(chosen.host, port) as listening:
        async with open_app(chosen) as app:
            await app.workspace_for(chosen.workspace, make=True)
            async with running(app) as started:
                server = _Server(_config(started.pages))
                _stop_on_signals(server)
                serving = asyncio.create_task(server.serve(sockets=[listening]))
                while not server.started and not serving.done():  # noqa: ASYNC110  # uvicorn has no event
                    await asyncio.sleep(0.05)
                if server.started and links:
                    await _say_where(app, port)
                ends: set[asyncio.Future[Any]] = {serving, started.failure}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                server.should_exit = True
                await serving
                if started.failure.done():
                    raise _explained(started.failure.result())


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn raises them again when it is done, and our work is not."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _stop_on_signals(server: uvicorn.Server) -> None:
    """Stop in order at the first Ctrl-C or SIGTERM; do not wait for browsers at the second."""

    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            asyncio.get_running_loop().add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: stop())


def _config(pages: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        pages,
        log_config=None,
        access_log=False,  # a path may hold a one-time token
        server_header=False,
        proxy_headers=False,  # whoever is on this machine could claim to be elsewhere
        timeout_graceful_shutdown=10,
    )


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is opened. Raises Misconfigured."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"ポート {port} はほかのプログラムが使っています。"
        elif error.errno == errno.EACCES:
            problem = f"ポート {port} を開く権限がありません。"
        else:
            problem = f"SHOMU_HOST（{host}）はこの機械のアドレスではありません。"
        raise Misconfigured(
            [problem],
            remedy="すでに動いている庶務があれば止めるか、--port で別の番号を指定してください。",
        ) from None


def _explained(failure: BaseException) -> BaseException:
    """What to tell the operator when work beside the pages has ended."""
    if isinstance(failure, ShomuError):
        return failure
    return ShomuError(
        "サーバーの処理が止まったため終了しました。",
        remedy="もう一度起動してください。受け付けた質問は残っています。"
        "繰り返すときは、この上の記録を管理者にお知らせください。",
    )


async def _say_where(app: App, port: int) -> None:
    """Tell the operator where the pages are."""
    host = app.settings.host if app.settings.is_loopback else "127.0.0.1"
    base = f"http://{host}:{port}"
    click.echo(f"質問する画面：  {base}/chat")
    if app.settings.is_loopback:
        link = await make_login_link(app.database, app.clock, base, "auditor")
        click.echo(f"記録を見る画面：{link}")
        click.echo(
            "（記録の画面のリンクは10分以内に1回だけ使えます。あとで要るときは shomu admin link）"
        )
    connected = [
        name
        for name, used in (("Slack", app.settings.uses_slack), ("Teams", app.settings.uses_teams))
        if used
    ]
    click.echo(f"つながっているチャット：{'、'.join(connected) or 'なし（設定は README.md）'}")
    click.echo("止めるときは Ctrl-C を押してください。")


@click.group("admin")
def admin_command() -> None:
    """管理画面に入ります。"""


@admin_command.command("link")
@click.option("--port", default=DEFAULT_PORT, type=click.IntRange(1, 65535), show_default=True)
@click.option("--role", type=click.Choice(["viewer", "auditor", "operator", "admin"]),
              default="auditor", show_default=True)  # fmt: skip
def link(port: int, role: str) -> None:
    """10分以内に1回だけ使える、この機械の管理画面へのリンクを作ります。"""

    async def work(app: App) -> None:
        click.echo(await make_login_link(app.database, app.clock, f"http://127.0.0.1:{port}", role))

    run(work)


@click.group("inbox")
def inbox_command() -> None:
    """受付の残りを見て、失敗したものをやり直します。"""


@inbox_command.command("status")
def status() -> None:
    """待っているもの、作業中のもの、失敗したものの数を表示します。"""

    async def work(app: App) -> None:
        counted = await app.inbox.backlog()
        click.echo(
            f"待ち {counted['waiting']}、作業中 {counted['leased']}、失敗 {counted['failed']}"
        )

    run(work)


@inbox_command.command("retry")
def retry() -> None:
    """失敗したものをもう一度試します。"""

    async def work(app: App) -> None:
        click.echo(f"{await app.inbox.retry_failed()}件をやり直します。")

    run(work)


def _set_up_logs() -> None:
    """One JSON object a line on standard error; libraries from warnings up."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("bot").setLevel(logging.INFO)
