"""The app package that an administrator uploads."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

from bot.adapters.teams.messages import COMMANDS

SCRIPT = Path(__file__).parents[2] / "infra/teams/package.py"
APP = "00000000-aaaa-bbbb-cccc-000000000001"


def package(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_package_holds_a_filled_manifest_and_icons_of_the_right_size(tmp_path: Path) -> None:
    target = tmp_path / "shomu.zip"
    assert package(APP, "https://shomu.city.example", str(target)).returncode == 0
    with zipfile.ZipFile(target) as made:
        manifest = json.loads(made.read("manifest.json"))
        sizes = {
            name: struct.unpack(">II", made.read(name)[16:24])
            for name in ("color.png", "outline.png")
        }
    assert manifest["id"] == manifest["bots"][0]["botId"] == APP
    assert "{" not in json.dumps(list(manifest["developer"].values()))
    assert sizes == {"color.png": (192, 192), "outline.png": (32, 32)}


def test_every_command_of_the_manifest_is_one_the_bot_knows() -> None:
    manifest = json.loads(SCRIPT.with_name("manifest.json").read_text(encoding="utf-8"))
    listed = manifest["bots"][0]["commandLists"][0]["commands"]
    assert tuple(command["title"] for command in listed) == COMMANDS


def test_a_wrong_app_id_is_explained(tmp_path: Path) -> None:
    done = package("bot", "https://shomu.city.example", str(tmp_path / "x.zip"))
    assert done.returncode == 1
    assert "アプリケーション ID" in done.stderr
