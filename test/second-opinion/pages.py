"""What a package has of its maker's own words, against what it can be compared with (FORMAT.md §17)."""
from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

import bag
import lists
import schema
from checkpoints import Outcome
from files import Tree
from findings import Report
from log import Entry

PAGE, CRATE = "data/index.html", "data/ro-crate-metadata.json"
FOLDER = schema.FOLDER / "package"
RUN = re.compile(rb"[0-9A-Fa-f]+")
DEEPEST = 64


def check(report: Report, tree: Tree, entries: Sequence[Entry], outcome: Outcome) -> None:
    """The RO-Crate, the page, VERIFY.md and verify.sh."""
    stated = _stated(entries)
    if CRATE in tree:
        _check_crate(report, tree, stated)
    if PAGE in tree:
        known = {tree.digests(path)[1] for path in tree.sizes}
        known |= {one.get("sha256") for entry in entries for one in _files(entry)}
        known |= {entry.hash for entry in entries} | {root.hex() for root in outcome.roots.values()} | outcome.certificates
        shown = {run.decode() for run in RUN.findall(tree.small(PAGE)) if len(run) == 64}
        if shown - known:
            report.add("page-digest", PAGE, "note")
    _check_texts(report, tree, entries)


def _files(entry: Entry) -> List[Dict[str, Any]]:
    files = entry.body.get("files", []) if entry.event in ("capture", "derive", "redact", "page") else []
    return [one for one in files if isinstance(one, dict)]


def _stated(entries: Sequence[Entry]) -> Dict[str, List[Tuple[int, str]]]:
    """Path in the package: every size and digest that an entry whose files are here states of it."""
    newest = {entry.body.get("capture"): entry for entry in entries if entry.event == "derive"}
    stated: Dict[str, List[Tuple[int, str]]] = {}
    for entry in [entry for entry in entries if entry.event in ("capture", "page")] + list(newest.values()):
        for one in _files(entry):
            path = f"data/{entry.body.get('capture')}/{one.get('path')}"
            stated.setdefault(path, []).append((one.get("bytes", -1), one.get("sha256", "")))
    return stated


def _once(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _constant(name: str) -> Any:
    raise ValueError(name)


def _depth(text: str) -> int:
    deepest = depth = 0
    for one in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.S):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(one.group(), 0)
        deepest = max(deepest, depth)
    return deepest


def _graph(data: bytes) -> Optional[List[Dict[str, Any]]]:
    try:
        text = data.decode("utf-8")
        if _depth(text) > DEEPEST:
            return None
        graph = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)["@graph"]
    except (ValueError, KeyError, TypeError):
        return None
    return graph if isinstance(graph, list) and all(isinstance(one, dict) for one in graph) else None


def _check_crate(report: Report, tree: Tree, stated: Dict[str, List[Tuple[int, str]]]) -> None:
    graph = _graph(tree.small(CRATE))
    if graph is None:
        report.add("crate-malformed", CRATE)
        return
    for entity in graph:
        name, kind = entity.get("@id"), entity.get("@type")
        is_file = kind == "File" or (isinstance(kind, list) and "File" in kind) or "sha256" in entity
        if not isinstance(name, str) or not is_file or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|#", name):
            continue
        path = "data/" + (name[2:] if name.startswith("./") else name)
        where = path if bag.PATH.match(path) and len(path) <= 200 and not bag.DEVICE.match(path) else CRATE
        if path not in tree:
            report.add("crate-differs", where)
            continue
        due = stated.get(path) or [(tree.sizes[path], tree.digests(path)[1])]
        if "sha256" in entity and entity["sha256"] not in [digest for _, digest in due]:
            report.add("crate-differs", where)
        if "contentSize" in entity and entity["contentSize"] not in [str(size) for size, _ in due]:
            report.add("crate-differs", where)


def _check_texts(report: Report, tree: Tree, entries: Sequence[Entry]) -> None:
    released = json.loads((FOLDER / "known-texts.json").read_text("utf-8"))["texts"]
    newest = lists.newest(entries)
    made_by = json.loads(newest.line)["tool"] if newest is not None else None
    for name in ("VERIFY.md", "verify.sh"):
        if name not in tree:
            continue
        digest = tree.digests(name)[1]
        known = {one for texts in released.values() for one in texts[name]}
        known.add(hashlib.sha256((FOLDER / name).read_bytes()).hexdigest())
        if digest not in known:
            report.add("script-unknown", name, "error" if made_by in released else "note")
