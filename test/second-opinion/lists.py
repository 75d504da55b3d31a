"""Lists of entries: what an `export-begun` entry states (FORMAT.md §17)."""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from findings import Report
from log import Entry

LONGEST = 4_000_000
ENTRIES = "proof/entries.jsonl"
Listed = List[Tuple[str, List[int]]]


def read(entry: Entry) -> Optional[Listed]:
    """The captures of a list with their entries; None for what is no list of the right shape."""
    captures = entry.body.get("captures")
    if entry.event != "export-begun" or not isinstance(captures, list):
        return None
    if not isinstance(entry.body.get("annotations"), bool):
        return None
    listed = []
    for one in captures:
        if not isinstance(one, dict) or not isinstance(one.get("capture"), str):
            return None
        seqs = one.get("entries")
        if not isinstance(seqs, list) or not all(type(seq) is int for seq in seqs):
            return None
        listed.append((one["capture"], seqs))
    return listed


def _ascends(values: Sequence[Any]) -> bool:
    return all(left < right for left, right in zip(values, values[1:]))


def is_well_formed(entry: Entry, listed: Listed) -> bool:
    """One form alone: captures and entries ascend, and every entry is before the list."""
    return (
        len(entry.line) <= LONGEST
        and _ascends([capture for capture, _ in listed])
        and all(seqs and _ascends(seqs) and seqs[-1] < entry.seq for _, seqs in listed)
    )


def check_log(report: Report, entries: Sequence[Entry]) -> None:
    """Each list of a vault's log against the entries before it."""
    own: Dict[str, List[Entry]] = {}
    for entry in entries:
        listed = read(entry)
        if listed is not None:
            with_notes = entry.body["annotations"]
            due = [
                [one.seq for one in own.get(capture, []) if with_notes or one.event != "annotate"]
                for capture, _ in listed
            ]
            if not is_well_formed(entry, listed) or due != [seqs for _, seqs in listed]:
                report.add("entry-list", f"entry:{entry.seq}")
        if isinstance(entry.body.get("capture"), str):
            own.setdefault(entry.body["capture"], []).append(entry)


def newest(entries: Sequence[Entry]) -> Optional[Entry]:
    """The list that a package is measured by."""
    return max((entry for entry in entries if read(entry) is not None), key=lambda one: one.seq, default=None)


def check_package(report: Report, entries: Sequence[Entry], chosen: Sequence[str], size: Optional[int]) -> None:
    """Whether a package whose newest checkpoint has this size has every entry of its captures."""
    entry = newest(entries)
    if entry is None:
        first = [one.body.get("schema") for one in entries if (one.seq, one.event) == (1, "vault-created")]
        if first[:1] == ["1"]:
            report.add("entries-uncommitted", ENTRIES, "note")
        else:
            report.add("export-begun-missing", ENTRIES)
        return
    listed = read(entry) or []
    fits = [capture for capture, _ in listed] == list(chosen) and entry.seq == size
    formed = is_well_formed(entry, listed)
    if not fits or not formed:
        report.add("export-begun-wrong", f"entry:{entry.seq}")
    if not formed:
        return
    owner: Dict[int, str] = {}
    for one in entries:
        if isinstance(one.body.get("capture"), str):
            owner.setdefault(one.seq, one.body["capture"])
    named = {seq: capture for capture, seqs in listed for seq in seqs}
    for capture, seqs in listed:
        for seq in seqs:
            if owner.get(seq) != capture:
                report.add("entry-missing", f"entry:{seq}")
    for seq in owner:
        if seq not in named:
            report.add("entry-unlisted", f"entry:{seq}")
