"""`shomu opinions FILE`: the opinions skill on one file, without a chat, a database or a server."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.errors import BadInput, UnreadableDocument

if TYPE_CHECKING:
    from bot.sheets import Sheet

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_SHOWN = 20


@click.command("opinions")
@click.argument("file", type=FILE, required=False)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True,
              help="書き出すフォルダー")  # fmt: skip
@click.option("--text-column", default="", help="意見の列の見出し（または C などの列の記号）")
@click.option("--sheet", default="", help="読むシートの名前")
@click.option("--plan", type=FILE, help="計画案（docx、md、txt など）。意見を章や条に結び付けます")
@click.option("--past", type=FILE, help="過去の割り振り（意見と担当課の表）")
@click.option("--duties", type=FILE, help="事務分掌（担当課と内容の表）")
@click.option("--before", type=FILE, help="前回の意見のファイル（xlsx、CSV）。話題の増減を示します")
@click.option("--vectors", type=FILE, help="意見のベクトル（.npy、float32）だけを話題に分けます")
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def opinions_command(
    file: Path | None,
    out: Path,
    text_column: str,
    sheet: str,
    plan: Path | None,
    past: Path | None,
    duties: Path | None,
    before: Path | None,
    vectors: Path | None,
    as_json: bool,
) -> None:
    """意見のファイル（xlsx、CSV）を話題に分け、地図と結果表を作ります。"""
    if (file is None) == (vectors is None):
        raise BadInput(
            "one input", remedy="意見のファイルか --vectors のどちらか一つを指定してください。"
        )
    if vectors is not None and before is not None:
        raise BadInput("before", remedy="--before は意見のファイルと一緒に指定してください。")
    # By name: skills stand above the command line and may not be imported from it.
    batch: Any = import_module("skills.opinions.batch")
    if vectors is not None:
        outcome = batch.group_file(vectors, out, _progress)
    else:
        assert file is not None
        order = batch.Order(
            file.name,
            asyncio.run(_sheets(file)),
            out,
            sheet=sheet,
            text_column=text_column,
            past=asyncio.run(_sheets(past)),
            duties=asyncio.run(_sheets(duties)),
            plan=asyncio.run(_text(plan)),
            before_file=before.name if before else "",
            before=asyncio.run(_earlier(before)),
        )
        outcome = batch.triage(order, _progress)
    figures = outcome.figures()
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        _show(figures)


async def _sheets(path: Path | None) -> list[Sheet]:
    from bot.services.manuals.documents import read_sheets

    return await read_sheets(path.name, path.read_bytes()) if path else []


async def _earlier(path: Path | None) -> list[Sheet]:
    try:
        return await _sheets(path)
    except UnreadableDocument as error:
        raise BadInput(
            "earlier file",
            remedy="--before には、前回の意見のファイル（xlsx、CSV）を指定してください。"
            f"{error.remedy}",
        ) from error


async def _text(path: Path | None) -> str:
    from bot.services.manuals.documents import read_text

    return await read_text(path.name, path.read_bytes()) if path else ""


def _progress(text: str) -> None:
    click.echo(text, err=True)


def _show(figures: dict[str, Any]) -> None:
    """A summary that adds up, and what a person should do next."""
    sheet = f"、シート「{figures['sheet']}」" if figures["sheet"] else ""
    column = f"、意見の列「{figures['text_column']}」" if figures["text_column"] else ""
    click.echo(f"{figures['file']}{sheet}{column}")
    click.echo(
        f"入力 {figures['input_rows']:,} 行 ＝ 意見 {figures['output_rows']:,} 件"
        f" ＋ 意見にできなかった行 {figures['error_rows']:,} 行"
    )
    click.echo(f"件数（論点） {figures['claims']:,}、実質件数 {figures['voices']:,}")
    click.echo(
        f"話題 {figures['topics']:,}（細かい話題 {figures['parts']:,}）、"
        f"個別の意見 {figures['isolated']:,}"
    )
    _show_changes(figures["comparison"])
    if figures["urgent"]:
        click.echo(
            f"急ぎかもしれない意見 {figures['urgent']:,} 件：report.md の初めにあります。"
            "多めに拾っています。まず人が読んでください。"
        )
    if figures["masks"]:
        found = "、".join(f"{kind} {number:,}" for kind, number in figures["masks"].items())
        click.echo(f"伏せた個人情報：{found}")
    for error in figures["errors"][:MOST_SHOWN]:
        click.echo(f"  {error['row']} 行目：{error['what']}。{error['remedy']}")
    if len(figures["errors"]) > MOST_SHOWN:
        click.echo(f"  ほか {len(figures['errors']) - MOST_SHOWN:,} 行は table.xlsx にあります。")
    for doubt in figures["doubts"]:
        click.echo(f"確認：{doubt}")
    click.echo("書き出したファイル：")
    for path in figures["files"].values():
        click.echo(f"  {path}")
    if figures["text_column"]:
        click.echo("opinions.jsonl には伏せる前の原文が入っています。取り扱いに注意してください。")


def _show_changes(comparison: dict[str, Any] | None) -> None:
    """Topics that came, grew, shrank or went since the wave before."""
    if comparison is None:
        return
    click.echo(
        f"前回との比較：新しい意見 {comparison['new_opinions']:,} 件、"
        f"前回だけにあった意見 {comparison['gone_opinions']:,} 件"
        f"（実質件数 全体 {comparison['before']:,} → {comparison['after']:,}）"
    )
    for one in comparison["changes"]:
        was = f"（前回「{one['was']}」）" if one["was"] else ""
        click.echo(f"  {one['kind']} {one['label']}{was} {one['before']:,} → {one['after']:,}")
