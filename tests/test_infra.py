"""What an operator installs from: licences, container files, the manifest for Slack."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from bot.settings import load
from tests.test_commands import Office

ROOT = Path(__file__).parents[1]
INFRA = ROOT / "infra"
RUNBOOK = (INFRA / "runbook.md").read_text(encoding="utf-8")
DOCKERFILE = (INFRA / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")


@pytest.fixture(scope="module")
def notices() -> ModuleType:
    specification = importlib.util.spec_from_file_location("notices", INFRA / "notices.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_notices_are_those_of_the_packages_that_are_installed(notices: ModuleType) -> None:
    written = (INFRA / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    assert notices.notices() == written, "run: python infra/notices.py"
    for name, version in notices.locked():
        assert f"| {name} | {version} | " in written
    for word in ("o200k_base", "SudachiDict", "CC0-1.0"):
        assert word in written


@pytest.mark.parametrize(
    ("licence", "says"),
    [
        ("AGPL-3.0-or-later", "配布の条件が合わない"),
        ("GPL-3.0-only", "配布の条件が合わない"),
        ("MIT AND GPL-2.0-only", "配布の条件が合わない"),
        ("GNU Affero General Public License v3", "確かめていない"),
        ("Freely Usable", "確かめていない"),
        ("", "書かれていません"),
    ],
)
def test_a_licence_that_does_not_fit_stops_the_list_and_names_the_package(
    notices: ModuleType, capsys: pytest.CaptureFixture[str], licence: str, says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    stated = notices.stated

    def read(name: str) -> tuple[str, str]:
        version, true = stated(name)
        return version, licence if name == "click" else true

    monkeypatch.setattr(notices.notices, "__defaults__", (read,))
    assert notices.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("click: ")
    assert says in said


def test_of_two_licences_the_one_that_fits_is_chosen(notices: ModuleType) -> None:
    chosen = notices.choose("tld", "MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later")
    assert chosen == "MPL-1.1"
    assert notices.choose("x", "GPL-2.0-only OR MIT") == "MIT"


def test_what_the_container_copies_is_there_and_not_ignored() -> None:
    ignored = (INFRA / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    assert "*" in ignored
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert {"bot", "skills", "prompts", "requirements.lock", "infra/migrations"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in let_in), source


def test_the_container_installs_only_what_the_lock_names_and_is_not_root() -> None:
    installs = re.findall(r"pip install [^\n]+", DOCKERFILE)
    assert len(installs) == 2
    for line in installs:
        assert "--no-deps" in line
        assert "--require-hashes" in line or "--no-index" in line
    assert re.findall(r"^USER (\w+)", DOCKERFILE, re.MULTILINE) == ["shomu"]
    assert "VOLUME /var/lib/shomu" in DOCKERFILE
    assert "SHOMU_HOME=/var/lib/shomu" in DOCKERFILE
    assert "/healthz" in DOCKERFILE.partition("HEALTHCHECK")[2].partition("\n")[0]


def compose() -> dict[str, Any]:
    found = yaml.safe_load((INFRA / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_compose_names_settings_that_exist_and_secrets_that_are_declared(tmp_path: Path) -> None:
    services = compose()["services"]
    environment: dict[str, str] = services["shomu"]["environment"]
    empty = tmp_path / "empty"
    empty.touch()
    # As compose starts it with every file empty and every variable unset.
    given = {name: str(empty) for name in environment if name.endswith("_FILE")}
    given |= {name: re.sub(r"\$\{.*\}", "", text) for name, text in environment.items()
              if not name.endswith("_FILE")}  # fmt: skip
    assert not load(given).uses_slack
    for service in services.values():
        named = [Path(text).name for name, text in service["environment"].items()
                 if name.endswith("_FILE")]  # fmt: skip
        assert sorted(named) == sorted(service["secrets"])
        assert set(service["secrets"]) <= set(compose()["secrets"])


def test_compose_publishes_loopback_only_and_holds_no_secret() -> None:
    services = compose()["services"]
    assert services["shomu"]["ports"] == ["127.0.0.1:8390:8390"]
    assert "ports" not in services["postgres"]
    assert (INFRA / services["shomu"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / services["shomu"]["build"]["dockerfile"]).exists()
    for service in services.values():
        for name, text in service["environment"].items():
            is_secret = re.search(r"PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL", name)
            assert not is_secret or text.startswith("/run/secrets/"), name


def test_slack_takes_the_manifest() -> None:
    """Lengths from Slack's app manifest reference, read 2026-11-22; too short is an error too."""
    manifest = yaml.safe_load((INFRA / "slack-manifest.yaml").read_text(encoding="utf-8"))
    shown, features = manifest["display_information"], manifest["features"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4000
    assert all(len(item["name"]) <= 24 for item in features["shortcuts"])
    assert all(len(item["description"]) <= 150 for item in features["shortcuts"])
    assert {item["url"] for item in features["slash_commands"]} == {
        manifest["settings"]["event_subscriptions"]["request_url"],
        manifest["settings"]["interactivity"]["request_url"],
    }


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office with a question on record, a skill and a copy of the checkpoints outside."""
    found = Office(tmp_path / "home")
    found.environment["SHOMU_CHECKPOINT_COPY"] = str(tmp_path / "outside.txt")
    found.ok("ask", "夏季休暇は何日ですか")
    found.ok("new", "駐車場")
    (found.home / "prompts").mkdir()
    forms = found.home / "workspaces" / "main" / "minutes"
    forms.mkdir(parents=True)
    (forms / "様式.md").write_text("議事録", encoding="utf-8")
    found.ok("audit", "verify")
    return found


def back_up(office: Office, folder: Path) -> None:
    """Type the runbook's block, with folders of this test for /backup and /vault."""
    block = RUNBOOK.partition("## 控えを取る")[2].partition("```console\n")[2].partition("```")[0]
    for line in block.splitlines():
        typed = line.removeprefix("$ ").replace("python3 -c", f"{sys.executable} -c")
        typed = typed.replace("/backup", str(folder)).replace("/vault", str(folder))
        subprocess.run(["bash", "-ec", typed], env=office.environment, check=True, timeout=60)


def restore(office: Office, folder: Path, home: Path, *, with_keys: bool = True) -> Office:
    home.mkdir()
    shutil.copy(folder / "shomu.db", home / "shomu.db")
    for name in ("files.tar.gz", *(["keys.tar.gz"] if with_keys else [])):
        with tarfile.open(folder / name) as packed:
            packed.extractall(home, filter="data")
    restored = Office(home)
    restored.environment["SHOMU_CHECKPOINT_COPY"] = office.environment["SHOMU_CHECKPOINT_COPY"]
    return restored


def test_a_backup_taken_as_the_runbook_says_is_whole(office: Office, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    (tmp_path / "backup").mkdir()
    back_up(office, tmp_path / "backup")
    restored = restore(office, tmp_path / "backup", tmp_path / "restored")
    assert "改ざんされていません" in restored.ok("audit", "verify", "--against", str(outside))
    assert "駐車場" in restored.ok("skills", "list")
    kept = restored.home / "workspaces" / "main" / "minutes" / "様式.md"
    assert kept.read_text(encoding="utf-8") == "議事録"


def test_what_was_lost_since_the_backup_shows_against_the_copy_outside(
    office: Office, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    (tmp_path / "backup").mkdir()
    back_up(office, tmp_path / "backup")
    office.ok("ask", "出張の日当はいくらですか")
    office.ok("audit", "verify")
    restored = restore(office, tmp_path / "backup", tmp_path / "restored")
    done = restored.run("audit", "verify", "--against", str(outside))
    assert done.returncode == 1
    assert "末尾が切り取られています" in done.stdout
    # The runbook's way on: another file for the copy, the old one kept.
    restored.environment["SHOMU_CHECKPOINT_COPY"] = str(tmp_path / "outside-2.txt")
    restored.ok("ask", "夏季休暇は何日ですか")
    restored.ok("audit", "verify")
    restored.ok("audit", "verify", "--against", str(tmp_path / "outside-2.txt"))


def test_without_the_keys_a_backup_neither_verifies_nor_tells_what_was_said(
    office: Office, tmp_path: Path
) -> None:
    (tmp_path / "backup").mkdir()
    back_up(office, tmp_path / "backup")
    restored = restore(office, tmp_path / "backup", tmp_path / "restored", with_keys=False)
    done = restored.run("audit", "verify")
    assert done.returncode == 1
    assert "本文が記録したときのものではありません" in done.stdout
    assert "署名が、手元の公開鍵では確かめられません" in done.stdout
