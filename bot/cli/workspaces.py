"""`shomu workspaces` and `shomu members`: who may use the bot, where."""

from __future__ import annotations

from typing import get_args

import click

from bot.app import App
from bot.cli import run
from bot.errors import UnknownWorkspace
from bot.messages import LABELS, Place, Platform
from bot.ports import Member, MemberState, Role, Workspace


@click.group("workspaces")
def workspaces_command() -> None:
    """ワークスペースと、チャットの場所との結び付けを管理します。"""


@workspaces_command.command("add")
@click.argument("name")
@click.option("--title", default="", help="表示名")
@click.option("--members", type=click.Choice(["open", "listed"]), default="open",
              help="open：許可した組織の全員／listed：登録した人だけ")  # fmt: skip
@click.option("--skill", "skills", multiple=True, help="使えるスキル（省略するとすべて）")
@click.option("--monthly-tokens", default=0, help="1か月にAIに使えるトークン（0は無制限）")
@click.option("--daily-turns", default=0, help="1人が1日に使える回数（0は無制限）")
def add(
    name: str, title: str, members: str, skills: tuple[str, ...], monthly_tokens: int,
    daily_turns: int,
) -> None:  # fmt: skip
    """ワークスペースを作ります。"""

    async def work(app: App) -> None:
        made = await app.directory.add(
            Workspace(
                name=name,
                title=title,
                members="listed" if members == "listed" else "open",
                skills=skills,
                monthly_tokens=monthly_tokens,
                daily_turns=daily_turns,
            )
        )
        click.echo(f"{name}：{'作りました' if made else 'すでにあります'}")

    run(work)


@workspaces_command.command("list")
def list_() -> None:
    """ワークスペースを一覧にします。"""

    async def work(app: App) -> None:
        for item in await app.directory.all():
            state = "停止中" if item.paused else "利用中"
            click.echo(f"{item.name}  {item.title}  {state}  利用者：{item.members}")

    run(work)


@workspaces_command.command("bind")
@click.argument("name")
@click.option("--platform", type=click.Choice(["slack", "teams"]), required=True)
@click.option("--team", required=True, help="Slack のチームID、Teams のテナントID")
@click.option("--channel", default="", help="チャンネルID（省略すると組織全体）")
def bind(name: str, platform: Platform, team: str, channel: str) -> None:
    """チームまたはチャンネルをワークスペースに結び付けます。"""

    async def work(app: App) -> None:
        await app.directory.bind(Place(platform, team, channel), name)
        click.echo(f"{platform} {team} {channel or '（全体）'} → {name}")

    run(work)


@workspaces_command.command("pause")
@click.argument("name")
def pause(name: str) -> None:
    """利用を直ちに止めます（どの画面からも答えなくなります）。"""
    _switch(name, paused=True)


@workspaces_command.command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """利用を再開します。"""
    _switch(name, paused=False)


def _switch(name: str, *, paused: bool) -> None:
    async def work(app: App) -> None:
        await app.directory.pause(name, paused)
        click.echo(f"{name}：{'止めました' if paused else '再開しました'}")

    run(work)


@click.group("members")
def members_command() -> None:
    """利用者の状態と権限を管理します。"""


@members_command.command("set")
@click.argument("actor")
@click.option("--platform", type=click.Choice(["slack", "teams", "console"]), required=True)
@click.option("--workspace", required=True)
@click.option("--state", type=click.Choice(get_args(MemberState)), default="active")
@click.option("--role", type=click.Choice(get_args(Role)), default="staff")
@click.option("--clearance", type=click.Choice(LABELS), default="2", help="読める機密性の上限")
def set_(
    actor: str, platform: str, workspace: str, state: MemberState, role: Role, clearance: str
) -> None:
    """利用者を登録するか、状態・役割・読める機密性を変えます。"""

    async def work(app: App) -> None:
        if await app.directory.get(workspace) is None:
            raise UnknownWorkspace(
                workspace, remedy=f"「{workspace}」というワークスペースはありません。"
            )
        await app.directory.enrol(Member(actor, workspace, state, role, clearance), platform)
        click.echo(f"{platform}:{actor} → {workspace} {state} {role} 機密性{clearance}まで")

    run(work)
