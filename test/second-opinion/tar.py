"""Reading a POSIX tar file: regular files and folders with their places, nothing else (FORMAT.md §17)."""
from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO, Dict, List, Optional

BLOCK = 512


@dataclass(frozen=True)
class Member:
    """One member: `kind` is `file`, `folder` or `other`; its bytes begin at `at`."""

    name: str
    kind: str
    at: int
    size: int


def read_members(path: str) -> List[Member]:
    """Every member in order; ValueError where the file breaks off or is no tar."""
    end = os.path.getsize(path)
    members: List[Member] = []
    extra: Dict[str, str] = {}
    with open(path, "rb") as stream:
        at = 0
        while True:
            stream.seek(at)
            header = stream.read(BLOCK)
            if len(header) < BLOCK:
                raise ValueError("breaks off")
            if header == bytes(BLOCK):
                _check_end(stream, at)
                break
            _check_sum(header)
            size = int(extra.get("size", _number(header[124:136])))
            kind, at = chr(header[156]), at + BLOCK
            if at + size > end:
                raise ValueError("breaks off")
            if kind in "xgL":
                _read_extra(stream, at, size, kind, extra)
            else:
                members.append(Member(extra.get("path", _name(header)), _kind(kind, header), at, size))
                extra = {}
            at += -(-size // BLOCK) * BLOCK
    return members


def _check_end(stream: BinaryIO, at: int) -> None:
    """Two empty blocks, and nothing but more of them."""
    stream.seek(at)
    rest = stream.read(1 << 20)
    if len(rest) < 2 * BLOCK or rest.strip(b"\0") or stream.read(1):
        raise ValueError("bytes behind the end, or no end")


def _kind(kind: str, header: bytes) -> str:
    if kind == "5":
        return "folder"
    return "file" if kind in "0\0" and not _name(header).endswith("/") else "other"


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "surrogateescape")


def _name(header: bytes) -> str:
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return (prefix + "/" if prefix else "") + _text(header[:100])


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    return int(field.strip(b" \0") or b"0", 8)


def _check_sum(header: bytes) -> None:
    blank = header[:148] + b" " * 8 + header[156:]
    if sum(blank) != _number(header[148:156]):
        raise ValueError("a header whose sum is wrong")


def _read_extra(stream: BinaryIO, at: int, size: int, kind: str, extra: Dict[str, str]) -> None:
    if size > 1 << 20:
        raise ValueError("a header too long")
    stream.seek(at)
    data = stream.read(size)
    if kind == "L":
        extra["path"] = _text(data)
        return
    while data:
        length = int(data.split(b" ", 1)[0])
        if not 0 < length <= len(data):
            raise ValueError("a record of a pax header that breaks off")
        key, _, value = data[:length].rstrip(b"\n").split(b" ", 1)[1].partition(b"=")
        if key in (b"path", b"size"):
            extra[key.decode()] = value.decode("utf-8", "surrogateescape")
        data = data[length:]


class Part:
    """A member's bytes as a stream."""

    def __init__(self, path: str, member: Member) -> None:
        self.stream: Optional[BinaryIO] = open(path, "rb")
        self.stream.seek(member.at)
        self.left = member.size

    def read(self, wanted: int = -1) -> bytes:
        length = self.left if wanted < 0 else min(wanted, self.left)
        data = self.stream.read(length) if self.stream else b""
        self.left -= len(data)
        return data

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, *_: object) -> None:
        if self.stream:
            self.stream.close()
