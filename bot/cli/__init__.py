"""The command `shomu`. Each group of commands is a module that is loaded when it is called."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

import click

from bot.errors import Misconfigured, ShomuError, Unavailable
from bot.settings import Settings, load

if TYPE_CHECKING:
    from bot.app import App

Result = TypeVar("Result")

# Loading only what is called keeps `shomu ask` quick: the server alone costs a second.
COMMANDS = {
    "ask": ("bot.cli.asking", "質問に一度答えて終わります"),
    "chat": ("bot.cli.asking", "端末で続けて質問します"),
    "serve": ("bot.cli.serving", "Slack・Teams・画面のためのサーバーを起動します"),
    "docs": ("bot.cli.documents", "文書を登録・一覧・削除・検索します"),
    "draft": ("bot.cli.drafting", "文書の下書きを作り、昨年の文書を新しい年度に直します"),
    "minutes": ("bot.cli.minutes", "会議の文字起こしから議事録の下書きを作ります"),
    "opinions": ("bot.cli.opinions", "寄せられた意見を話題に分け、結果表を作ります"),
    "check": ("bot.cli.checking", "文書を公用文の規則で点検します"),
    "records": ("bot.cli.records", "過去の文書を登録し、似たものを探します"),
    "eval": ("bot.cli.evaluating", "検索やスキルの精度と速さを測ります"),
    "audit": ("bot.cli.auditing", "記録を検証・証明・検索・出力します"),
    "admin": ("bot.cli.serving", "管理画面に入るリンクを作ります"),
    "workspaces": ("bot.cli.workspaces", "ワークスペースと結び付けを管理します"),
    "members": ("bot.cli.workspaces", "利用者の状態と権限を管理します"),
    "inbox": ("bot.cli.serving", "受付の残りを見て、失敗したものをやり直します"),
    "prompts": ("bot.cli.authoring", "プロンプトを検査・固定・表示します"),
    "skills": ("bot.cli.authoring", "スキルを一覧・検査します"),
    "new": ("bot.cli.authoring", "新しいスキルのひな形を作ります"),
    "settings": ("bot.cli.authoring", "設定の一覧を表示します"),
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(COMMANDS[cmd_name][0]), f"{cmd_name}_command")
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("コマンド"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shomu")
def shomu() -> None:
    """庶務：職場のチャットで、規程やマニュアルから出典つきで答えます。"""


def main() -> None:
    """Run the command; what we can explain is explained, without a stack trace."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # an office terminal may be set to CP932
            reconfigure(errors="replace")
    try:
        shomu(prog_name="shomu")
    except Misconfigured as error:
        click.echo(f"起動できません。次の{len(error.mistakes)}件を直してください。", err=True)
        click.echo(f"{error}\n{error.remedy}", err=True)
        sys.exit(2)
    except ShomuError as error:
        # A code word such as "too long" is for the record; a sentence is for the reader.
        told = "" if str(error).isascii() else f"{error}\n"
        click.echo(f"{told}{error.remedy}", err=True)
        sys.exit(1)


def settings() -> Settings:
    return load(os.environ)


def run(work: Callable[[App], Awaitable[Result]]) -> Result:
    """Open the app, do one thing with it, close it."""
    from bot.app import open_app

    async def opened() -> Result:
        async with open_app(settings()) as app:
            return await work(app)

    with explaining():
        return asyncio.run(opened())


@contextmanager
def explaining() -> Iterator[None]:
    """Say in a sentence what a database that cannot be used means."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    # Not every ConnectionError: a broken pipe is `| head`, and click knows what to do.
    except (SQLAlchemyError, ConnectionRefusedError, ConnectionResetError, TimeoutError) as error:
        raise Unavailable(
            f"データベースを使えません（{type(error).__name__}）。",
            remedy="空き容量、SHOMU_HOME の権限、SHOMU_DATABASE_URL を確認してください。",
        ) from error
