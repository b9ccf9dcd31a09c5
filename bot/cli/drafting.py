"""`shomu draft KIND`: a draft in the office's form, through the same turn as in a chat.

Every kind of document is a command of the group; which there are, the skill knows.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import click

from bot.adapters import console
from bot.app import App
from bot.cli import run
from bot.errors import BadInput
from bot.messages import Field, Reply

# What is not a kind of document.
SUBCOMMANDS = {"roll": "bot.cli.rolling"}


class Kinds(click.Group):
    """A group that takes the name of any kind of document as a command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name in SUBCOMMANDS:
            found = getattr(import_module(SUBCOMMANDS[cmd_name]), f"{cmd_name}_command")
            assert isinstance(found, click.Command)
            return found
        return click.Command(
            cmd_name, callback=partial(_draft, cmd_name), params=list(OPTIONS), help=HELP
        )


HELP = "文書の下書きを、職場のひな形で作ります。"
OPTIONS = (
    click.Option(["--set", "sets"], multiple=True, metavar="欄=値",
                 help="入れる内容。同じ欄を重ねると、次の行になります"),
    click.Option(["--from", "record"], default="", help="もとにする過去の文書"),
    click.Option(["--sample"], is_flag=True, help="見本の内容で試します"),
    click.Option(["--out"], type=click.Path(path_type=Path),
                 help="Word の文書を保存するファイル（.docx）かフォルダー"),
    click.Option(["--workspace"], default="", help="ワークスペースの名前"),
    click.Option(["--json", "as_json"], is_flag=True, help="JSON で出力"),
)  # fmt: skip


@click.group("draft", cls=Kinds, invoke_without_command=True, subcommand_metavar="文書の種類 …")
@click.pass_context
def draft_command(ctx: click.Context) -> None:
    """文書の下書きを作ります。例 shomu draft 通知 --set 件名=防災訓練 --out 通知.docx"""
    if ctx.invoked_subcommand is None:
        reply = run(partial(_ask, {"form": "draft"}, "", None, True))
        choices = reply.form.fields[0].choices if reply.form else ()
        click.echo("作れる文書：" + "、".join(choices) if choices else reply.text)


def _draft(
    kind: str,
    sets: Sequence[str],
    record: str,
    sample: bool,
    out: Path | None,
    workspace: str,
    as_json: bool,
) -> None:
    """Make one draft and print it."""
    step = "sample" if sample else "write"
    values = {"form": f"draft/{step}/{kind}", "from": record, **_values(sets)}
    reply = run(partial(_ask, values, workspace, out, as_json))
    failed = reply.status in ("refused", "failed") or not reply.data
    if as_json and not failed:
        click.echo(json.dumps(dict(reply.data), ensure_ascii=False, indent=2))
    else:
        click.echo(console.render(reply, colour=sys.stdout.isatty()), err=failed)
    if failed and reply.form is not None:
        click.echo(f"{kind}の欄：{'、'.join(map(_named, reply.form.fields))}", err=True)
    if failed:
        sys.exit(1)


def _named(field: Field) -> str:
    """A field as it is typed: whether it has to be given, what it may be."""
    about = "必須" if field.required else "・".join(field.choices)
    return f"{field.name}（{about}）" if about else field.name


def _values(sets: Sequence[str]) -> dict[str, str]:
    """「欄=値」 pairs; a field that is set again gets a further line. Raises BadInput."""
    values: dict[str, str] = {}
    for pair in sets:
        name, is_pair, value = pair.partition("=")
        if not is_pair or not name.strip():
            raise BadInput("set", remedy=f"--set {pair} は「欄=値」の形で指定してください。")
        name = name.strip()
        values[name] = f"{values[name]}\n{value}" if name in values else value
    return values


async def _ask(
    values: dict[str, str], workspace: str, out: Path | None, is_quiet: bool, app: App
) -> Reply:
    """Submit the form of a kind; the file is written where `out` says."""
    if out is not None and not out.is_dir() and out.suffix.lower() != ".docx":
        raise BadInput("out", remedy=f"--out は .docx のファイルかフォルダーです（{out}）。")
    name = await app.workspace_for(workspace)
    message = replace(console.message("", name), command="draft", kind="form", values=values)
    reply = await app.bot.receive(message, console.ConsoleChat(show=not is_quiet))
    if out is None or not reply.files:
        return reply
    if out.is_dir():
        (path,) = await console.save(app.files, reply, name, out)
    else:
        path = await _write(app, reply, name, out)
    return replace(reply, data={**reply.data, "file": str(path)})


async def _write(app: App, reply: Reply, workspace: str, path: Path) -> Path:
    """Write the document under the very name that was asked for. Raises BadInput."""
    kept = await app.files.fetch(reply.files[0].id, workspace=workspace)
    if kept is None:
        raise BadInput("file", remedy="文書を受け取れません。もう一度お試しください。")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept.content)
    except OSError as error:
        raise BadInput(
            "out", remedy=f"{path} に書き込めません（{error.strerror}）。場所を確認してください。"
        ) from error
    return path
