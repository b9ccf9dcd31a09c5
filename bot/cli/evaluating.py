"""`shomu eval`: how good and how fast the search is, on a set of questions with answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click

from bot.services.manuals.evaluation import evaluate


@click.group("eval")
def eval_command() -> None:
    """検索の精度と速さを測ります。"""


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
