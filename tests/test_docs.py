"""The documents say what is so: commands run, examples load, every setting and error is there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
import yaml
from skills_ref.validator import ALLOWED_FIELDS

from bot import errors
from bot.cli import COMMANDS, shomu
from bot.registry import SKILL_KEYS
from bot.settings import Settings
from tests.test_commands import Office

ROOT = Path(__file__).parents[1]
README, ARCHITECTURE = ROOT / "README.md", ROOT / "ARCHITECTURE.md"
SKILLS, RUNBOOK = ROOT / "skills" / "README.md", ROOT / "infra" / "runbook.md"
DOCUMENTS = (README, ARCHITECTURE, SKILLS, RUNBOOK)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n```[a-z]+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OUR_PATH = re.compile(r"(?:bot|skills|prompts|tests|infra)/[^\s*…「」]*")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def typed_lines(document: Path) -> list[str]:
    """What a reader types: the lines of console blocks, without the prompt and the comment."""
    return [
        line.removeprefix("$ ").partition("  # ")[0].partition("    #")[0].strip()
        for kind, block in FENCE.findall(text_of(document))
        if kind == "console"
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def inline(document: Path) -> list[str]:
    """What stands in backticks, outside blocks."""
    return INLINE.findall(FENCE.sub("", text_of(document)))


def words_of(line: str) -> list[str]:
    """The words of one command, up to where the shell sends its output elsewhere."""
    words = shlex.split(line)
    return words[: next((at for at, word in enumerate(words) if word in (">", "|")), len(words))]


def shomu_lines() -> Iterator[tuple[str, str, bool]]:
    """(document, command, whole): a command in a block is whole, one in a sentence may not be."""
    for document in DOCUMENTS:
        for line in typed_lines(document):
            if line.startswith("shomu "):
                yield document.name, line, True
        for line in inline(document):
            if line.startswith("shomu "):
                yield document.name, line, False


def parse(line: str, *, whole: bool) -> None:
    """Parse a command without running it. Raises click.UsageError and AssertionError."""
    command: click.Command = shomu
    context = click.Context(shomu, info_name="shomu")
    rest = words_of(line)[1:]
    while isinstance(command, click.Group) and rest:
        found = command.get_command(context, rest[0])
        assert found is not None, f"{line}: no command {rest[0]}"
        command, rest = found, rest[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    given, _, _ = command.make_parser(context).parse_args(rest)
    for parameter in command.params:
        value = given.get(parameter.name or "")
        if whole and parameter.required:
            is_given = isinstance(value, str | tuple | list) and bool(value)
            assert is_given, f"{line}: {parameter.name} is missing"
        if isinstance(value, str) and isinstance(parameter.type, click.Choice | click.IntRange):
            parameter.type(value, param=parameter, ctx=context)
    assert not (whole and isinstance(command, click.Group)), f"{line}: only a group"


@pytest.mark.parametrize(
    ("document", "line", "whole"), [pytest.param(*found, id=found[1]) for found in shomu_lines()]
)
def test_every_command_that_is_written_down_exists(document: str, line: str, whole: bool) -> None:
    parse(line, whole=whole)


@pytest.mark.parametrize(
    "line",
    ["shomu audti verify", "shomu audit verify --agianst x", "shomu docs add --label 9 x",
     "shomu audit erase", "shomu audit"],
)  # fmt: skip
def test_a_command_that_does_not_exist_would_be_noticed(line: str) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parse(line, whole=True)


def test_every_command_an_operator_needs_is_written_down() -> None:
    named = {line.split()[1] for _, line, _ in shomu_lines()}
    assert set(COMMANDS) - {"chat", "eval"} <= named


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = [word for line in typed_lines(document) for word in words_of(line)]
    named += [word for found in inline(document) for word in found.split()]
    paths = [word for word in named if OUR_PATH.fullmatch(word)]
    assert not [path for path in paths if not (ROOT / path).exists()]
    if document in (ARCHITECTURE, RUNBOOK):
        assert paths


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text_of(document))):
        path, _, heading = target.partition("#")
        if "://" in path:
            continue
        found = document.parent / path if path else document
        assert found.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", text_of(found), re.MULTILINE)
            assert heading in {re.sub(r"[^\w-]", "", title.replace(" ", "-")) for title in titles}


def default_of(value: object) -> str:
    """A default as the table writes it."""
    match value:
        case bool():
            return f"`{int(value)}`"
        case tuple():
            return f"`{','.join(value)}`" if value else ""
        case Path():
            return f"`{value}`".replace(str(Path.home()), "~")
        case float():
            return f"`{value:g}`"
    return f"`{value}`" if value else ""


def test_the_runbook_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `(SHOMU_\w+)` \| (.*?) ?\| (.+) \|$", text_of(RUNBOOK), re.MULTILINE)
    listed = {name: default for name, default, _ in rows}
    assert listed == {item.metadata["name"]: default_of(item.default) for item in fields(Settings)}
    marked = {name for name, _, meaning in rows if "（秘密）" in meaning}
    assert marked == {item.metadata["name"] for item in fields(Settings) if item.metadata["secret"]}


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {item.metadata["name"] for item in fields(Settings)}
    for document in (*DOCUMENTS, ROOT / "CHANGELOG.md", ROOT / "infra/teams/README.md"):
        named = set(re.findall(r"SHOMU_[A-Z_]*[A-Z]", text_of(document)))
        assert {name.removesuffix("_FILE") for name in named} <= known, document.name


def test_the_runbook_says_what_to_do_about_every_error() -> None:
    # From the text: which modules have been imported depends on the tests that ran before.
    sources = [path for name in ("bot", "skills") for path in (ROOT / name).rglob("*.py")]
    found = re.findall(r"^    code = \"(\w+)\"$", "".join(map(text_of, sources)), re.MULTILINE)
    assert errors.Tampered.code in found
    section = text_of(RUNBOOK).partition("## エラーの一覧")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.+) \|$", section, re.MULTILINE)
    assert {code for code, remedy in rows if remedy.strip()} == set(found)


def test_the_runbook_watches_what_is_measured_and_logged() -> None:
    code = "".join(text_of(path) for path in (ROOT / "bot").rglob("*.py"))
    measured = re.findall(r"(?:Counter|Gauge|Histogram)\(\s*\"(shomu_\w+)\"", code)
    assert set(re.findall(r"`(shomu_\w+)`", text_of(RUNBOOK))) == set(measured)
    for logged in re.findall(r"`(audit_\w+_(?:refused|failed))`", text_of(RUNBOOK)):
        assert f'"{logged}' in code


def test_every_key_of_a_skill_is_explained() -> None:
    explained = set(re.findall(r"^\| `([\w-]+)` \|", text_of(SKILLS), re.MULTILINE))
    assert explained == {*ALLOWED_FIELDS, *SKILL_KEYS}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Somebody who copied every example of skills/README.md."""
    office = Office(tmp_path_factory.mktemp("reader"))
    for name, content in EXAMPLE.findall(text_of(SKILLS)):
        path = office.home / "skills" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        if path.name == "skill.py":
            card = path.with_name("SKILL.md")
            card.write_text(f"---\nname: {path.parent.name}\ndescription: 例\n---\n", "utf-8")
    return office


