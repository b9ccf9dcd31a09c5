"""`shomu serve`, `shomu admin link`, `shomu inbox`."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import click
import structlog
import uvicorn

from bot.app import App, open_app
from bot.cli import run, settings
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
    asyncio.run(_serve(chosen, port, links))


async def _serve(chosen: Settings, port: int, links: bool) -> None:
    async with open_app(chosen) as app:
        await app.workspace_for(chosen.workspace, make=True)
        async with running(app) as pages:
            config = uvicorn.Config(
                pages,
                host=chosen.host,
                port=port,
                log_config=None,
                access_log=False,  # a path may hold a one-time token
                server_header=False,
                proxy_headers=False,  # whoever is on this machine could claim to be elsewhere
                timeout_graceful_shutdown=10,
            )
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            while not server.started and not serving.done():  # noqa: ASYNC110  # uvicorn has no event
                await asyncio.sleep(0.05)
            if server.started and links:
                await _say_where(app, port)
            await serving


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
