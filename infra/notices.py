"""Lists every package that Shomu installs, with its licence.

    python infra/notices.py            writes infra/THIRD_PARTY_NOTICES.md
    python infra/notices.py --check    writes nothing; 1 when the file is stale

What a package says of itself is read from the installed packages, so run it with the Python of
the environment. Only licences named here pass: one we have not read is not a licence we accept.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
NOTICES = Path(__file__).with_name("THIRD_PARTY_NOTICES.md")

# Nothing here asks for the source of what is built on it. GPL and AGPL do: they are missing.
ACCEPTED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python",
        "IPA", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-1.1", "MPL-2.0", "PSF-2.0", "Zlib",
    }
)  # fmt: skip
# How packages write it that do not use SPDX names. Classifiers lose what "BSD License" leaves open.
SPOKEN = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The BSD 2-Clause License": "BSD-2-Clause",
}
DATA = (
    ("bot/services/model/data/o200k_base.tiktoken.xz", "o200k_base の結合順位", "MIT",
     "全文は同じフォルダーの NOTICE.md"),
    ("sudachidict-core", "SudachiDict（形態素解析の辞書）", "Apache-2.0",
     "パッケージとして入る"),
    ("infra/sample-city", "みはらし市（架空の市の文書と質問）", "CC0-1.0",
     "このプロジェクトのために書いたもの"),
)  # fmt: skip
HEAD = """\
# 第三者のソフトウェアとデータ

庶務（Apache-2.0）と一緒に入るものと、そのライセンスの一覧です。
`python infra/notices.py` が `requirements.lock` と、入っているパッケージの記載から作ります。
手で直さないでください。
複数のライセンスから選べるものは、「選んだもの」の欄のライセンスで使います。
ライセンスの全文は、それぞれのパッケージと一緒に入ります（多くは `.venv` の中の `*.dist-info`）。

## パッケージ

| 名前 | 版 | ライセンス | 選んだもの |
|---|---|---|---|
"""
DATA_HEAD = """
## データ

| 場所 | 内容 | ライセンス | 備考 |
|---|---|---|---|
"""


class Unacceptable(Exception):
    """A package that may not be shipped; the message names it and says why."""


def stated(name: str) -> tuple[str, str]:
    """The installed version of a package, and its licence as an SPDX expression or as found."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        raise Unacceptable(
            f"{name}: 入っていません。requirements.lock から入れてください。"
        ) from None
    version = said["Version"]
    if "License-Expression" in said:
        return version, said["License-Expression"]
    # Some put the whole text of the licence here; its first line is its name.
    line = (said.get_all("License") or [""])[0].strip().partition("\n")[0].strip()
    if line in SPOKEN or line in ACCEPTED or "GPL" in line.upper() or " OR " in line:
        return version, SPOKEN.get(line, line)
    names = [
        kind.rpartition(" :: ")[2]
        for kind in said.get_all("Classifier") or []
        if kind.startswith("License :: ") and kind != "License :: OSI Approved"
    ]
    return version, " AND ".join(SPOKEN.get(kind, kind) for kind in names) or line


def choose(name: str, licence: str) -> str:
    """The first alternative that we accept whole. Raises Unacceptable."""
    for alternative in licence.split(" OR "):
        if all(part.strip("() ") in ACCEPTED for part in alternative.split(" AND ")):
            return alternative.strip("() ")
    what = licence or "書かれていません"
    kind = "配布の条件が合わない" if "GPL" in licence.upper() else "確かめていない"
    raise Unacceptable(
        f"{name}: {kind}ライセンスです（{what}）。別のパッケージにするか、"
        "条件を読んで infra/notices.py に加えてください。"
    )


def locked() -> list[tuple[str, str]]:
    """Name and version of what the lock installs on this kind of machine, by name."""
    found = []
    for line in re.findall(r"^[a-z0-9][^\n]*", LOCK.read_text(encoding="utf-8"), re.MULTILINE):
        requirement = Requirement(line.rstrip("\\ "))
        if requirement.marker is None or requirement.marker.evaluate():
            found.append((requirement.name, str(requirement.specifier).removeprefix("==")))
    return sorted(found)


def notices(read: Callable[[str], tuple[str, str]] = stated) -> str:
    """The whole file. Raises Unacceptable, naming every package that is."""
    rows, problems = [], []
    for name, version in locked():
        try:
            installed, licence = read(name)
            chosen = choose(name, licence)
        except Unacceptable as problem:
            problems.append(str(problem))
            continue
        if installed != version:
            problems.append(f"{name}: {version} のはずが {installed} が入っています。")
        rows.append(f"| {name} | {version} | {licence} | {chosen if chosen != licence else ''} |\n")
    if problems:
        raise Unacceptable("\n".join(problems))
    data = [f"| `{place}` | {what} | {licence} | {note} |\n" for place, what, licence, note in DATA]
    return HEAD + "".join(rows) + DATA_HEAD + "".join(data)


def main(arguments: list[str]) -> int:
    try:
        text = notices()
    except Unacceptable as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    if arguments == ["--check"]:
        fresh = NOTICES.exists() and NOTICES.read_text(encoding="utf-8") == text
        if not fresh:
            sys.stderr.write("古くなっています。python infra/notices.py で作り直してください。\n")
        return 0 if fresh else 1
    NOTICES.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
