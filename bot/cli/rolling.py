"""`shomu draft roll FILE`: what of last year's document goes stale, and this year's document."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from bot.adapters import console
from bot.app import App
from bot.cli import run
from bot.cli.asking import OUT, hand_over
from bot.cli.documents import WORKSPACE
from bot.errors import BadInput
from bot.messages import Reply

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("roll")
@click.argument("file", type=FILE)
@click.option("--year", default="", help="新しい年度（令和9、R9、2027。省略すると翌年度）")
@click.option("--roster", type=FILE, help="今の職員名簿（xlsx、csv）")
@click.option("--set", "answers", multiple=True, help="一覧の番号と新しい内容（3=1人600円）")
@WORKSPACE
@OUT
@click.option("--json", "as_json", is_flag=True, help="古くなるところを JSON で出力")
def roll_command(
    file: Path,
    year: str,
    roster: Path | None,
    answers: tuple[str, ...],
    workspace: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """昨年の文書から、年度が変わって古くなるところを探し、新しい文書と新旧対照表を作ります。"""
    values = {"step": "roll", "year": year, **_numbered(answers)}

    async def work(app: App) -> Reply:
        name = await app.workspace_for(workspace)
        files = [file, *([roster] if roster else [])]
        message = console.message("", name, files=files)
        message = replace(message, command="draft", kind="command", values=values)
        reply = await app.bot.receive(message, console.ConsoleChat(show=not as_json))
        if out is not None or not as_json:
            await hand_over(app, reply, name, out)
        return reply

    reply = run(work)
    if as_json and "stale" in reply.data:
        click.echo(json.dumps(reply.data["stale"], ensure_ascii=False, indent=2))
    else:
        click.echo(console.render(reply, colour=sys.stdout.isatty()))
    if reply.status in ("refused", "failed"):
        sys.exit(1)


def _numbered(answers: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for given in answers:
        number, mark, text = given.partition("=")
        if not mark or not number.strip().isdigit():
            raise BadInput("set", remedy=f"--set は「番号=新しい内容」の形です（{given}）。")
        values[f"answer-{int(number)}"] = text
    return values
