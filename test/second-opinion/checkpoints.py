"""Checkpoints, signatures, tokens and witnesses, of a vault or a package (FORMAT.md §13 to §16, §18.2)."""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Set, Tuple

import keys
import opentimestamps
import timestamp
from canonical import Refused
from findings import Report, Trust
from log import Entry

BODY = re.compile(r"(holdfast/[0-9a-f]{32})\n([1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\Z")


@dataclass
class Found:
    """What lies beside each other under one number. Files are (path, bytes)."""

    size: int
    path: str
    body: Optional[bytes] = None
    signature: Optional[Tuple[str, bytes]] = None
    signed: Optional[bytes] = None
    tokens: List[Tuple[str, bytes]] = field(default_factory=list)
    witnesses: List[Tuple[str, bytes]] = field(default_factory=list)


@dataclass(frozen=True)
class Facts:
    """What the log says. `root_at` answers None, and `length` is None, where only proofs are there (package)."""

    package: bool
    origins: Sequence[str]
    root_at: Callable[[int], Optional[bytes]]
    length: Optional[int]
    entries: Sequence[Entry]
    place: Callable[[str], str]


@dataclass
class Outcome:
    """What the answers need."""

    newest_signed: bool = False
    left_open: bool = False
    uncounted: Set[int] = field(default_factory=set)
    counted_signatures: Set[int] = field(default_factory=set)
    tokens: int = 0
    counted: int = 0
    signers: Dict[int, keys.Key] = field(default_factory=dict)
    stamps: Dict[int, List[int]] = field(default_factory=dict)
    roots: Dict[int, bytes] = field(default_factory=dict)
    certificates: Set[str] = field(default_factory=set)


def parse_checkpoint(data: bytes) -> Tuple[str, int, bytes]:
    """Origin, size and root of the three lines; ValueError where they are not that."""
    found = BODY.match(data.decode("ascii"))
    if found is None:
        raise ValueError("not the three lines")
    root = base64.b64decode(found.group(3), validate=True)
    if base64.b64encode(root).decode() != found.group(3) or int(found.group(2)) > 2**53 - 1:
        raise ValueError("not the one way to write it")
    return found.group(1), int(found.group(2)), root


def find_checkpoint(data: bytes) -> Tuple[str, int, bytes]:
    """The one checkpoint in a text that somebody kept: quoted, indented, with words around it. ValueError otherwise."""
    lines = [line.strip(" \t\r>") for line in data.decode("utf-8", "replace").split("\n")]
    found = set()
    for three in zip(lines, lines[1:], lines[2:]):
        try:
            found.add(parse_checkpoint("".join(line + "\n" for line in three).encode()))
        except ValueError:
            continue
    if len(found) != 1:
        raise ValueError("no checkpoint in it, or more than one")
    return found.pop()


def audit(report: Report, found: Sequence[Found], facts: Facts, trust: Trust) -> Outcome:
    """Every finding of §18.2 but those of segments."""
    outcome = Outcome()
    history = keys.key_history(facts.entries)
    newest = max((one.size for one in found), default=0)
    for one in found:
        if one.body is None:
            report.add("checkpoint-missing", one.path)
        else:
            _check_body(report, one, facts, outcome)
            _check_signature(report, one, facts, history, newest, outcome)
        _check_tokens(report, one, facts, trust, newest, outcome)
        _check_witnesses(report, one, facts)
        if one.size in outcome.signers:
            _check_trust(report, one, facts, trust.signers, outcome)
    _check_stolen(report, found, facts, newest, outcome)
    _check_named(report, found, facts)
    _check_endorsements(report, history, outcome, facts, trust, [one for one in found if one.body is not None])
    _check_presence(report, found, facts, trust, history)
    last = next((one for one in found if one.size == newest), None)
    if last is not None and not last.tokens:
        report.add("anchor-pending", last.path, "note")
    if trust.against is not None:
        _check_against(report, trust.against, facts, outcome)
    return outcome


def _check_body(report: Report, one: Found, facts: Facts, outcome: Outcome) -> None:
    try:
        origin, size, root = parse_checkpoint(one.body or b"")
        if size != one.size:
            raise ValueError("not under its number's name")
    except (ValueError, binascii.Error):
        report.add("checkpoint-malformed", one.path)
        return
    outcome.roots[size] = root
    if any(origin != known for known in facts.origins):
        report.add("checkpoint-origin", one.path)
    if facts.length is not None and size > facts.length:
        report.add("checkpoint-beyond-log", one.path)
    elif facts.root_at(size) not in (None, root):
        report.add("checkpoint-root", one.path)


