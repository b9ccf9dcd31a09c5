"""`shomu check FILE`: the checks of the draft skill on one file, in a turn as in a chat."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from bot.adapters import console
from bot.app import App
from bot.cli import run
from bot.cli.asking import WORKSPACE
from bot.messages import Reply


@click.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@WORKSPACE
@click.option("--source", "sources", multiple=True,
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="参考にした外の文書（写したところがないかを見ます）")  # fmt: skip
@click.option("--fix", is_flag=True, help="直した写しを、同じフォルダーに別の名前で保存")
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def check_command(
    file: Path, workspace: str, sources: tuple[Path, ...], fix: bool, as_json: bool
) -> None:
    """文書を公用文の規則で点検します。もとのファイルは変えません。"""

    async def work(app: App) -> Reply:
        name = await app.workspace_for(workspace)
        message = console.message("", name, files=[file, *sources])
        message = replace(message, command="draft", kind="command", values={"step": "check"})
        reply = await app.bot.receive(message, console.ConsoleChat(show=not as_json))
        if fix:
            for path in await console.save(app.files, reply, name, file.parent):
                click.echo(f"保存しました：{path}", err=True)
        return reply

    reply = run(work)
    if as_json and "findings" in reply.data:
        click.echo(json.dumps(reply.data["findings"], ensure_ascii=False, indent=2))
    else:
        click.echo(console.render(reply, colour=sys.stdout.isatty()))
    if reply.status in ("refused", "failed"):
        sys.exit(1)
