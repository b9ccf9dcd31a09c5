"""`shomu draft`: documents for the office."""

from __future__ import annotations

import click

from bot.cli.rolling import roll_command


@click.group("draft")
def draft_command() -> None:
    """文書の下書きを作ります。"""


draft_command.add_command(roll_command)
