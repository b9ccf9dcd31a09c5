"""Three ways of asking an endpoint for JSON of a given shape, from the strictest to the plainest.

OpenAI and vLLM take `json_schema`; llama-cpp-python answers 500 to it and takes `json_object` with
a schema beside; others take neither. The answer is validated by pydantic in every case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import ValidationError

from bot.ports import Turn

Dialect = Literal["json_schema", "json_object", "prompt"]
_DIALECTS: tuple[Dialect, ...] = ("json_schema", "json_object", "prompt")
_MOST_PROBLEMS = 5

_ASK = (
    "次の JSON Schema に合う JSON を 1 つだけ出力してください。"
    "説明、前置き、コードの囲みは付けないでください。\n{}"
)


def next_dialect(dialect: Dialect) -> Dialect | None:
    """The plainer way to try when this one is refused."""
    later = _DIALECTS[_DIALECTS.index(dialect) + 1 :]
    return later[0] if later else None


def with_schema(
    turns: Sequence[Turn], schema: type[Any], dialect: Dialect
) -> tuple[list[Turn], Mapping[str, Any] | None]:
    """Return the turns to send and the `response_format`; None when it must be left out."""
    shape: dict[str, Any] = schema.model_json_schema()
    if dialect == "json_schema":
        named = {"name": schema.__name__, "strict": True, "schema": strict(shape)}
        return list(turns), {"type": "json_schema", "json_schema": named}
    ask = _ASK.format(json.dumps(shape, ensure_ascii=False))
    asked = list(turns)
    if asked and asked[0].role == "system":
        asked[0] = Turn("system", f"{asked[0].text}\n\n{ask}")
    else:
        asked.insert(0, Turn("system", ask))
    if dialect == "json_object":
        return asked, {"type": "json_object", "schema": shape}
    return asked, None


def strict(shape: Any) -> Any:
    """Close every object and require every key, as strict `json_schema` demands.

    Source: the structured outputs guide of OpenAI, "All fields must be required" and
    "additionalProperties: false must always be set in objects".
    """
    if isinstance(shape, list):
        return [strict(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    closed = {
        name: {key: strict(item) for key, item in value.items()}
        if name in ("properties", "$defs") and isinstance(value, dict)
        else strict(value)
        for name, value in shape.items()
        if name != "default"
    }
    if "properties" in closed:
        closed |= {"additionalProperties": False, "required": list(closed["properties"])}
    return closed


def unfenced(text: str) -> str:
    """Take JSON out of a Markdown fence, which models add however they are asked."""
    text = text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0].strip()
    return text


def problems(error: ValidationError) -> str:
    """Name the places that do not fit, without quoting what was there."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    lines = [
        f"- {'.'.join(str(part) for part in item['loc']) or 'JSON'}: {item['msg']}"
        for item in found[:_MOST_PROBLEMS]
    ]
    return "\n".join(lines)
