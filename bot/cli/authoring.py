"""`shomu new`, `skills`, `prompts`, `settings`: for those who write skills and prompts."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import click

from bot.app import App, load_prompt_book, load_skill_set, prompt_folders
from bot.cli import run, settings
from bot.errors import BadInput
from bot.prompts import LOCK, load_prompts
from bot.services.words import find_words
from bot.settings import Settings

TEMPLATE = """\
---
name: {name}
description: （このスキルが何に答えるかを一文で書いてください）
metadata:
  title: {name}
  triggers: {name}について
  examples: {name}の手続を教えてください
  version: 1.0.0
---
# {name}

ここに、答え方の手順や決まりを、ふだんの言葉で書いてください。
この下の文章と references フォルダーの文書が、答えの根拠になります。

## 手続

1. （例）申請書を係に提出します。期限は利用日の3日前までです。

## よくある質問

- （例）申請書はどこにありますか：庁内ポータルの「様式集」にあります。
"""


@click.command("new")
@click.argument("name")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="作る場所")
def new_command(name: str, folder: Path | None) -> None:
    """新しいスキルのひな形を作ります。プログラムは要りません。"""
    home = folder or settings().home / "skills"
    target = home / name
    if target.exists():
        raise BadInput("exists", remedy=f"{target} はすでにあります。別の名前にしてください。")
    if name != name.lower() or not all(letter.isalnum() or letter == "-" for letter in name):
        raise BadInput(
            "name", remedy="名前は小文字の英数字・ひらがな・漢字などと - で付けてください。"
        )
    (target / "references").mkdir(parents=True)
    (target / "SKILL.md").write_text(TEMPLATE.format(name=name), encoding="utf-8")
    click.echo(f"作りました：{target / 'SKILL.md'}")
    click.echo("1. SKILL.md の（　）の部分を書き換えます。")
    click.echo(f"2. 根拠になる文書があれば {target / 'references'} に置きます。")
    click.echo("3. shomu skills check で確かめます。")
    click.echo(f"4. shomu ask 「{name}について …」 で試します。")


@click.group("skills")
def skills_command() -> None:
    """スキルを一覧・検査します。"""


@skills_command.command("list")
def list_() -> None:
    """使えるスキルを一覧にします。"""
    for skill in load_skill_set(settings()).values():
        kind = "SKILL.md" if skill.prompts == ("instructions/answer",) else "Python"
        click.echo(f"{skill.name}  {skill.title}  v{skill.version}  {kind}  {skill.description}")


@skills_command.command("check")
def check() -> None:
    """すべてのスキルを検査します。まちがいは一度に全部表示します。"""
    click.echo(f"スキル {len(load_skill_set(settings()))} 個に問題はありません。")


@click.group("prompts")
def prompts_command() -> None:
    """プロンプトを検査・固定・表示します。"""


@prompts_command.command("check")
def check_prompts() -> None:
    """版と本文が固定した内容と合うかを確かめます。"""
    click.echo(f"プロンプト {len(load_prompt_book(settings()).prompts)} 個に問題はありません。")


@prompts_command.command("lock")
def lock() -> None:
    """新しい版のプロンプトを固定します。"""
    folders = prompt_folders(settings())
    book = load_prompts(folders, locked=False)
    added = [
        name for folder in folders if folder.is_dir() for name in book.write_lock(folder / LOCK)
    ]
    for name in added:
        click.echo(f"固定しました：{name}")
    if not added:
        click.echo("新しい版はありません。")


@prompts_command.command("show")
@click.argument("which")
def show(which: str) -> None:
    """記録にある「名前@版+要約値」から、そのとき使った文章を表示します。"""

    async def work(app: App) -> str:
        return await find_words(app.database, which)

    click.echo(run(work))


@click.command("settings")
def settings_command() -> None:
    """設定の一覧と、今の値（秘密は伏せます）を表示します。"""
    current = settings()
    for item in fields(Settings):
        name, about = item.metadata["name"], item.metadata["about"]
        value = getattr(current, item.name)
        if item.metadata["secret"] and value:
            value = "（設定済み）"
        source = "" if name in os.environ or f"{name}_FILE" in os.environ else "（既定）"
        click.echo(f"{name}={value}{source}\n    {about}")