def test_the_examples_are_skills(reader: Office) -> None:
    named = {name.partition("/")[0] for name, _ in EXAMPLE.findall(text_of(SKILLS))}
    assert len(named) >= 2
    reader.ok("skills", "check")
    listed = reader.ok("skills", "list")
    assert named <= {line.split()[0] for line in listed.splitlines()}


def test_the_parking_example_answers_from_its_own_text(reader: Office) -> None:
    question = "駐車場について、予約は何日前までですか"
    assert f'shomu ask "{question}"' in typed_lines(SKILLS)
    answer = json.loads(reader.ok("ask", question, "--json"))
    assert answer["skill"] == "駐車場"
    assert answer["status"] == "answered"
    assert "3日前" in answer["answer"]
    assert "3日前" in answer["citations"][0]["quote"]
    assert answer["citations"][0]["heading"].endswith("予約")


def test_every_direct_dependency_is_explained() -> None:
    rows = re.findall(r"^\|([^|]+)\|[^|]+\|$", text_of(ARCHITECTURE), re.MULTILINE)
    explained = {name for row in rows for name in INLINE.findall(row) if "/" not in name}
    direct = {re.split(r"[\[<>=, ]", item)[0] for item in PROJECT["dependencies"]}
    assert direct <= explained


def test_every_version_is_the_same_version() -> None:
    version = PROJECT["version"]
    assert re.search(rf"^## {re.escape(version)}\b", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    public = yaml.safe_load(text_of(ROOT / "publiccode.yml"))
    assert public["softwareVersion"] == version
    assert public["legal"]["license"] == PROJECT["license"]
    assert json.loads(text_of(ROOT / "infra/teams/manifest.json"))["version"] == version
    compose = yaml.safe_load(text_of(ROOT / "infra/compose.yaml"))
    assert compose["services"]["shomu"]["image"] == f"shomu:{version}"


# Written in pieces: this file is looked through as well.
MACHINE_PATHS = tuple(
    f"/{name}/" for name in ("work", "tmp", "root", "home", "Users", "mnt/data", "private/var")
)
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"),
        ("crates", "io"), ("golang", "org"), ("rubygems", "org"), ("yarnpkg", "com"),
    )
)  # fmt: skip


def test_no_file_knows_a_machine_or_a_registry() -> None:
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"git cannot list the files here: {type(error).__name__}")
    found = []
    for name in done.stdout.split("\0"):
        path = ROOT / name
        if not name or not path.is_file():
            continue
        try:
            content = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for word in (*MACHINE_PATHS, *REGISTRIES):
            if re.search(rf"(?<![\w.~-]){re.escape(word)}", content):
                found.append(f"{name}: {word}")
    assert not found
