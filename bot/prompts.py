"""The only file that imports prompty: reads prompts/, checks their versions, renders them.

A prompt is a file `prompts/<skill>/<purpose>.<locale>.prompty`. Its version and the digest of its
text are locked in `prompts.lock`, so the words behind an answer can be named and found later.
prompty takes half a second to import, so it is imported when the first prompt is rendered.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadInput, Misconfigured
from bot.ports import PromptUse, Turn

LOCK = "prompts.lock"
CHANGELOG = "CHANGELOG.md"
DEFAULT_LOCALE = "ja"
FENCE = "fence"
KINDS = ("string", "integer", "float", "boolean", "array", "object")

_KEYS = ("name", "description", "metadata", "inputs")
_FILE = re.compile(r"([a-z][a-z0-9-]{0,63})\.([a-z]{2})\.prompty")
_VERSION = re.compile(r"(?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){2}")
_ROLE_LINE = re.compile(r"#?\s*(system|user|assistant|developer)\s*(?:\[[^\]]*\])?\s*:", re.I)
_ROLES = ("system", "user", "assistant")

# A line that a parser or a model could take for the start of another speaker's words.
_MARKER = re.compile(
    r"\W*(?:system|user|assistant|developer|tool|function|human|ai|システム|ユーザー|アシスタント)"
    r"\s*[\[:]"
)
_FENCE_SHAPE = re.compile(r"《境界[a-z]{16}》")
_CHAT_MARKS = ("<|", "|>", "[INST]", "[/INST]", "<<SYS>>", "<start_of_turn>", "<end_of_turn>")


@dataclass(frozen=True)
class Prompt:
    """One prompt file. `digest` is the sha256 of its text with newlines as \\n."""

    skill: str
    purpose: str
    locale: str
    version: str
    inputs: Mapping[str, Mapping[str, Any]]
    body: str
    text: str
    path: Path

    @property
    def name(self) -> str:
        return f"{self.skill}/{self.purpose}.{self.locale}"

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """The roles its template names, in order."""
        lines = (line.strip() for line in self.body.splitlines())
        return tuple(m[1].lower() for line in lines if (m := _ROLE_LINE.fullmatch(line)))

    @property
    def use(self) -> PromptUse:
        return PromptUse(self.name, self.version, self.digest)


@dataclass(frozen=True)
class PromptBook:
    """Every prompt that was found, by skill, purpose and locale."""

    prompts: tuple[Prompt, ...] = ()
    _agents: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def _found(self) -> dict[tuple[str, str, str], Prompt]:
        return {(prompt.skill, prompt.purpose, prompt.locale): prompt for prompt in self.prompts}

    def has(self, skill: str, purpose: str) -> bool:
        """Whether a prompt can be rendered in every locale: the Japanese one is there."""
        return (skill, purpose, DEFAULT_LOCALE) in self._found

    def find(self, skill: str, purpose: str, locale: str = DEFAULT_LOCALE) -> Prompt:
        """The prompt in a locale ("en", "en-US"), in Japanese when it is not there.

        Raises Misconfigured when there is neither.
        """
        for wanted in (locale[:2].lower(), DEFAULT_LOCALE):
            if prompt := self._found.get((skill, purpose, wanted)):
                return prompt
        path = f"prompts/{skill}/{purpose}.{DEFAULT_LOCALE}.prompty"
        raise Misconfigured([f"プロンプト {path} がありません。"])

    def text(self, digest: str) -> str:
        """The whole file behind a digest; empty when this book does not hold it."""
        return next((prompt.text for prompt in self.prompts if prompt.digest == digest), "")

    def render(
        self, skill: str, purpose: str, locale: str, inputs: Mapping[str, Any]
    ) -> tuple[list[Turn], PromptUse]:
        """Fill a prompt in. Inputs it does not declare are left out.

        Every text that goes in is treated as data: it cannot start a turn of its own.

        Raises Misconfigured when an input is missing, BadInput when the roles that come out are
        not those of the template.
        """
        prompt = self.find(skill, purpose, locale)
        given = {name: inputs[name] for name in prompt.inputs if name in inputs}
        for name, declared in prompt.inputs.items():
            if name not in given and "default" in declared:
                given[name] = declared["default"]
        missing = [name for name in prompt.inputs if name not in given]
        if missing:
            names = "、".join(missing)
            raise Misconfigured([f"{prompt.name}: 入力 {names} が渡されていません。"])
        plain = {name: neutralise(value) for name, value in given.items()}
        turns = self._prepare(prompt, {**plain, FENCE: _new_fence()})
        if tuple(turn.role for turn in turns) != prompt.roles:
            raise BadInput("the rendered prompt has other roles than its template")
        return turns, prompt.use

    def _prepare(self, prompt: Prompt, inputs: dict[str, Any]) -> list[Turn]:
        import prompty
        from prompty.model import Agent

        if prompt.digest not in self._agents:
            # Not prompty.load: it fills ${env:…} and ${file:…} of the front matter in, so that a
            # prompt from outside could read a secret. Without a template key strict stays on.
            self._agents[prompt.digest] = Agent.load(
                {"name": prompt.name, "instructions": prompt.body}
            )
        try:
            messages = prompty.prepare(self._agents[prompt.digest], inputs)
        except ValueError:
            # Strict mode's own check; its cause would quote the input.
            raise BadInput("an input holds a role marker") from None
        return [Turn(message.role, message.text.strip()) for message in messages]

    def check(self, lock: Path) -> list[str]:
        """Compare the prompts beside a lock file with it; every mistake, nothing when all hold."""
        locked = _read_lock(lock)
        return [
            mistake
            for prompt in self._beside(lock)
            for mistake in (*_against_lock(prompt, locked), *_in_changelog(prompt))
        ]

    def write_lock(self, lock: Path) -> list[str]:
        """Add the digests of new versions and return what was added, as `name@version`.

        Raises Misconfigured, and writes nothing, when a text changed under a locked version, a
        version has no line in its changelog, or a template cannot be rendered.
        """
        locked = _read_lock(lock)
        mistakes, added = [], []
        for prompt in self._beside(lock):
            versions = locked.setdefault(prompt.name, {})
            if prompt.version in versions:
                mistakes += _against_lock(prompt, locked)
            else:
                mistakes += _in_template(prompt)
                versions[prompt.version] = prompt.digest
                added.append(f"{prompt.name}@{prompt.version}")
            mistakes += _in_changelog(prompt)
        if mistakes:
            raise Misconfigured(mistakes)
        text = json.dumps(locked, ensure_ascii=False, indent=2, sort_keys=True)
        lock.write_text(text + "\n", encoding="utf-8")
        return added

    def _beside(self, lock: Path) -> list[Prompt]:
        return [prompt for prompt in self.prompts if prompt.path.parent.parent == lock.parent]


def load_prompts(folders: Sequence[Path], *, locked: bool = True) -> PromptBook:
    """Read every prompt of these folders; a folder that is not there holds none.

    `locked` compares them with each folder's prompts.lock; only writing that lock does without.

    Raises Misconfigured with every mistake of every file at once.
    """
    prompts: list[Prompt] = []
    mistakes: list[str] = []
    for path in (path for folder in folders for path in sorted(folder.glob("*/*.prompty"))):
        prompt = _read(path, mistakes)
        if prompt is None:
            continue
        twin = next((other for other in prompts if other.name == prompt.name), None)
        if twin:
            mistakes.append(f"{_place(path)}: {prompt.name} は {twin.path} にもあります。")
        else:
            prompts.append(prompt)
    book = PromptBook(tuple(prompts))
    if locked:
        mistakes += [mistake for folder in folders for mistake in book.check(folder / LOCK)]
    if mistakes:
        raise Misconfigured(mistakes)
    return book


def neutralise(value: Any) -> Any:
    """Make text safe to put into a prompt: what looks like a turn of a chat reads as a quotation.

    Invisible characters are dropped, since words can be hidden in them. Lists and mappings are
    gone through; everything that is not text stays as it is.
    """
    match value:
        case str():
            return _neutral(value)
        case Mapping():
            return {key: neutralise(item) for key, item in value.items()}
        case list() | tuple():
            return [neutralise(item) for item in value]
    return value


def _neutral(text: str) -> str:
    # splitlines knows more line ends than \n, and so does prompty's parser.
    lines = ("".join(c for c in line if _is_visible(c)) for line in text.splitlines())
    quoted = "\n".join(f"｜{line}" if _is_marker(line) else line for line in lines)
    quoted = _FENCE_SHAPE.sub("", quoted)
    for mark in _CHAT_MARKS:
        quoted = quoted.replace(mark, f"{mark[0]} {mark[1:]}")
    return quoted


def _is_visible(character: str) -> bool:
    return character == "\t" or unicodedata.category(character) not in ("Cf", "Cc", "Cs")


def _is_marker(line: str) -> bool:
    return _MARKER.match(unicodedata.normalize("NFKC", line).casefold()) is not None


def _new_fence() -> str:
    # Letters only: digits could look like a number that is to be masked.
    return f"《境界{''.join(secrets.choice(string.ascii_lowercase) for _ in range(16))}》"


def _read(path: Path, mistakes: list[str]) -> Prompt | None:
    """Read one file without prompty; None after adding what is wrong with it."""
    place = _place(path)
    named = _FILE.fullmatch(path.name)
    if named is None:
        mistakes.append(f"{place}: 名前は answer.ja.prompty のように 目的.言語.prompty とします。")
        return None
    try:
        text = path.read_text(encoding="utf-8")
        head, body = _split(text)
        front = yaml.safe_load(head)
    except (OSError, ValueError, yaml.YAMLError) as error:
        mistakes.append(
            f"{place}: 読めません。先頭を --- で囲んだ YAML にしてください（{error}）。"
        )
        return None
    if not isinstance(front, dict):
        mistakes.append(f"{place}: --- の間に {'、'.join(_KEYS)} を書いてください。")
        return None
    wrong = _in_front_matter(front, path.parent.name, named[1], named[2])
    mistakes += [f"{place}: {mistake}" for mistake in wrong]
    if wrong:
        return None
    version, inputs = front["metadata"]["version"], front.get("inputs") or {}
    return Prompt(path.parent.name, named[1], named[2], version, inputs, body, text, path)


def _split(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in lines[1:]:
        raise ValueError("--- がありません")
    end = lines.index("---", 1)
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])


def _in_front_matter(front: dict[str, Any], skill: str, purpose: str, locale: str) -> list[str]:
    mistakes = []
    for key in front:
        if key not in _KEYS:
            near = get_close_matches(str(key), _KEYS, n=1)
            hint = f"{near[0]} のことですか。" if near else f"使えるのは {'、'.join(_KEYS)} です。"
            mistakes.append(f"{key} という項目はありません。{hint}")
    if front.get("name") != f"{skill}/{purpose}.{locale}":
        mistakes.append(f"name は {skill}/{purpose}.{locale} にしてください。")
    if not isinstance(front.get("description"), str):
        mistakes.append("description に、何をするプロンプトかを一文で書いてください。")
    about = front.get("metadata")
    about = about if isinstance(about, dict) else {}
    version = about.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        mistakes.append("metadata の version は 1.0.0 の形で書いてください。")
    if about.get("locale") != locale:
        mistakes.append(f"metadata の locale は {locale} にしてください。")
    return mistakes + _in_inputs(front.get("inputs") or {})


def _in_inputs(inputs: Any) -> list[str]:
    if not isinstance(inputs, dict):
        return ["inputs は 名前: {kind: string} の形で書いてください。"]
    mistakes = []
    for name, declared in inputs.items():
        kind = declared.get("kind") if isinstance(declared, dict) else None
        if kind not in KINDS:
            mistakes.append(f"inputs の {name} の kind は {'、'.join(KINDS)} のどれかです。")
        elif kind == "array" and "items" not in declared:
            mistakes.append(f"inputs の {name} は array なので items が要ります。")
        if name == FENCE:
            mistakes.append(f"inputs に {FENCE} は書けません。自動で渡されます。")
    return mistakes


def _in_template(prompt: Prompt) -> list[str]:
    """Check a template itself. Once its digest is locked this need not be repeated."""
    from jinja2 import TemplateSyntaxError, meta
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    place = _place(prompt.path)
    try:
        used = meta.find_undeclared_variables(ImmutableSandboxedEnvironment().parse(prompt.body))
    except TemplateSyntaxError as error:
        return [f"{place}: 本文の {error.lineno} 行目を直してください（{error.message}）。"]
    mistakes = [
        f"{place}: 本文の {name} が inputs にありません。"
        for name in sorted(used - {*prompt.inputs, FENCE})
    ]
    if not prompt.roles or not _ROLE_LINE.fullmatch(prompt.body.strip().split("\n")[0].strip()):
        mistakes.append(f"{place}: 本文は system: の行で始めてください。")
    mistakes += [
        f"{place}: 役割 {role} は使えません。system、user、assistant のどれかです。"
        for role in prompt.roles
        if role not in _ROLES
    ]
    if "passages" in used and FENCE not in used:
        mistakes.append(f"{place}: passages は {{{{ {FENCE} }}}} の行ではさんでください。")
    return mistakes


def _against_lock(prompt: Prompt, locked: Mapping[str, Mapping[str, str]]) -> list[str]:
    digest = locked.get(prompt.name, {}).get(prompt.version)
    if digest is None:
        return [
            f"{_place(prompt.path)}: version {prompt.version} は {LOCK} にありません。"
            "`shomu prompts lock` を実行してください。"
        ]
    if digest != prompt.digest:
        place, version = _place(prompt.path), prompt.version
        return [
            f"{place}: 本文が変わっていますが version は {version} のままです。"
            f"version を上げ、{CHANGELOG} に一行書いてください。"
        ]
    return []


def _in_changelog(prompt: Prompt) -> list[str]:
    changelog = prompt.path.with_name(CHANGELOG)
    start = f"- {prompt.purpose}.{prompt.locale} {prompt.version}:"
    try:
        lines = changelog.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    if any(line.startswith(start) and line[len(start) :].strip() for line in lines):
        return []
    return [f"{_place(changelog)}: 「{start} 変えた点」の行がありません。"]


def _read_lock(lock: Path) -> dict[str, dict[str, str]]:
    """Read name → {version: digest}. Raises Misconfigured when it is not that."""
    if not lock.exists():
        return {}
    try:
        locked = json.loads(lock.read_text(encoding="utf-8"))
        return {name: dict(versions) for name, versions in locked.items()}
    except (ValueError, AttributeError, TypeError):
        raise Misconfigured(
            [f"{lock}: 読めません。git で元に戻し、`shomu prompts lock` を実行してください。"]
        ) from None


def _place(path: Path) -> str:
    return "/".join(path.parts[-3:])
