"""The keywords of JSON Schema 2020-12 that the files under schemas/ use, and no others."""
from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Tuple

FOLDER = Path(__file__).resolve().parent.parent.parent / "schemas"
ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "format"}
KINDS: Dict[str, Tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "null": (type(None),), "boolean": (bool,), "integer": (int,),
}  # fmt: skip


@lru_cache(maxsize=None)
def load(name: str) -> Any:
    """A schema by its file name."""
    return json.loads((FOLDER / name).read_text("utf-8"))


@lru_cache(maxsize=None)
def _pattern(text: str) -> "re.Pattern[str]":
    """`$` of ECMA-262 is the end of the text alone; Python's lets a line feed follow."""
    return re.compile(text.replace("$", r"\Z"))


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and left == right


def _resolve(reference: str, name: str) -> Tuple[Any, str]:
    file, _, pointer = reference.partition("#/")
    name = file or name
    found = load(name)
    for part in pointer.split("/"):
        found = found[part]
    return found, name


def is_valid(value: Any, name: str, definition: str = "") -> bool:
    """Whether a value is as the schema of this file name has it, or one definition in it."""
    found = load(name)
    return _fits(value, found["$defs"][definition] if definition else found, name)


def _fits(value: Any, schema: Any, name: str) -> bool:
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema and not _fits(value, *_resolve(schema["$ref"], name)):
        return False
    return (
        _fits_any_kind(value, schema, name)
        and (not isinstance(value, str) or _fits_text(value, schema))
        and (not _is(value, "integer") or _fits_number(value, schema))
        and (not isinstance(value, list) or _fits_list(value, schema, name))
        and (not isinstance(value, dict) or _fits_object(value, schema, name))
    )


def _fits_any_kind(value: Any, schema: Any, name: str) -> bool:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return False
    if "const" in schema and not _same(value, schema["const"]):
        return False
    if "enum" in schema and not any(_same(value, item) for item in schema["enum"]):
        return False
    if not all(_fits(value, part, name) for part in schema.get("allOf", [])):
        return False
    if "anyOf" in schema and not any(_fits(value, part, name) for part in schema["anyOf"]):
        return False
    if "not" in schema and _fits(value, schema["not"], name):
        return False
    if "if" in schema:
        return _fits(value, schema.get("then" if _fits(value, schema["if"], name) else "else", True), name)
    return True


def _fits_text(value: str, schema: Any) -> bool:
    too_long = len(value) > schema.get("maxLength", len(value))
    return not too_long and ("pattern" not in schema or _pattern(schema["pattern"]).search(value) is not None)


def _fits_number(value: int, schema: Any) -> bool:
    return schema.get("minimum", value) <= value <= schema.get("maximum", value)


def _fits_list(value: Any, schema: Any, name: str) -> bool:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    texts = [json.dumps(item, sort_keys=True) for item in value]
    if schema.get("uniqueItems") and len(set(texts)) < len(texts):
        return False
    return all(_fits(item, schema.get("items", True), name) for item in value)


def _fits_object(value: Any, schema: Any, name: str) -> bool:
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    if any(key not in value for key in schema.get("required", [])):
        return False
    for key, item in value.items():
        rules = [named[key]] if key in named else []
        rules += [rule for pattern, rule in patterns.items() if _pattern(pattern).search(key)]
        if not rules:
            rules = [schema.get("additionalProperties", True)]
        if not all(_fits(item, rule, name) for rule in rules):
            return False
    return True


KNOWN = ANNOTATIONS | {
    "$ref", "type", "const", "enum", "allOf", "anyOf", "not", "if", "then", "else", "pattern", "maxLength", "minimum",
    "maximum", "items", "minItems", "maxItems", "uniqueItems", "properties", "patternProperties", "required",
    "additionalProperties",
}  # fmt: skip


def unknown_keywords(schema: Any) -> set:
    """Keywords that this file would pass over in silence; must be empty."""
    found = set(schema) - KNOWN
    for key, value in schema.items():
        parts = value.values() if key in ("properties", "patternProperties", "$defs") else [value]
        parts = value if key in ("allOf", "anyOf") else parts
        if key not in ("const", "enum", "required", "type"):
            found |= set().union(*(unknown_keywords(part) for part in parts if isinstance(part, dict)))
    return found
