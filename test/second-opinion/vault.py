"""A whole vault (FORMAT.md §3, §4, §18)."""
from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import stat
import tempfile
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple
from urllib.parse import quote

import checkpoints
import lists
import log
import objects
import schema
import withdrawals
from checkpoints import Facts, Found
from files import Tree, check_annexes, is_foreign, is_litter
from findings import QUESTIONS, Report, Trust, answers
from log import Entry

NAME = r"(?!witness-)[a-z0-9][a-z0-9-]{0,31}"
SEGMENT = re.compile(r"log/([0-9]{6,16})-([0-9]{6,16})\.jsonl\Z")
LOG_FILE = re.compile(
    rf"log/([0-9]{{6,16}})\.(?:(checkpoint)|(checkpoint\.sig)|({NAME}\.(?:tsr|ots|complete\.ots))"
    r"|(witness-[0-9a-f]{16}\.sig))\Z"
)
ROOT_FILES = {
    "objects/0=ocfl_1.1": b"ocfl_1.1\n",
    "objects/ocfl_layout.json": b"""{
  "extension": "0003-hash-and-id-n-tuple-storage-layout",
  "description": "objects/<first two hex digits of the SHA-256 of the capture id>/<capture id>"
}
""",
    "objects/extensions/0003-hash-and-id-n-tuple-storage-layout/config.json": b"""{
  "extensionName": "0003-hash-and-id-n-tuple-storage-layout",
  "digestAlgorithm": "sha256",
  "tupleSize": 2,
  "numberOfTuples": 1
}
""",
}
DATABASE = {"vault.db", "vault.db-wal", "vault.db-shm"}
TOP = {"README.txt", "holdfast.json", "objects", "log", "private", "staging", *DATABASE}
Row = Tuple[int, str, bytes, str]


def read_tree(root: str, foreign: List[str], top_names: Optional[Set[str]] = None) -> Tree:
    """Everything under the folder of a vault (with its own names) or package, links not followed; `foreign` takes what is not entered."""
    sizes: Dict[str, int] = {}
    special: List[str] = []
    folders: List[str] = []
    for folder, below, names in os.walk(root):
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        top = inside == "."
        for name in names + below:
            path = name if top else f"{inside}/{name}"
            if is_litter(name) if top_names is None else name not in top_names if top else is_foreign(name):
                foreign.append(path)
                if name in below:
                    below.remove(name)
                continue
            found = os.lstat(os.path.join(folder, name))
            if stat.S_ISREG(found.st_mode):
                sizes[path] = found.st_size
            elif stat.S_ISDIR(found.st_mode):
                folders.append(path)
            else:
                special.append(path)
    return Tree(sizes, lambda path: open(os.path.join(root, path), "rb"), special, folders)


def _query(database: str) -> Tuple[List[Row], List[Dict[str, Any]], Any]:
    """
    The rows of the log, those of `intent`, and the schema. Nothing is written beside the database, and nothing but the schema
    is read where it is another: a view can have rows without end.
    """
    with tempfile.TemporaryDirectory() as folder:
        wal = database + "-wal"
        if os.path.exists(wal) and os.path.getsize(wal) > 0:
            shutil.copy(database, os.path.join(folder, "vault.db"))
            shutil.copy(wal, os.path.join(folder, "vault.db-wal"))
            address = f"file:{quote(os.path.join(folder, 'vault.db'))}?mode=rw"
        else:
            address = f"file:{quote(os.path.abspath(database))}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True)
        try:
            schema_found = _schema(connection)
            if schema_found not in _schemas_due():
                return [], [], None
            rows = connection.execute("SELECT seq, prev, CAST(line AS BLOB), hash FROM entry ORDER BY seq").fetchall()
            wanted = ("capture", "version", "inventory_sha512")
            intents = connection.execute(f"SELECT {', '.join(wanted)} FROM intent").fetchall()
            return rows, [dict(zip(wanted, row)) for row in intents], schema_found
        finally:
            connection.close()


def _schema(connection: sqlite3.Connection) -> Any:
    return sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall(), key=repr)


