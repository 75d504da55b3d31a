"""OCFL objects against the entries that state them (FORMAT.md §7, §18.3)."""
from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence

import log
from files import Tree, check_file, check_statement
from findings import Report
from log import Entry

DECLARATION = "0=ocfl_object_1.1"


@dataclass
class Capture:
    """The entries of one capture by version, and the annex. `folder` is where the `capture` entry says it is."""

    id: str
    folder: str = ""
    versions: List[Entry] = field(default_factory=list)
    annexes: List[str] = field(default_factory=list)
    stated: List[int] = field(default_factory=list)
    intent: Optional[Dict[str, Any]] = None


def object_folder(capture: str) -> str:
    """Extension 0003 with sha256, one tuple of two digits."""
    return f"objects/{hashlib.sha256(capture.encode()).hexdigest()[:2]}/{capture}"


def check_places(report: Report, entries: Sequence[Entry]) -> None:
    """Where each object and version lies, and in which order they are stated (§4.4)."""
    for entry in entries:
        named, version = entry.body.get("object"), entry.body.get("version")
        if named is None and version is None:
            continue
        due = object_folder(str(entry.body.get("capture")))
        if named != due or re.match(r"v[1-9][0-9]*\Z", str(version)) is None:
            report.add("log-object", f"entry:{entry.seq}")
    for seq, code in log.check_statements(entries):
        report.add(code, f"entry:{seq}")


def captures_of(report: Report, entries: Sequence[Entry]) -> Dict[str, Capture]:
    """The captures that the log states; an entry out of place is `log-object`. What is stated twice is held against both."""
    captures: Dict[str, Capture] = {}
    check_places(report, entries)
    for entry in entries:
        if entry.event not in ("capture", "capture-failed", "derive", "redact", "page"):
            continue
        name = str(entry.body.get("capture"))
        one = captures.setdefault(name, Capture(name))
        if entry.event not in ("derive", "redact", "page"):
            one.annexes.append(str(entry.body.get("annex_sha256")))
            one.stated.append(entry.seq)
        if entry.event == "capture" and one.folder == "":
            one.folder = str(entry.body.get("object"))
        if entry.event != "capture-failed":
            one.versions.append(entry)
    return captures


def check_object(report: Report, tree: Tree, capture: Capture) -> None:
    """Everything in the folder of one object."""
    folder, known = capture.folder, set()
    if not any(path == folder or path.startswith(folder + "/") for path in tree.folders + list(tree.sizes)):
        report.add("object-missing", folder)
        return
    declaration = f"{folder}/{DECLARATION}"
    if declaration not in tree or tree.small(declaration) != b"ocfl_object_1.1\n":
        report.add("object-declaration", declaration)
    for entry in capture.versions:
        known |= _check_version(report, tree, folder, str(entry.body.get("version")), entry)
    known |= _check_root(report, tree, capture) | {declaration}
    for path in tree.under(folder + "/"):
        if path not in known and not _is_intended(capture, path):
            report.add("file-extra", path)


def _is_intended(capture: Capture, path: str) -> bool:
    return capture.intent is not None and path.startswith(f"{capture.folder}/{capture.intent['version']}/")


def _check_version(report: Report, tree: Tree, folder: str, version: str, entry: Entry) -> "set[str]":
    place = f"{folder}/{version}"
    inventory, sidecar = f"{place}/inventory.json", f"{place}/inventory.json.sha512"
    files = [one for one in entry.body.get("files", []) if isinstance(one, dict)]
    named = {f"{place}/content/{one.get('path')}": one for one in files}
    for path, stated in named.items():
        check_file(report, tree, path, stated)
    statement, kind = {
        "capture": ("record.json", "record"),
        "redact": (f"publication/{version}/publication.json", "publication"),
        "page": (f"page/{version}/page.json", "page"),
    }.get(entry.event, ("derived/derivation.json", "derivation"))
    check_statement(report, tree, f"{place}/content/{statement}", kind)
    inventoried: "set[str]" = set()
    if inventory not in tree:
        report.add("version-missing", inventory)
        return set(named) | {sidecar}
    if _check_inventory(report, tree, inventory, [entry.body.get("inventory_sha512")]):
        inventoried = _check_manifest(report, tree, folder, inventory, version, entry, set(named))
    _check_sidecar(report, tree, sidecar, [entry.body.get("inventory_sha512")])
    return set(named) | inventoried | {inventory, sidecar}


def _check_inventory(report: Report, tree: Tree, path: str, stated: Sequence[Any]) -> bool:
    if path not in tree:
        report.add("inventory-missing", path)
        return False
    if tree.digests(path)[2] not in stated:
        report.add("inventory-changed", path)
        return False
    return True


def _check_sidecar(report: Report, tree: Tree, path: str, stated: Sequence[Any]) -> None:
    if path not in tree or tree.small(path) not in [f"{digest}  inventory.json\n".encode() for digest in stated]:
        report.add("sidecar-changed", path)


def _check_root(report: Report, tree: Tree, capture: Capture) -> "set[str]":
    inventory, sidecar = (f"{capture.folder}/inventory.json{end}" for end in ("", ".sha512"))
    stated = [capture.versions[-1].body.get("inventory_sha512")]
    if capture.intent is not None:
        stated.append(capture.intent["inventory_sha512"])
    _check_inventory(report, tree, inventory, stated)
    _check_sidecar(report, tree, sidecar, stated)
    try:
        of = json.loads(tree.small(inventory) if inventory in tree else b"{}").get("id", capture.id)
    except (ValueError, AttributeError):
        of = capture.id
    if of != capture.id:
        report.add("inventory-id", inventory)
    return {inventory, sidecar}


def _check_manifest(
    report: Report, tree: Tree, folder: str, path: str, version: str, entry: Entry, named: "set[str]"
) -> "set[str]":
    """SHA-512 and SHA-256 of the files this version brings; files that only one of inventory and entry names."""
    data = tree.text(path, report)
    try:
        value = json.loads(data or b"")
        manifest, fixity = value["manifest"], value["fixity"]["sha256"]
        wanted = {f"{folder}/{name}": digest for digest, names in manifest.items() for name in names}
        second = {f"{folder}/{name}": digest for digest, names in fixity.items() for name in names}
    except (ValueError, KeyError, TypeError, AttributeError):
        report.add("inventory-changed", path)
        return set()
    if value.get("id") != entry.body.get("capture"):
        report.add("inventory-id", path)
    own = {name for name in wanted if name.startswith(f"{folder}/{version}/")}
    for name in sorted(own):
        if name not in tree:
            report.add("file-missing", name)
        elif tree.digests(name)[2] != wanted[name] or tree.digests(name)[1] != second.get(name):
            report.add("file-changed", name)
    for name in sorted(named - own):
        report.add("file-not-inventoried", name)
    return own
