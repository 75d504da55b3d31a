"""Captures that were taken out of a vault on purpose (FORMAT.md §7.1, §18.3)."""
from __future__ import annotations

import re
from typing import Dict, Iterable, List, Sequence

from findings import Report
from log import Entry
from objects import Capture

KEPT = re.compile(r"(?:0=ocfl_object_1\.1|(?:v[0-9]+/)?inventory\.json(?:\.sha512)?|v1/content/record\.json)\Z")
OF_FILES = ("file-missing", "annex-missing", "annex-file-missing", "annex-absent")
OF_OBJECTS = (
    "object-missing", "object-declaration", "version-missing", "inventory-missing", "inventory-changed", "sidecar-changed",
)  # fmt: skip


def settle(report: Report, captures: Iterable[Capture], entries: Sequence[Entry], paths: Sequence[str], sealed: int) -> None:
    """Takes back what a signed withdrawal explains, and says which captures are withdrawn."""
    first: Dict[str, Entry] = {}
    there = set(paths)
    for entry in entries:
        if entry.event == "withdraw":
            first.setdefault(str(entry.body.get("capture")), entry)
    for capture in captures:
        entry = first.get(capture.id)
        if entry is None or not _is_stated(capture, entry):
            continue
        if entry.seq > sealed:
            report.add("withdrawal-unsealed", capture.id, "note")
            continue
        later = [f"{capture.folder}/{one.body.get('version')}/" for one in capture.versions if one.seq > entry.seq]
        kept = [one for one in report.findings if one["where"] in there or not _is_excused(one, capture, entry, later)]
        report.findings[:] = kept
        report.add("withdrawn", capture.id, "note")
        if any(_is_gone(path, capture, entry) for path in paths):
            report.add("withdrawal-unfinished", capture.id, "note")


def _is_stated(capture: Capture, entry: Entry) -> bool:
    return any(seq < entry.seq for seq in capture.stated)


def _is_gone(path: str, capture: Capture, entry: Entry) -> bool:
    if f"{path}/".startswith(f"private/{capture.id}/"):
        return True
    if capture.folder == "" or not path.startswith(f"{capture.folder}/"):
        return False
    return entry.body.get("record") == "removed" or KEPT.match(path[len(capture.folder) + 1 :]) is None


def _is_excused(finding: "Dict[str, str]", capture: Capture, entry: Entry, later: List[str]) -> bool:
    code, where = finding["code"], finding["where"]
    if code in OF_OBJECTS:
        inside = where == capture.folder or (capture.folder != "" and where.startswith(f"{capture.folder}/"))
        return inside and entry.body.get("record") == "removed" and not later
    return code in OF_FILES and _is_gone(where, capture, entry) and not any(where.startswith(one) for one in later)