def _schemas_due() -> List[Any]:
    """That of vault.sql, and those that the migrations up to an earlier version leave behind."""
    connection = sqlite3.connect(":memory:")
    made = []
    for path in sorted((schema.FOLDER / "migrations").glob("[0-9][0-9][0-9]-*.sql")):
        connection.executescript(path.read_text("utf-8"))
        made.append(_schema(connection))
    newest = sqlite3.connect(":memory:")
    newest.executescript((schema.FOLDER / "vault.sql").read_text("utf-8"))
    return [*made[:-1], _schema(newest)]


def verify_vault(root: str, trust: Trust) -> Dict[str, Any]:
    """The report of a vault."""
    report, foreign = Report(), []  # type: Tuple[Report, List[str]]
    tree = read_tree(root, foreign, TOP)
    if "vault.db" not in tree:
        report.add("database-missing", "vault.db")
        return _unread(report)
    if os.path.lexists(os.path.join(root, "vault.db-journal")):
        report.add("database-journal", "vault.db-journal")
        return _unread(report)
    try:
        rows, intents, found_schema = _query(os.path.join(root, "vault.db"))
    except sqlite3.DatabaseError:
        report.add("database-damaged", "vault.db")
        return _unread(report)
    if found_schema is None:
        report.add("schema-differs", "vault.db")
        return _unread(report)
    for path in foreign:
        report.add("stray", path, "note")
    entries = _check_log(report, rows)
    lines = [row[2] for row in rows]
    captures = _check_objects(report, tree, entries, intents)
    _check_own(report, tree, entries)
    found = _log_folder(tree)
    _check_segments(report, tree, lines, max((one.size for one in found), default=0))
    facts = _facts(lines, entries)
    outcome = checkpoints.audit(report, found, facts, trust)
    sealed = 0 if report.decided("signature") == "fail" else max(set(outcome.signers) - outcome.uncounted, default=0)
    withdrawals.settle(report, captures, entries, list(tree.sizes), sealed)
    return {
        **answers(report, _has_content(tree), outcome.newest_signed, outcome.left_open, outcome.tokens, outcome.counted),
        "findings": report.findings,
    }


def _has_content(tree: Tree) -> bool:
    """Whether any capture has a stored file."""
    return any("/content/" in path for path in tree.under("objects/"))


def _unread(report: Report) -> Dict[str, Any]:
    return {**{question: "unchecked" for question in QUESTIONS}, "findings": report.findings}


def _check_log(report: Report, rows: Sequence[Row]) -> List[Entry]:
    faults, entries = log.check_chain(row[2] for row in rows)
    back = [entry.seq for before, entry in zip(entries, entries[1:]) if entry.at < before.at]
    if back:
        report.add("clock-back", f"entry:{back[0]}", "note")
    for place, code in faults:
        report.add(f"log-{code}", f"entry:{rows[place - 1][0]}")
    for seq, prev, line, digest in rows:
        try:
            entry = log.parse_entry(line)
        except log.Refused:
            continue
        if (seq, prev, digest) != (entry.seq, entry.prev, entry.hash):
            report.add("log-columns", f"entry:{seq}")
    if not rows:
        report.add("log-empty", "vault.db")
    for entry in entries:
        if not schema.is_valid(entry.body, "entry.schema.json", entry.event):
            report.add("entry-schema", f"entry:{entry.seq}")
    lists.check_log(report, entries)
    return entries


def _facts(lines: Sequence[bytes], entries: Sequence[Entry]) -> Facts:
    leaves = [log.leaf_hash(line + b"\n") for line in lines]
    first = entries[0] if entries else None
    known = first is not None and first.event == "vault-created"
    origins = [f"holdfast/{first.body.get('vault_id')}"] if first is not None and known else [""]
    root_at = lambda size: log.tree_root(leaves[:size]) if size <= len(leaves) else None
    return Facts(False, origins, root_at, len(lines), entries, lambda path: path)


