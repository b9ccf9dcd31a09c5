"""`shomu audit`: verify, prove, search, export, seal, erase."""

from __future__ import annotations

import json
import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot.app import App
from bot.cli import run
from bot.services.audit.export import export as export_events
from bot.services.audit.proof import verify_proof
from bot.services.audit.search import Filter

TOKYO = ZoneInfo("Asia/Tokyo")


@click.group("audit")
def audit_command() -> None:
    """記録を検証・証明・検索・出力します。"""


@audit_command.command("verify")
@click.option("--against", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="外部に保管した検証点のファイル")  # fmt: skip
@click.option("--proof", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="prove が出した証明のファイルだけを確かめます（データベース不要）")  # fmt: skip
@click.option("--key", default="", help="手元にある公開鍵（keys/audit.pub の中身）")
def verify(against: Path | None, proof: Path | None, key: str) -> None:
    """すべての記録を計算し直して確かめます。問題がなければ終了コード0。"""
    if proof is not None:
        try:
            content = json.loads(proof.read_text(encoding="utf-8"))
        except ValueError:
            content = {}
        report = verify_proof(content, key)
        click.echo("\n".join(report.lines))
        sys.exit(0 if report.holds else 1)

    async def work(app: App) -> bool:
        result = await app.audit.verify(against)
        click.echo("\n".join(result.lines))
        return result.ok

    if not run(work):
        sys.exit(1)


@audit_command.command("prove")
@click.argument("reference")
def prove(reference: str) -> None:
    """受付番号または記録のIDの証明を JSON で出します。"""

    async def work(app: App) -> None:
        proof = await app.audit.prove(reference)
        click.echo(json.dumps(proof, ensure_ascii=False, indent=2))

    run(work)


def _filters(command: click.Command) -> click.Command:
    """The options that say which events are wanted."""
    for option in reversed(
        (
            click.option("--workspace", default="", help="ワークスペース"),
            click.option("--actor", default="", help="利用者"),
            click.option("--action", default="", help="操作（例 assistant.answer）"),
            click.option("--skill", default="", help="スキル"),
            click.option("--outcome", default="", help="結果（例 refused）"),
            click.option("--engine", default="", help="エンジン"),
            click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="この日から"),
            click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="この日まで"),
            click.option("--text", default="", help="対象に含まれる言葉"),
        )
    ):
        command = option(command)
    return command


def _wanted(given: dict[str, object]) -> Filter:
    since, until = given.pop("since"), given.pop("until")
    return Filter(
        since=_midnight(since) if isinstance(since, datetime) else None,
        until=_midnight(until) + timedelta(days=1) if isinstance(until, datetime) else None,
        **{name: str(value) for name, value in given.items()},
    )


def _midnight(day: datetime) -> datetime:
    return datetime.combine(day.date(), time(), TOKYO)


@click.command("search")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def search(page: int, as_json: bool, **given: object) -> None:
    """記録を新しい順に探します。"""

    async def work(app: App) -> None:
        found = await app.audit.search(_wanted(given), role="operator", everywhere=True, page=page)
        if as_json:
            rows = [dict(line.fields) for line in found.lines]
            click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for line in found.lines:
            moment = datetime.fromisoformat(line.occurred).astimezone(TOKYO)
            click.echo(
                f"{moment:%Y-%m-%d %H:%M:%S}  {line.workspace}  {line.actor}  {line.action}"
                f"  {line.outcome}  {line.skill}  {line.engine}  {line.id}"
            )
        click.echo(f"{found.total}件中 {len(found.lines)}件（{page}ページ目）", err=True)

    run(work)


@click.command("export")
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def export(kind: str, out: Path, **given: object) -> None:
    """記録を証明つきの JSONL か CSV に出力します。出力したことも記録されます。"""

    async def work(app: App) -> None:
        pieces = export_events(
            app.audit,
            _wanted(given),
            "csv" if kind == "csv" else "jsonl",
            actor="operator",
            role="operator",
            platform="console",
            everywhere=True,
        )
        with out.open("w", encoding="utf-8", newline="") as file:
            async for piece in pieces:
                file.write(piece)
        click.echo(f"{out} に出力しました。")

    run(work)


audit_command.add_command(_filters(search))
audit_command.add_command(_filters(export))


@audit_command.command("erase")
@click.argument("subject")
@click.option("--yes", is_flag=True, help="確認せずに消します")
def erase(subject: str, yes: bool) -> None:
    """ある人の質問と回答の本文とファイルを消します（記録と証明は残ります）。例 slack:T01:U01"""
    if not yes:
        click.confirm(
            f"{subject} の本文とファイルをすべて消します。元に戻せません。よろしいですか",
            abort=True,
        )

    async def work(app: App) -> None:
        count = await app.audit.erase(subject, actor="operator", actor_role="operator")
        click.echo(f"{count}件の本文とファイルを消しました。記録は検証できるまま残ります。")

    run(work)
