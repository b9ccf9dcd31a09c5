"""`shomu docs`: add, list, remove and search documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from bot.app import App
from bot.cli import run
from bot.messages import LABELS, UNKNOWN_LABEL
from bot.services.manuals.library import AddReport

WORKSPACE = click.option("--workspace", default="", help="ワークスペースの名前")


@click.group("docs")
def docs_command() -> None:
    """文書を登録・一覧・削除・検索します。"""


@docs_command.command("add")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@WORKSPACE
@click.option("--label", type=click.Choice(LABELS), help="機密性（省略すると 3B）")
def add(paths: tuple[Path, ...], workspace: str, label: str | None) -> None:
    """ファイルやフォルダーを登録します。変わった文書だけが更新されます。"""

    async def work(app: App) -> bool:
        name = await app.workspace_for(workspace, make=True)
        if label is None:
            click.echo(
                f"機密性の指定がないため {UNKNOWN_LABEL} として登録します。"
                "全職員に見せる文書は --label 2 を付けてください。",
                err=True,
            )
        report = await app.library.add(
            paths,
            workspace=name,
            label=label or UNKNOWN_LABEL,
            actor="operator",
            progress=progress,
        )
        tell(name, report)
        return not report.failed

    if not run(work):
        sys.exit(1)


def tell(workspace: str, report: AddReport) -> None:
    """What became of the documents; of each that failed, why and what to do."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(
        f"{workspace}：追加 {len(report.added)}、更新 {len(report.updated)}、"
        f"変更なし {len(report.unchanged)}、読めなかったもの {len(report.failed)}"
    )
    for document, reason in report.failed:
        click.echo(f"  × {document}：{reason}", err=True)
    for document, warning in report.warnings:
        click.echo(f"  ! {document}：{warning}", err=True)


def progress(done: int, total: int, name: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K読み込み中 {done}/{total} {name}", nl=False, err=True)


@docs_command.command("list")
@WORKSPACE
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def list_(workspace: str, as_json: bool) -> None:
    """登録されている文書を一覧にします。"""

    async def work(app: App) -> None:
        documents = await app.library.list(await app.workspace_for(workspace))
        if as_json:
            rows = [
                {
                    "name": item.name,
                    "label": item.label,
                    "revised": item.revised,
                    "passages": item.passages,
                    "added": item.added,
                }
                for item in documents
            ]
            click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for item in documents:
            click.echo(
                f"{item.name}  機密性{item.label}  {item.revised or '改正日なし'}"
                f"  {item.passages}箇所"
            )
        if not documents:
            click.echo("登録されている文書はありません。shomu docs add で登録できます。")

    run(work)


@docs_command.command("remove")
@click.argument("names", nargs=-1, required=True)
@WORKSPACE
def remove(names: tuple[str, ...], workspace: str) -> None:
    """文書を検索の対象から外します。元のファイルは消えません。"""

    async def work(app: App) -> bool:
        space = await app.workspace_for(workspace)
        removed = await app.library.remove(names, workspace=space, actor="operator")
        for name in names:
            click.echo(f"{name}：{'外しました' if name in removed else '登録されていません'}")
        return len(removed) == len(names)

    if not run(work):
        sys.exit(1)


@docs_command.command("search")
@click.argument("query")
@WORKSPACE
@click.option("--top", default=5, type=click.IntRange(1, 1000), help="何件まで出すか")
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def search(query: str, workspace: str, top: int, as_json: bool) -> None:
    """文書の中を探します。"""

    async def work(app: App) -> None:
        found = await app.search.find(
            query, workspace=await app.workspace_for(workspace), clearance="3A", top=top
        )
        if as_json:
            rows = [
                {
                    "passage_id": passage.id,
                    "document": passage.document,
                    "heading": passage.heading,
                    "score": passage.score,
                    "text": passage.text,
                }
                for passage in found
            ]
            click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for passage in found:
            click.echo(f"{passage.score:.3f} {passage.document} ＞ {passage.heading}")
            click.echo(f"      {passage.text[:120]}")
        if not found:
            click.echo("見つかりませんでした。")

    run(work)
