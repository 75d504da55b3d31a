"""Canonical JSON (FORMAT.md §4.1): one text for each value, or a code that says why there is none."""
from __future__ import annotations

import json
import re
from typing import Any

LARGEST = 2**53 - 1
DEEPEST = 64
KEY = re.compile(r"[\x20-\x7e]*\Z")


class Refused(Exception):
    """A text or value that FORMAT.md refuses; `code` is normative, `detail` is not."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code



def _integer(text: str) -> Any:
    if text == "-0":
        return -0.0
    return int(text) if len(text) < 400 else float(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def read_json(text: str) -> Any:
    """Any JSON text, with the laxness of ordinary parsers (a key may come twice, the last one counts)."""
    try:
        return json.loads(text, parse_int=_integer, parse_constant=_constant)
    except RecursionError:
        raise Refused("too-deep") from None
    except ValueError as error:
        raise Refused("not-json", str(error)) from None


def check(value: Any, depth: int = 0) -> None:
    """Refuses what has no canonical form. Every list and object is one level of nesting."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, (int, float)):
        _check_number(value)
    elif isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise Refused("lone-surrogate")
    else:
        if depth == DEEPEST:
            raise Refused("too-deep")
        if isinstance(value, dict):
            for key in sorted(value):
                if KEY.match(key) is None:
                    raise Refused("key-not-ascii")
                check(value[key], depth + 1)
        else:
            for item in value:
                check(item, depth + 1)


def _check_number(value: float) -> None:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise Refused("number-not-finite")
    if isinstance(value, float) and str(value) == "-0.0":
        raise Refused("negative-zero")
    if value != int(value):
        raise Refused("number-not-integer")
    if abs(value) > LARGEST:
        raise Refused("number-too-large" if _finite(value) else "number-not-finite")


def _finite(value: float) -> bool:
    try:
        return float(value) not in (float("inf"), float("-inf"))
    except OverflowError:
        return False


def _whole(value: Any) -> Any:
    """The same value with 1.0 as 1, which are one number in JSON."""
    if isinstance(value, float):
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value


def encode(value: Any) -> str:
    """The one text of a value, or Refused."""
    check(value)
    return json.dumps(_whole(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def parse(data: bytes) -> Any:
    """The value of bytes that must be canonical, or Refused."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not-json", "not UTF-8") from None
    value = read_json(text)
    if encode(value) != text:
        raise Refused("not-canonical")
    return value
