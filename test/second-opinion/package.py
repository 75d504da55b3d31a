"""A package: the chosen captures of one vault with proof (FORMAT.md §17, §18.4)."""
from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Sequence

import bag
import checkpoints
import lists
import log
import pages
import objects
import schema
from checkpoints import Facts, Found
from files import Tree, check_annexes, check_file, check_statement
from findings import QUESTIONS, Report, Trust, answers
from log import Entry
from vault import NAME

ENTRIES, INFO = "proof/entries.jsonl", "bag-info.txt"
PAGES = ("data/index.html", "data/ro-crate-metadata.json")
TAG_FILES = {"bagit.txt", INFO, "VERIFY.md", "verify.sh", *bag.MANIFESTS}
CAPTURE = re.compile(r"[0-9]{8}-[0-9A-HJKMNP-TV-Z]{8}\Z")
PROOF_FILE = re.compile(
    rf"proof/([0-9]{{6,16}})/(?:(checkpoint)|(checkpoint\.sig)|(signed)|({NAME}\.(?:tsr|ots|complete\.ots))"
    rf"|({NAME}\.chain\.pem)|(witness-[0-9a-f]{{16}}\.sig)|([1-9][0-9]*)\.proof)\Z"
)


def verify_package(path: str, trust: Trust) -> Dict[str, Any]:
    """The report of a package, a folder or a tar file."""
    report = Report()
    tree = bag.open_package(path, report)
    if tree is None:
        return _unread(report)
    labels = bag.read_info(tree)
    if labels is None or bag.values(labels, "Holdfast-Package") != ["1"]:
        report.add("package-version", INFO)
        return _unread(report)
    bag.check_bag(report, tree, labels)
    lines, entries = _read_entries(report, tree)
    chosen = bag.values(labels, "External-Identifier")
    found, proofs = _proof_folder(report, tree)
    _check_foreign(report, entries, chosen, {one.size for one in found})
    lists.check_package(report, entries, chosen, max((one.size for one in found), default=None))
    _check_captures(report, tree, entries, chosen)
    facts = Facts(True, _origins(labels, entries), lambda _: None, None, entries, _place)
    outcome = checkpoints.audit(report, found, facts, trust)
    _check_inclusion(report, tree, lines, found, proofs, outcome.roots)
    pages.check(report, tree, entries, outcome)
    found_by = {
        **answers(report, any(tree.under(f"data/{one}/") for one in chosen), outcome.newest_signed, outcome.left_open, outcome.tokens, outcome.counted),
        "findings": report.findings,
    }
    if found_by["signature"] == "pass" and trust.signers is None:
        found_by["signature"] = "unchecked"
    return found_by


def _unread(report: Report) -> Dict[str, Any]:
    return {**{question: "unchecked" for question in QUESTIONS}, "findings": report.findings}


def _place(path: str) -> str:
    """Where a file of `log/` lies in a package."""
    found = re.match(r"log/([0-9]+)\.(.+)\Z", path)
    return f"proof/{found.group(1)}/{found.group(2)}" if found else path


def _origins(labels: Any, entries: Sequence[Entry]) -> List[str]:
    """The origin that entry 1 gives, then the one that bag-info.txt states."""
    first = [f"holdfast/{e.body.get('vault_id')}" for e in entries if (e.seq, e.event) == (1, "vault-created")]
    return first + bag.values(labels, "Holdfast-Origin")


def _read_entries(report: Report, tree: Tree) -> "tuple[Dict[int, bytes], List[Entry]]":
    data = tree.text(ENTRIES, report) if ENTRIES in tree else b""
    rows = (data or b"").split(b"\n")
    broken = rows.pop()
    if broken:
        report.add("log-not-canonical", f"entry:{len(rows) + 1}")
    if not rows and not broken:
        report.add("log-empty", ENTRIES)
    lines: Dict[int, bytes] = {}
    entries: List[Entry] = []
    for row, line in enumerate(rows, 1):
        try:
            entry = log.parse_entry(line)
        except log.Refused as refused:
            report.add(f"log-{refused.code}", f"entry:{row}")
            continue
        if entry.seq <= entries[-1].seq if entries else entry.seq != 1:
            report.add("log-wrong-seq", f"entry:{row}")
        if not schema.is_valid(entry.body, "entry.schema.json", entry.event):
            report.add("entry-schema", f"entry:{entry.seq}")
        entries.append(entry)
        lines[entry.seq] = line
    return lines, entries


def _check_foreign(report: Report, entries: Sequence[Entry], chosen: Sequence[str], sizes: "set[int]") -> None:
    newest_list = lists.newest(entries)
    for entry in entries:
        if entry.event == "vault-created" or entry.event == "key-rotated":
            belongs = entry.event == "key-rotated" or entry.seq == 1
        elif lists.read(entry) is not None:
            belongs = entry is newest_list
        elif entry.event == "token":
            belongs = entry.body.get("checkpoint") in sizes
        else:
            belongs = entry.body.get("capture") in chosen
        if not belongs:
            report.add("entry-foreign", f"entry:{entry.seq}")


