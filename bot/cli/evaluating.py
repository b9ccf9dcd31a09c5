"""`shomu eval`: how good and how fast, on questions or texts whose right answers are known."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bot.app import load_skill_set
from bot.cli import settings
from bot.errors import BadInput
from bot.services.manuals.evaluation import evaluate


class Evaluations(click.Group):
    """`search`, and one command for each skill that can be evaluated."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        coded = [skill.name for skill in load_skill_set(settings()).values() if skill.evaluate]
        return [*super().list_commands(ctx), *coded]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        return found or (_of_skill(cmd_name) if cmd_name in self.list_commands(ctx) else None)


@click.group("eval", cls=Evaluations)
def eval_command() -> None:
    """検索やスキルの精度と速さを測ります。"""


@eval_command.command("search")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON で出力")
def search(folder: Path, as_json: bool) -> None:
    """BEIR形式のフォルダー（corpus.jsonl、queries.jsonl、qrels/test.tsv）で測ります。"""
    figures = asyncio.run(evaluate(folder))
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False, indent=2))
        return
    for name, value in figures.items():
        click.echo(f"{name}: {value}")


def _of_skill(name: str) -> click.Command:
    @click.command(name)
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    def run(file: Path) -> None:
        """1行1件の JSONL を処理し、1件につき1行の JSON を出します。"""
        work = load_skill_set(settings())[name].evaluate
        assert work is not None
        for row in work(_rows(file)):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")

    return run


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise BadInput(
                    "row", remedy=f"{file.name} の {number} 行目が JSON ではありません。"
                ) from error
            if not isinstance(row, dict):
                raise BadInput("row", remedy=f"{file.name} の {number} 行目が表ではありません。")
            yield row