def _check_objects(
    report: Report, tree: Tree, entries: Sequence[Entry], intents: Sequence[Dict[str, Any]]
) -> List[objects.Capture]:
    captures = objects.captures_of(report, entries)
    for intent in intents:
        capture = str(intent["capture"])
        captures.setdefault(capture, objects.Capture(capture)).intent = intent
    for capture in captures.values():
        if capture.versions and capture.folder:
            objects.check_object(report, tree, capture)
    _check_annexes(report, tree, list(captures.values()))
    inside = {one.folder for one in captures.values() if (one.versions and one.folder) or one.intent}
    for path in tree.under("objects/"):
        if path not in ROOT_FILES and "/".join(path.split("/")[:3]) not in inside:
            report.add("stray", path)
    return list(captures.values())


def _check_annexes(report: Report, tree: Tree, captures: Sequence[objects.Capture]) -> None:
    stated = [capture for capture in captures if capture.annexes]
    if "private" not in tree.folders:
        if stated:
            report.add("private-absent", "private", "note")
        return
    for capture in stated:
        folder = f"private/{capture.id}"
        if folder in tree.folders:
            pages = {str(e.body.get("version")): e.body.get("annex_sha256") for e in capture.versions if e.event == "page"}
            if capture.intent is not None:
                pages.setdefault(str(capture.intent["version"]), None)
            check_annexes(report, tree, f"{folder}/", capture.annexes, pages)
        else:
            report.add("annex-absent", folder, "note")
    known = {capture.id for capture in captures if capture.annexes or capture.intent}
    for path in tree.under("private/"):
        if path.split("/")[1] not in known:
            report.add("stray", path)


def _check_own(report: Report, tree: Tree, entries: Sequence[Entry]) -> None:
    stated = dict.fromkeys(("README.txt", "holdfast.json"))
    for entry in entries:
        if entry.event == "vault-created":
            stated["README.txt"] = entry.body.get("readme_sha256")
        if entry.event in ("vault-created", "settings-changed"):
            stated["holdfast.json"] = entry.body.get("settings_sha256")
    for path, digest in stated.items():
        if path not in tree or tree.digests(path)[1] != digest:
            report.add("own-file-changed", path)
    for path, content in ROOT_FILES.items():
        if path not in tree or tree.small(path) != content:
            report.add("own-file-changed", path)
    for folder in ("objects", "log", "staging"):
        if folder not in tree.folders:
            report.add("folder-missing", folder, "note" if folder == "staging" else "error")
    for path in [*tree.sizes, *tree.special]:
        top = path.split("/")[0]
        known = path in stated or path in DATABASE or top in ("objects", "log", "private", "staging")
        linked = path in tree.special and top != "staging"
        if not known or linked or (top == "log" and not _is_log_file(path)):
            report.add("stray", path)


def _is_log_file(path: str) -> bool:
    segment, other = SEGMENT.match(path), LOG_FILE.match(path)
    numbers = segment.groups() if segment else other.groups()[:1] if other else ()
    return bool(numbers) and all(int(n) > 0 and f"{int(n):06d}" == n for n in numbers)


def _log_folder(tree: Tree) -> List[Found]:
    found: Dict[int, Found] = {}
    for path in tree.under("log/"):
        match = LOG_FILE.match(path)
        if match is None or not _is_log_file(path):
            continue
        number, body, signature, token, _witness = match.groups()
        one = found.setdefault(int(number), Found(int(number), f"log/{number}.checkpoint"))
        data = tree.small(path)
        if body:
            one.body = data
        elif signature:
            one.signature = (path, data)
        else:
            (one.tokens if token else one.witnesses).append((path, data))
    return [found[size] for size in sorted(found)]


def _check_segments(report: Report, tree: Tree, lines: Sequence[bytes], newest: int) -> None:
    reached, gap = 0, False
    matches = [SEGMENT.match(path) for path in tree.under("log/") if _is_log_file(path)]
    for match in sorted((m for m in matches if m), key=lambda m: (int(m.group(1)), int(m.group(2)))):
        first, last, path = int(match.group(1)), int(match.group(2)), match.group(0)
        due = b"".join(line + b"\n" for line in lines[first - 1 : last])
        if first > last or last > len(lines) or tree.digests(path)[1] != hashlib.sha256(due).hexdigest():
            report.add("segment-changed", path)
        if first <= reached:
            report.add("segment-overlap", path)
        gap = gap or (first > reached + 1 and reached < newest)
        reached = max(reached, last)
    if gap or reached < newest:
        report.add("segment-missing", "log")