def _check_captures(report: Report, tree: Tree, entries: Sequence[Entry], chosen: Sequence[str]) -> None:
    stated = {str(e.body.get("capture")) for e in entries if e.event in ("capture", "capture-failed", "derive", "redact", "page")}
    folders = {p.split("/")[1] for p in tree.under("data/") if p.count("/") > 1}
    for capture in sorted(stated | folders | set(chosen)):
        if CAPTURE.match(capture) and (capture not in stated or capture not in folders):
            report.add("capture-missing", f"data/{capture}")
    objects.check_places(report, entries)
    named = set(PAGES)
    for capture in sorted(stated & folders):
        own = [entry for entry in entries if entry.body.get("capture") == capture]
        named |= _check_capture(report, tree, f"data/{capture}/", own)
    for path in tree.under("data/"):
        if path not in named:
            report.add("file-unlogged", path)
    for path in sorted(tree.sizes):
        if path.split("/")[0] not in ("data", "proof") and path not in TAG_FILES:
            report.add("stray", path)


def _check_capture(report: Report, tree: Tree, folder: str, entries: Sequence[Entry]) -> "set[str]":
    named: "set[str]" = set()
    evidence = [entry for entry in entries if entry.event == "capture"]
    derived = [entry for entry in entries if entry.event == "derive"][-1:]
    for entry, statement, kind in (
        *((one, "record.json", "record") for one in evidence),
        *((one, "derived/derivation.json", "derivation") for one in derived),
        *((one, f"page/{one.body.get('version')}/page.json", "page") for one in entries if one.event == "page"),
    ):
        stated = [one for one in entry.body.get("files", []) if isinstance(one, dict)]
        for one in stated:
            check_file(report, tree, f"{folder}{one.get('path')}", one)
            named.add(f"{folder}{one.get('path')}")
        path = folder + statement
        if path in tree and tree.digests(path)[1] != entry.body.get("record_sha256"):
            report.add("file-changed", path)
        check_statement(report, tree, path, kind)
    return named | _check_annex(report, tree, f"{folder}annex/", entries)


def _check_annex(report: Report, tree: Tree, folder: str, entries: Sequence[Entry]) -> "set[str]":
    inside = tree.under(folder)
    owners = [entry for entry in entries if "annex_sha256" in entry.body]
    stated = [owner.body.get("annex_sha256") for owner in owners if owner.event != "page"]
    pages = {str(owner.body.get("version")): owner.body.get("annex_sha256") for owner in owners if owner.event == "page"}
    if inside:
        check_annexes(report, tree, folder, stated, pages)
    return set(inside)


def _proof_folder(report: Report, tree: Tree) -> "tuple[List[Found], Dict[int, Dict[int, str]]]":
    """The checkpoints, and for each the path of the proof of each entry."""
    found: Dict[int, Found] = {}
    proofs: Dict[int, Dict[int, str]] = {}
    for path in tree.under("proof/"):
        match = PROOF_FILE.match(path)
        number = match.group(1) if match else ""
        if match is None or int(number) == 0 or f"{int(number):06d}" != number:
            if path not in (ENTRIES, "proof/allowed_signers"):
                report.add("proof-stray", path)
            continue
        one = found.setdefault(int(number), Found(int(number), f"proof/{number}/checkpoint"))
        _, body, signature, signed, token, _chain, witness, seq = match.groups()
        if seq:
            proofs.setdefault(int(number), {})[int(seq)] = path
        elif body:
            one.body = tree.small(path)
        elif signature:
            one.signature = (path, tree.small(path))
        elif signed:
            one.signed = tree.small(path)
        elif token:
            one.tokens.append((path, tree.small(path)))
        elif witness:
            one.witnesses.append((path, tree.small(path)))
    return [found[size] for size in sorted(found)], proofs


def _check_inclusion(
    report: Report,
    tree: Tree,
    lines: Dict[int, bytes],
    found: Sequence[Found],
    proofs: Dict[int, Dict[int, str]],
    roots: Dict[int, bytes],
) -> None:
    newest = max((one.size for one in found), default=0)
    for seq in lines:
        covering = [one.size for one in found if one.size >= seq and one.size != newest] + [newest]
        if any(seq not in proofs.get(size, {}) for size in covering):
            report.add("inclusion-missing", f"entry:{seq}")
    for size, paths in proofs.items():
        for seq, path in paths.items():
            if seq not in lines:
                report.add("proof-stray", path)
            elif not _is_proof(tree.small(path), lines[seq], seq, size, roots.get(size)):
                report.add("inclusion-wrong", path)


def _is_proof(data: bytes, line: bytes, seq: int, size: int, root: Optional[bytes]) -> bool:
    try:
        words = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        return False
    head, hashes = words[:3], words[3:-1]
    if head != ["holdfast-inclusion 1", str(seq), str(size)] or words[-1] != "" or root is None:
        return False
    if any(re.match(r"[0-9a-f]{64}\Z", one) is None for one in hashes):
        return False
    return log.is_included(log.leaf_hash(line + b"\n"), seq - 1, size, [bytes.fromhex(h) for h in hashes], root)
