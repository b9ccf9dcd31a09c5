#!/usr/bin/env bash
# Pins what pyproject.toml asks for: requirements.lock to run, tests/requirements.lock to test.
set -euo pipefail
cd "$(dirname "$0")/.."
compile="uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header"
$compile --extra build pyproject.toml -o requirements.lock
$compile --extra build --extra dev -c requirements.lock pyproject.toml -o tests/requirements.lock
