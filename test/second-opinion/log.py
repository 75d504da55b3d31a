"""Entries, the chain and the Merkle tree (FORMAT.md §4.2 to §4.5)."""
from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Iterable, List, Optional, Sequence, Tuple

import canonical
from canonical import Refused

EVENTS = (
    "vault-created", "capture", "capture-failed", "derive", "derive-failed", "fixity-check",
    "settings-changed", "recovery", "key-rotated", "token", "witness-added", "export-begun", "export",
    "annotate", "redact", "page", "page-failed", "wayback", "withdraw",
)  # fmt: skip
KEYS = ("v", "seq", "prev", "at", "event", "actor", "tool", "body")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z")
PRINTABLE = re.compile(r"[ -~]{1,200}\Z")
HEX = re.compile(r"[0-9a-f]{64}\Z")
GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """One entry and the hash of its line."""

    seq: int
    prev: str
    at: str
    event: str
    body: Any
    line: bytes

    @property
    def hash(self) -> str:
        return line_hash(self.line)


def line_hash(line: bytes) -> str:
    """SHA-256(line ‖ LF)."""
    return hashlib.sha256(line + b"\n").hexdigest()


def is_time(value: Any) -> bool:
    """Whether a value is a time of FORMAT.md §1."""
    if not isinstance(value, str) or TIME.match(value) is None:
        return False
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
        return value[17:19] < "60"
    except ValueError:
        return False


def _matches(pattern: "re.Pattern[str]", value: Any) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None


def _is_seq(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def parse_entry(line: bytes) -> Entry:
    """The entry of a line without its LF, or Refused with the code of §4.1 or §4.2."""
    value = canonical.parse(line)
    if not isinstance(value, dict):
        raise Refused("not-an-object")
    if value.get("v") != 1 or isinstance(value.get("v"), bool):
        raise Refused("unknown-version")
    if any(key not in value for key in KEYS):
        raise Refused("missing-key")
    if len(value) != len(KEYS):
        raise Refused("unknown-key")
    rules = (
        ("bad-seq", _is_seq(value["seq"])),
        ("bad-prev", _matches(HEX, value["prev"])),
        ("bad-time", is_time(value["at"])),
        ("unknown-event", value["event"] in EVENTS),
        ("bad-actor", _matches(PRINTABLE, value["actor"])),
        ("bad-tool", _matches(PRINTABLE, value["tool"])),
        ("bad-body", isinstance(value["body"], dict)),
    )
    for code, holds in rules:
        if not holds:
            raise Refused(code)
    return Entry(value["seq"], value["prev"], value["at"], value["event"], value["body"], line)


def check_chain(lines: Iterable[bytes]) -> Tuple[List[Tuple[int, str]], List[Entry]]:
    """Every fault as (place from 1, code), and the lines that are entries."""
    faults: List[Tuple[int, str]] = []
    entries: List[Entry] = []
    expected, prev = 1, GENESIS
    for row, line in enumerate(lines, 1):
        try:
            entry = parse_entry(line)
        except Refused as refused:
            faults.append((row, refused.code))
            expected, prev = expected + 1, line_hash(line)
            continue
        if entry.seq != expected:
            faults.append((row, "wrong-seq"))
        if entry.prev != prev:
            faults.append((row, "wrong-prev"))
        entries.append(entry)
        expected, prev = entry.seq + 1, entry.hash
    return faults, entries


def check_statements(entries: Iterable[Entry]) -> List[Tuple[int, str]]:
    """What is stated twice, and what is said of a capture before that is stated, as (seq, code) (§4.4)."""
    faults: List[Tuple[int, str]] = []
    stated, captured, versions, withdrawn = set(), set(), set(), set()
    for entry in entries:
        name = entry.body.get("capture")
        if not isinstance(name, str):
            continue
        version = version_of(entry)
        if entry.event == "withdraw":
            if name not in stated:
                faults.append((entry.seq, "capture-unknown"))
            elif name in withdrawn:
                faults.append((entry.seq, "withdrawal-repeated"))
            else:
                withdrawn.add(name)
            continue
        if entry.event in ("capture", "capture-failed"):
            if name in stated:
                faults.append((entry.seq, "id-repeated"))
            stated.add(name)
            if entry.event == "capture":
                captured.add(name)
        elif version is not None:
            if name not in captured:
                faults.append((entry.seq, "capture-unknown"))
            if (name, version) in versions:
                faults.append((entry.seq, "version-repeated"))
        if version is not None:
            versions.add((name, version))
    return faults


def version_of(entry: Entry) -> Optional[str]:
    """The version that an entry brings, where it is whole enough to bring one."""
    parts = [entry.body.get(key) for key in ("version", "inventory_sha512", "record_sha256")]
    brings = entry.event in ("capture", "derive", "redact", "page") and all(isinstance(part, str) for part in parts)
    return parts[0] if brings else None


def leaf_hash(data: bytes) -> bytes:
    """Leaf of the tree over raw data: for an entry, its line and LF."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Node over two trees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes: pair from the left, carry an odd one up (the same tree as RFC 6962 §2.1)."""
    level = list(leaves)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    if not _is_size(index) or not _is_size(size) or index >= size or not _are_hashes([leaf, root, *proof]):
        return False
    at, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at % 2 == 1 or at == last:
            reached = node_hash(sibling, reached)
            while at % 2 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and reached == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2, with the empty tree as the beginning of every tree."""
    if not _is_size(old) or not _is_size(new) or old > new or not _are_hashes([old_root, new_root, *proof]):
        return False
    if old == 0:
        return not proof and old_root == tree_root([]) and (new > 0 or new_root == old_root)
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at % 2 == 1:
        at, last = at >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at % 2 == 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while at % 2 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == 32 for value in values)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> List[bytes]:
    """RFC 6962 §2.1.1, leaf end first; used to compare with the vectors."""
    if len(leaves) <= 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return inclusion_proof(leaves[:split], index) + [tree_root(leaves[split:])]
    return inclusion_proof(leaves[split:], index - split) + [tree_root(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], old: int, whole: bool = True) -> List[bytes]:
    """RFC 6962 §2.1.2; used to compare with the vectors."""
    if old == len(leaves):
        return [] if whole else [tree_root(leaves)]
    if old == 0:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if old <= split:
        return consistency_proof(leaves[:split], old, whole) + [tree_root(leaves[split:])]
    return consistency_proof(leaves[split:], old - split, False) + [tree_root(leaves[:split])]