def _check_signature(
    report: Report,
    one: Found,
    facts: Facts,
    history: Sequence[keys.KeyChange],
    newest: int,
    outcome: Outcome,
) -> None:
    if one.signature is None:
        excused = one.size == newest and not facts.package
        report.add("signature-missing", one.path, "note" if excused else "error")
        return
    path, armored = one.signature
    outcome.newest_signed = outcome.newest_signed or one.size == newest
    if facts.package and one.signed != (one.body or b"") + armored:
        report.add("signed-differs", one.path.replace("/checkpoint", "/signed"))
    try:
        key = keys.check_signature(one.body or b"", armored)
    except Refused as refused:
        report.add(refused.code, path)
        return
    outcome.signers[one.size] = key
    due = keys.key_in_force(history, one.size)
    if due is None or due.blob != key.blob:
        report.add("signature-key", path)


def _origin(facts: Facts) -> str:
    return facts.origins[0] if facts.origins else ""


def _last_at(facts: Facts, size: int) -> Optional[int]:
    """When the last entry that is covered was written, by the log."""
    covered = [entry for entry in facts.entries if entry.seq <= size]
    return keys.seconds(max(covered, key=lambda entry: entry.seq).at) if covered else None


def _check_trust(
    report: Report, one: Found, facts: Facts, signers: Optional[Sequence[keys.Signer]], outcome: Outcome
) -> None:
    """At the earliest trusted time-stamp, else at the last entry that is covered. A token may come late (§13). Of a
    stolen key only a trusted time-stamp from before the theft counts."""
    key, origin = outcome.signers[one.size], _origin(facts)
    stamped = min(outcome.stamps.get(one.size, []), default=None)
    thefts = [theft.at for theft in keys.thefts(facts.entries) if theft.key.blob == key.blob]
    stolen = any(stamped is None or stamped >= at for at in thefts)
    if signers is not None:
        if not keys.is_allowed(signers, origin, key, None):
            report.add("key-not-trusted", one.path)
            return
        if keys.says_stolen(signers, key):
            stolen = stolen or stamped is None or not keys.is_allowed(signers, origin, key, stamped)
    if stolen:
        outcome.uncounted.add(one.size)
        return
    stated = _last_at(facts, one.size)
    if signers is None or keys.is_allowed(signers, origin, key, stated if stamped is None else stamped):
        outcome.counted_signatures.add(one.size)
        return
    late = stamped is not None and stated is not None and stamped >= stated
    excused = late and keys.is_allowed(signers, origin, key, stated)
    report.add("key-not-trusted", one.path, "note" if excused else "error")


def _check_stolen(report: Report, found: Sequence[Found], facts: Facts, newest: int, outcome: Outcome) -> None:
    """A note where a later checkpoint counts, or the rotation can still be signed."""
    there = [one for one in found if one.body is not None]
    for one in there:
        if one.size not in outcome.uncounted:
            continue
        key = outcome.signers[one.size]
        changes = [theft for theft in keys.thefts(facts.entries) if theft.key.blob == key.blob]
        first = min(changes, key=lambda theft: theft.at, default=None)
        covered = any(size > one.size for size in outcome.counted_signatures)
        excused = covered or (first is not None and _is_to_come(there, first.seq, facts))
        report.add("key-stolen", one.path, "note" if excused else "error")
    outcome.left_open = newest in outcome.uncounted


def _is_to_come(there: Sequence[Found], seq: int, facts: Facts) -> bool:
    """Whether what signs the rotation at `seq` can still be to come: a kill lies between."""
    behind = [one for one in there if one.size >= seq]
    unsigned = [one for one in behind if one.size == seq and one.signature is None]
    return not behind or (not facts.package and behind == unsigned)


def _check_presence(
    report: Report, found: Sequence[Found], facts: Facts, trust: Trust, history: Sequence[keys.KeyChange]
) -> None:
    """Who names signers or roots wants a signature or a time-stamp; a vault that names a key has one that signed."""
    where = "proof" if facts.package else "log"
    signed = [one.body is not None and one.signature is not None for one in found]
    there = [one for one in found if one.body is not None]
    if not facts.package and history and not any(signed):
        report.add("unsealed", where, "note")
    if trust.signers is not None and (not there or (there[-1].signature is None and not facts.package)):
        report.add("signature-absent", where)
    if trust.roots is not None and not any(path.endswith(".tsr") for one in found for path, _ in one.tokens):
        report.add("token-absent", where)


def _check_endorsements(
    report: Report,
    history: Sequence[keys.KeyChange],
    outcome: Outcome,
    facts: Facts,
    trust: Trust,
    there: Sequence[Found],
) -> None:
    """A note where the checker trusts the new key, or what endorses the rotation can still be to come."""
    for before, change in zip(history, history[1:]):
        key = outcome.signers.get(change.seq)
        if key is None or key.blob != before.key.blob or change.seq in outcome.uncounted:
            signers = trust.signers or []
            when = None if keys.says_stolen(signers, change.key) else keys.seconds(change.at)
            told = keys.is_allowed(signers, _origin(facts), change.key, when)
            excused = told or _is_to_come(there, change.seq, facts)
            report.add("key-not-endorsed", f"entry:{change.seq}", "note" if excused else "error")


