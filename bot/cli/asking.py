"""`shomu ask` and `shomu chat`: the same `Bot.receive` as every platform."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from bot.adapters import console
from bot.app import App
from bot.cli import run
from bot.messages import Reply, new_id

FILES = click.option(
    "--file", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="質問に添えるファイル",
)  # fmt: skip
OUT = click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path),
    help="回答のファイルを保存するフォルダー",
)  # fmt: skip
WORKSPACE = click.option("--workspace", default="", help="ワークスペースの名前")


@click.command("ask")
@click.argument("text")
@WORKSPACE
@FILES
@OUT
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def ask_command(
    text: str, workspace: str, files: tuple[Path, ...], out: Path | None, as_json: bool
) -> None:
    """質問に一度答えて終わります。"""

    async def ask(app: App) -> Reply:
        name = await app.workspace_for(workspace)
        message = console.message(text, name, files=files)
        reply = await app.bot.receive(message, console.ConsoleChat(show=not as_json))
        await hand_over(app, reply, name, out)
        return reply

    reply = run(ask)
    if as_json:
        click.echo(json.dumps(answer(reply), ensure_ascii=False, indent=2))
    else:
        click.echo(console.render(reply, colour=sys.stdout.isatty()))
    if reply.status in ("refused", "failed"):
        sys.exit(1)


@click.command("chat")
@WORKSPACE
@OUT
def chat_command(workspace: str, out: Path | None) -> None:
    """端末で続けて質問します。空の行か Ctrl-D で終わります。"""

    async def chat(app: App) -> None:
        name = await app.workspace_for(workspace)
        thread, conversation = new_id(), console.ConsoleChat()
        click.echo("ご用件をどうぞ（空の行で終わります）。")
        while text := _read():
            message = console.message(text, name, thread=thread)
            reply = await app.bot.receive(message, conversation)
            click.echo(console.render(reply, colour=sys.stdout.isatty()) + "\n")
            await hand_over(app, reply, name, out)

    run(chat)


async def hand_over(
    app: App, reply: Reply, workspace: str, out: Path | None, name: str = ""
) -> None:
    """Save the files of a reply, or say how; beside what is printed, as JSON may be read."""
    if not reply.files:
        return
    if out is None:
        click.echo("ファイルを受け取るには、--out フォルダー を付けて実行してください。", err=True)
        return
    for path in await console.save(app.files, reply, workspace, out, name):
        click.echo(f"保存しました：{path}", err=True)


def _read() -> str:
    try:
        return input("› ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def answer(reply: Reply) -> dict[str, object]:
    """The stable JSON of an answer."""
    return {
        "answer": reply.text,
        "engine": reply.engine,
        "skill": reply.skill,
        "citations": [
            {
                "document": source.document,
                "heading": source.heading,
                "page": source.page,
                "revised": source.revised,
                "passage_id": source.passage_id,
                "quote": source.quote,
            }
            for source in reply.sources
        ],
        "files": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "size": file.size,
                "digest": file.digest,
                "label": file.label,
            }
            for file in reply.files
        ],
        "audit_id": reply.turn,
        "status": reply.status,
    }
