"""A reader of DER (X.690), as much as time-stamps and certificates need."""
from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

SEQUENCE, SET, INTEGER, OCTETS, OID, BOOLEAN, BITS = 0x30, 0x31, 0x02, 0x04, 0x06, 0x01, 0x03
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18


@dataclass(frozen=True)
class Node:
    """One element: its tag, its content, and all its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def items(self) -> "List[Node]":
        """The elements inside."""
        return read_all(self.content)

    def oid(self) -> str:
        """Dotted decimal."""
        numbers, value = [], 0
        for byte in self.expect(OID).content:
            value = (value << 7) | (byte & 0x7F)
            if byte < 0x80:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(str(number) for number in [first, numbers[0] - 40 * first, *numbers[1:]])

    def integer(self) -> int:
        return int.from_bytes(self.content, "big", signed=True)

    def expect(self, tag: int) -> "Node":
        if self.tag != tag:
            raise ValueError(f"tag {self.tag:#x} where {tag:#x} was due")
        return self


def read_one(data: bytes) -> Tuple[Node, bytes]:
    """The first element and what is behind it; ValueError where it breaks off."""
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise ValueError("breaks off, or a long tag")
    length, start = data[1], 2
    if length >= 0x80:
        count = length & 0x7F
        if count == 0 or count > 8 or len(data) < 2 + count:
            raise ValueError("no definite length")
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    if len(data) < start + length:
        raise ValueError("breaks off")
    return Node(data[0], data[start : start + length], data[: start + length]), data[start + length :]


def read_all(data: bytes) -> List[Node]:
    """Every element, one behind the other."""
    nodes = []
    while data:
        node, data = read_one(data)
        nodes.append(node)
    return nodes


def read_only(data: bytes) -> Node:
    """The one element of which these bytes consist."""
    node, rest = read_one(data)
    if rest:
        raise ValueError("something behind the end")
    return node


def with_tag(nodes: List[Node], tag: int) -> Optional[Node]:
    """The first element of this tag."""
    return next((node for node in nodes if node.tag == tag), None)
