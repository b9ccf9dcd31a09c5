"""`shomu records`: past documents as records that drafts cite, and which of them are alike."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from bot.adapters import console
from bot.app import App
from bot.cli import run
from bot.cli.documents import WORKSPACE, progress, tell
from bot.messages import LABELS, UNKNOWN_LABEL, Reply
from bot.services.manuals.register import RECORD, read_register

MOST_MISSING = 10


@click.group("records")
def records_command() -> None:
    """過去の文書を、文書番号・日付・件名とともに登録し、似たものを探します。"""


@records_command.command("add")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@WORKSPACE
@click.option("--label", type=click.Choice(LABELS), help="機密性（省略すると 3B）")
def add(paths: tuple[Path, ...], workspace: str, label: str | None) -> None:
    """過去の文書のフォルダーを登録します。変わった文書だけが更新されます。

    フォルダーに台帳（文書番号・日付・件名・ファイル名の列がある xlsx か csv）があれば使います。
    """

    async def work(app: App) -> bool:
        name = await app.workspace_for(workspace, make=True)
        if label is None:
            click.echo(
                f"機密性の指定がないため {UNKNOWN_LABEL} として登録します。"
                "全職員に見せる文書は --label 2 を付けてください。",
                err=True,
            )
        register = await read_register(paths)
        report = await app.library.add(
            paths,
            workspace=name,
            label=label or UNKNOWN_LABEL,
            collection=RECORD,
            actor="operator",
            progress=progress,
            register=register,
        )
        tell(name, report)
        if register.tables:
            click.echo(f"台帳：{'、'.join(sorted(register.tables))}（{len(register.entries)}件）")
        for file in register.missing[:MOST_MISSING]:
            click.echo(f"  ! {file}：台帳にありますが、ファイルが見つかりません。", err=True)
        if len(register.missing) > MOST_MISSING:
            click.echo(f"  ! ほか{len(register.missing) - MOST_MISSING}件", err=True)
        return not report.failed

    if not run(work):
        sys.exit(1)


@records_command.command("search")
@click.argument("query")
@WORKSPACE
@click.option("--top", default=5, type=click.IntRange(1, 50), help="何件まで出すか")
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def search(query: str, workspace: str, top: int, as_json: bool) -> None:
    """似た過去の文書を探し、今回の内容との違いを示します。"""

    async def work(app: App) -> Reply:
        name = await app.workspace_for(workspace)
        message = replace(
            console.message(query, name),
            command="draft",
            kind="command",
            values={"step": "records", "top": str(top)},
        )
        return await app.bot.receive(message, console.ConsoleChat(show=not as_json))

    reply = run(work)
    if as_json and "records" in reply.data:
        click.echo(json.dumps(reply.data["records"], ensure_ascii=False, indent=2))
    else:
        click.echo(console.render(reply, colour=sys.stdout.isatty()))
    if reply.status in ("refused", "failed"):
        sys.exit(1)
