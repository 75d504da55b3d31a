"""OpenTimestamps proof files (FORMAT.md §15): structure and imprint; nobody is asked about Bitcoin."""
from __future__ import annotations

import hashlib
import re
from typing import List, Tuple

from canonical import Refused
from ripemd import ripemd160

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
PENDING, BITCOIN = bytes.fromhex("83dfe30d2ef90c8e"), bytes.fromhex("0588960d73d71901")
SHA1, RIPEMD160, SHA256, KECCAK, APPEND, PREPEND, REVERSE, HEXLIFY = 0x02, 0x03, 0x08, 0x67, 0xF0, 0xF1, 0xF2, 0xF3
ADDRESS = re.compile(r"https?://[A-Za-z0-9._:/-]+\Z")
LONGEST_FILE, LONGEST_MESSAGE, DEEPEST = 256 * 1024, 4096, 256


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        if self.at + length > len(self.data):
            raise ValueError("breaks off")
        self.at += length
        return self.data[self.at - length : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number without end")

    def text(self, longest: int = LONGEST_MESSAGE) -> bytes:
        length = self.number()
        if length > longest:
            raise ValueError("too long")
        return self.take(length)


def _apply(op: int, message: bytes, reader: _Reader) -> bytes:
    if op == SHA256:
        return hashlib.sha256(message).digest()
    if op == SHA1:
        return hashlib.sha1(message).digest()
    if op == RIPEMD160:
        return ripemd160(message)
    if op == APPEND:
        return message + reader.text()
    if op == PREPEND:
        return reader.text() + message
    if op == REVERSE:
        return message[::-1]
    if op == HEXLIFY:
        return message.hex().encode()
    raise ValueError(f"operation {op:#x} is not known here")


def _attestation(reader: _Reader, message: bytes, found: List[Tuple[str, object]]) -> None:
    kind, payload = reader.take(8), _Reader(reader.text(8192))
    if kind == PENDING:
        address = payload.text(1000).decode("ascii")
        if ADDRESS.match(address) is None:
            raise ValueError("no address of a calendar")
        found.append(("pending", address))
    elif kind == BITCOIN:
        if len(message) != 32:
            raise ValueError("no Merkle root")
        found.append(("bitcoin", (payload.number(), message.hex())))
    else:
        return
    if payload.at != len(payload.data):
        raise ValueError("more than was announced")


def _walk(reader: _Reader, message: bytes, found: List[Tuple[str, object]], depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("too deep")
    more = True
    while more:
        tag = reader.byte()
        more = tag == 0xFF
        if more:
            tag = reader.byte()
        if tag == 0x00:
            _attestation(reader, message, found)
        else:
            after = _apply(tag, message, reader)
            if len(after) > LONGEST_MESSAGE:
                raise ValueError("too long")
            _walk(reader, after, found, depth + 1)


def read_proof(data: bytes, digest: bytes) -> List[Tuple[str, object]]:
    """What a proof over `digest` ends in: ("pending", address) or ("bitcoin", (height, Merkle root as in the header))."""
    try:
        if len(data) > LONGEST_FILE:
            raise ValueError("too long")
        reader = _Reader(data)
        if reader.take(len(MAGIC)) != MAGIC or reader.number() != 1 or reader.byte() != SHA256:
            raise ValueError("no proof of version 1 over a SHA-256")
        stated = reader.take(32)
        found: List[Tuple[str, object]] = []
        _walk(reader, stated, found, 0)
        if reader.at != len(data) or not found:
            raise ValueError("nothing attested, or something behind the end")
    except (ValueError, UnicodeDecodeError) as error:
        raise Refused("proof-malformed", str(error)) from None
    if stated != digest:
        raise Refused("proof-imprint")
    return found
