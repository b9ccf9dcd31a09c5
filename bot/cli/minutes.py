"""`shomu minutes FILE`: the minutes skill on one file, through the same turn as in a chat."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from bot.adapters import console
from bot.app import App
from bot.cli import run
from bot.cli.asking import hand_over
from bot.errors import BadInput
from bot.messages import Reply

# What the ending of a file asks for; a folder gets Word.
FORMS = {".docx": "word", ".md": "markdown", "": "word"}


@click.command("minutes")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--agenda", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="議題を書いたファイル")  # fmt: skip
@click.option("--date", "day", default="", help="会議の日（2026-11-22 の形）")
@click.option("--limit", default="", help="要約の文字数の上限")
@click.option("--workspace", default="", help="ワークスペースの名前")
@click.option("--template", default="", help="会議の種類や様式（審議会、決定一覧など）")
@click.option("--out", type=click.Path(path_type=Path),
              help="議事録を書き出すファイル（.docx か .md）、またはフォルダー")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def minutes_command(
    file: Path,
    agenda: Path | None,
    day: str,
    limit: str,
    workspace: str,
    template: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """会議の文字起こしから、議事録の下書きを作ります。"""
    folder, file_name = _destination(out)
    values = {"date": day, "limit": limit, "template": template}
    values["export"] = FORMS[Path(file_name).suffix.lower()] if out else ""
    if agenda is not None:
        try:
            values["agenda"] = agenda.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(
                "agenda", remedy=f"{agenda.name} を UTF-8 で保存し直してください。"
            ) from error

    async def work(app: App) -> Reply:
        name = await app.workspace_for(workspace)
        message = console.message("", name, files=[file])
        message = replace(message, command="minutes", kind="command", values=values)
        reply = await app.bot.receive(message, console.ConsoleChat(show=not as_json))
        await hand_over(app, reply, name, folder, file_name)
        return reply

    reply = run(work)
    if as_json and reply.data:
        click.echo(json.dumps(dict(reply.data), ensure_ascii=False, indent=2))
    else:
        click.echo(console.render(reply, colour=sys.stdout.isatty()))
    if reply.status in ("refused", "failed"):
        sys.exit(1)


def _destination(out: Path | None) -> tuple[Path | None, str]:
    """The folder and the name of the file; no name for a folder."""
    if out is None or out.is_dir() or not out.suffix:
        return out, ""
    if out.suffix.lower() not in FORMS:
        raise BadInput(
            "out", remedy="--out には .docx か .md のファイル、またはフォルダーを指定してください。"
        )
    return out.parent, out.name