def _naming(facts: Facts, event: str, path: str) -> Optional[Entry]:
    wanted = (entry for entry in facts.entries if entry.event == event)
    return next((entry for entry in wanted if facts.place(str(entry.body.get("path"))) == path), None)


def _as_stated(entry: Entry, data: bytes) -> bool:
    digest = hashlib.sha256(data).hexdigest()
    return (entry.body.get("bytes"), entry.body.get("sha256")) == (len(data), digest)


def _check_tokens(
    report: Report, one: Found, facts: Facts, trust: Trust, newest: int, outcome: Outcome
) -> None:
    signed = (one.body or b"") + (one.signature[1] if one.signature else b"")
    for path, data in one.tokens:
        outcome.tokens += 1
        entry = _naming(facts, "token", path)
        if entry is None:
            _unlogged(report, path, one.size == newest, facts.package)
        elif not _as_stated(entry, data):
            report.add("token-changed", path)
        if path.endswith(".ots"):
            _check_proof(report, path, data, signed)
        else:
            _check_token(report, one.size, path, data, signed, trust, entry, facts, outcome)


def _unlogged(report: Report, path: str, newest: bool, package: bool) -> None:
    if not (newest and package):
        report.add("token-unlogged", path, "note" if newest or package or path.endswith(".ots") else "error")


def _check_proof(report: Report, path: str, data: bytes, signed: bytes) -> None:
    try:
        opentimestamps.read_proof(data, hashlib.sha256(signed).digest())
        report.add("proof-unchecked", path, "note")
    except Refused as refused:
        report.add(refused.code, path)


def _check_token(
    report: Report,
    size: int,
    path: str,
    data: bytes,
    signed: bytes,
    trust: Trust,
    entry: Optional[Entry],
    facts: Facts,
    outcome: Outcome,
) -> None:
    try:
        token, doubt = timestamp.check_token(data, signed, trust.roots)
    except Refused as refused:
        report.add(refused.code, path)
        return
    if token.signer is not None:
        outcome.certificates.add(hashlib.sha256(token.signer.whole).hexdigest())
    if doubt is None:
        outcome.counted += 1
        outcome.stamps.setdefault(size, []).append(keys.seconds(token.gen_time))
    elif doubt == "token-untrusted":
        report.add(doubt, path, "note" if trust.roots is None else "error")
    early = (_last_at(facts, size) or 0) - keys.seconds(token.gen_time)
    if early > 86400:
        report.add("token-time", path, "error" if early > 31 * 86400 else "note")
    stated = (token.gen_time, token.policy, token.serial)
    if entry is not None and stated != tuple(entry.body.get(key) for key in ("gen_time", "policy", "serial")):
        report.add("token-entry", f"entry:{entry.seq}")


def _check_witnesses(report: Report, one: Found, facts: Facts) -> None:
    for path, data in one.witnesses:
        entry = _naming(facts, "witness-added", path)
        if entry is None and not facts.package:
            report.add("witness-unlogged", path, "note")
        elif entry is not None and not _as_stated(entry, data):
            report.add("witness-changed", path)
        if one.body is None:
            continue
        try:
            key = keys.check_signature(one.body, data)
        except Refused:
            report.add("witness-wrong", path)
            continue
        digits = hashlib.sha256(key.blob).hexdigest()[:16]
        stated = base64.b64encode(key.blob).decode() if entry is None else str(entry.body.get("public_key")).split(" ")[-1]
        if f"witness-{digits}.sig" not in path or stated != base64.b64encode(key.blob).decode():
            report.add("witness-wrong", path)


def _check_named(report: Report, found: Sequence[Found], facts: Facts) -> None:
    """What entries name must be there: the file, and the checkpoint it belongs to."""
    there = {one.size for one in found if one.body is not None}
    files = {path for one in found for path, _ in one.tokens + one.witnesses}
    for entry in facts.entries:
        if entry.event not in ("token", "witness-added"):
            continue
        size, path = entry.body.get("checkpoint"), facts.place(str(entry.body.get("path")))
        if path not in files:
            report.add("token-missing" if entry.event == "token" else "witness-missing", path)
        if isinstance(size, int) and size not in there:
            report.add("checkpoint-missing", facts.place(f"log/{size:06d}.checkpoint"))


def _check_against(report: Report, held: bytes, facts: Facts, outcome: Outcome) -> None:
    origin, size, root = find_checkpoint(held)
    if facts.origins and origin != facts.origins[0]:
        report.add("other-log", "log")
        return
    if facts.length is not None and size > facts.length:
        report.add("history-truncated", "log")
        return
    own = outcome.roots.get(size) if facts.package else facts.root_at(size)
    if own is None:
        report.add("against-unchecked", "log", "note")
    elif own != root:
        report.add("history-rewritten", "log")
    elif facts.package and size != max(outcome.roots):
        report.add("against-unchecked", "log", "note")
