"""Reading a POSIX tar file: regular files and folders with their places, nothing else (FORMAT.md §17)."""
from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import BinaryIO, Dict, List, Optional

BLOCK = 512
OCTAL = re.compile(rb" *[0-7]+[ \0]+\Z")
UNUSED_NUMBER = re.compile(rb" *[0-7]*[ \0]+\Z")
TIME, OWNER, WORDS = re.compile(r"-?[0-9]{1,11}(\.[0-9]{1,20})?\Z"), re.compile(r"[0-9]{1,9}\Z"), re.compile(r"[^\n\0]*\Z")
KEYS = {
    **dict.fromkeys(("atime", "ctime", "mtime", "LIBARCHIVE.creationtime"), TIME),
    **dict.fromkeys(("uid", "gid"), OWNER),
    **dict.fromkeys(("uname", "gname", "comment", "path", "size"), WORDS),
}


@dataclass(frozen=True)
class Member:
    """One member: `kind` is `file`, `folder` or `other`; its bytes begin at `at`."""

    name: str
    kind: str
    at: int
    size: int


def read_members(path: str) -> List[Member]:
    """Every member in order; ValueError where the file breaks off or has what two readers take for different things."""
    end = os.path.getsize(path)
    members: List[Member] = []
    extra: Optional[Dict[str, str]] = None
    with open(path, "rb") as stream:
        at = 0
        while True:
            stream.seek(at)
            header = stream.read(BLOCK)
            if len(header) < BLOCK:
                raise ValueError("breaks off")
            if header == bytes(BLOCK):
                _check_end(stream, at)
                if extra is not None:
                    raise ValueError("an extended header before nothing")
                break
            _check_header(header)
            size, name, kind = _number(header[124:136]), _name(header), chr(header[156])
            at += BLOCK
            padded = -(-size // BLOCK) * BLOCK
            if at + padded > end:
                raise ValueError("breaks off")
            stream.seek(at + size)
            if stream.read(padded - size).strip(b"\0"):
                raise ValueError("something between two members")
            if kind in "xL":
                if extra is not None:
                    raise ValueError("two extended headers")
                extra = _read_extra(stream, at, size, kind)
            else:
                said, extra = extra or {}, None
                if int(said.get("size", size)) != size or said.get("path", name) != name:
                    raise ValueError("two headers that differ")
                members.append(Member(said.get("long", name), _kind(kind, size), at, size))
            at += padded
    return members


def _check_end(stream: BinaryIO, at: int) -> None:
    """Two empty blocks, and nothing but more of them."""
    stream.seek(at)
    rest = stream.read((1 << 20) + 2 * BLOCK)
    if len(rest) < 2 * BLOCK or rest.strip(b"\0") or stream.read(1):
        raise ValueError("bytes behind the end, or no end")


def _kind(kind: str, size: int) -> str:
    if kind == "5" and size == 0:
        return "folder"
    return "file" if kind in "0\0" else "other"


def _text(field: bytes) -> str:
    return field.rstrip(b"\0").decode("latin-1")


def _name(header: bytes) -> str:
    prefix = _text(header[345:500]) if header[262] == 0 else ""
    return (prefix + "/" if prefix else "") + _text(header[:100])


def _number(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    if OCTAL.match(field) is None:
        raise ValueError("a number that is none")
    return int(field.strip(b" \0"), 8)


def _check_header(header: bytes) -> None:
    """The checksum, the form, and every field that some reader stumbles over."""
    blank = header[:148] + b" " * 8 + header[156:]
    if sum(blank) != _number(header[148:156]):
        raise ValueError("a header whose sum is wrong")
    if header[257:265] not in (b"ustar\x0000", b"ustar  \0"):
        raise ValueError("neither ustar nor GNU")
    for begin, end in ((100, 108), (108, 116), (116, 124), (136, 148), (329, 337), (337, 345)):
        first, high = header[begin], header[begin + 1 : end - 4]
        binary = (first == 0x80 and not high.strip(b"\0")) or (first == 0xFF and end - begin == 12 and not high.strip(b"\xff"))
        if not binary and UNUSED_NUMBER.match(header[begin:end]) is None:
            raise ValueError("a number that is none, or larger than any system has")
    if header[0] == 0:
        raise ValueError("a header without a name")
    if header[157:257].strip(b"\0") or header[500 if header[262] == 0 else 345 :].strip(b"\0"):
        raise ValueError("a target of a link, or something where nothing belongs")


def _read_extra(stream: BinaryIO, at: int, size: int, kind: str) -> Dict[str, str]:
    if size > 1 << 16:
        raise ValueError("a header too long")
    stream.seek(at)
    data = stream.read(size)
    if kind == "L":
        return {"long": (data[:-1] if data.endswith(b"\0") else data).decode("latin-1")}
    said: Dict[str, str] = {}
    data.decode("utf-8")
    while data:
        digits = data.split(b" ", 1)[0]
        length = int(digits) if re.match(rb"[1-9][0-9]{0,5}\Z", digits) else 0
        record = data[len(digits) + 1 : length]
        key, equals, value = record[:-1].decode("latin-1").partition("=")
        if length > len(data) or record[-1:] != b"\n" or not equals or key in said or key not in KEYS:
            raise ValueError("a record of a pax header that is none, or that no package needs")
        if KEYS[key].match(value) is None or (key == "size" and re.match(r"(0|[1-9][0-9]{0,15})\Z", value) is None):
            raise ValueError("a value of a pax header that may be read in two ways")
        said[key] = value
        data = data[length:]
    return said


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
