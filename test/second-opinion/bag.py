"""The bag around a package: its tree, its paths, bag-info.txt and manifests (RFC 8493, FORMAT.md §17)."""
from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Dict, List, Optional, Sequence, Tuple

import tar
from files import Tree
from findings import Report
from vault import read_tree

PATH = re.compile(r"(?!.*//)(?!.*\.(/|\Z))[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*\Z")
DEVICE = re.compile(r"(?i)(.*/)?(con|prn|aux|nul|com[1-9]|lpt[1-9])([./]|\Z)")
MANIFESTS = tuple(f"{kind}manifest-sha{bits}.txt" for kind in ("", "tag") for bits in (256, 512))
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
CAPTURE = re.compile(r"[0-9]{8}-[0-9A-HJKMNP-TV-Z]{8}\Z")
LABEL = re.compile(r"([A-Za-z0-9-]+): ?(.*)\Z")


def open_package(path: str, report: Report) -> Optional[Tree]:
    """The files of a folder or tar, with `package-path` for every name that may not be; None where it is no package."""
    foreign: List[str] = []
    try:
        tree, doubles = (read_tree(path, foreign), []) if os.path.isdir(path) else _read_tar(path)
    except (OSError, ValueError):
        report.add("package-unreadable", "package")
        return None
    if "bagit.txt" not in tree:
        report.add("package-unreadable", "package")
        return None
    for name in foreign:
        report.add("stray", name, "note")
    for name in doubles + tree.special:
        report.add("package-path", name)
    for name in _refused(report, list(tree.sizes), tree.folders):
        tree.sizes.pop(name, None)
    return tree


def _read_tar(path: str) -> Tuple[Tree, List[str]]:
    members = _undotted(tar.read_members(path))
    tops = {member.name.split("/")[0] for member in members}
    lone = any(member.kind == "file" and "/" not in member.name for member in members)
    if len(tops) != 1 or lone or _refused(Report(), list(tops)) or any(member.kind == "other" for member in members):
        raise ValueError("not one folder of files")
    files: Dict[str, tar.Member] = {}
    folders, doubles = [], []
    for member in members:
        whole = member.name[:-1] if member.kind == "folder" and member.name.endswith("/") else member.name
        name = whole[len(whole.split("/")[0]) + 1 :]
        if member.kind == "folder":
            folders.append(name)
        elif name in files:
            doubles.append(name)
        else:
            files[name] = member
    sizes = {name: member.size for name, member in files.items()}
    opener = lambda name: tar.Part(path, files[name])  # noqa: E731
    return Tree(sizes, opener, [], [name for name in folders if name]), doubles  # type: ignore[arg-type]


def _undotted(members: List[tar.Member]) -> List[tar.Member]:
    """Without the `./` that all names may begin with; where that is the package's own folder, under a name in its place."""
    dotted = [member.name in ("./", ".") and member.kind == "folder" or member.name.startswith("./") for member in members]
    if not any(dotted):
        return members
    if not all(dotted):
        raise ValueError("some names begin with a dot")
    rest = [replace(member, name=member.name[2:]) for member in members if member.name not in ("./", ".")]
    first = rest[0] if rest else None
    parts = first.name.split("/") if first else []
    if first and ((first.kind == "file" and len(parts) == 1) or parts[0] in ("data", "proof")):
        rest = [replace(member, name=f"package/{member.name}") for member in rest]
    return rest


def _refused(report: Report, files: List[str], own: Sequence[str] = ()) -> List[str]:
    """Names that may not be: what is under them counts as not there."""
    seen: Dict[str, str] = {}
    refused = []
    folders = {*own, *(file[:at] for file in files for at, letter in enumerate(file) if letter == "/")}
    for name in sorted({*files, *folders}):
        parts = name.split("/")
        if PATH.match(name) is None or DEVICE.match(name) or "." in parts or ".." in parts or len(name.encode("utf-8", "replace")) > 200:
            report.add("package-path", name)
            refused.append(name)
        if seen.setdefault(name.lower(), name) != name:
            report.add("package-path", name)
        if name in folders and name in files:
            report.add("package-path", name)
    return refused


def read_info(tree: Tree) -> Optional[List[Tuple[str, str]]]:
    """The labels and values of bag-info.txt in order; None where it cannot be read as that."""
    if "bag-info.txt" not in tree:
        return None
    labels: List[Tuple[str, str]] = []
    try:
        text = tree.small("bag-info.txt").decode("utf-8")
    except UnicodeDecodeError:
        return None
    for line in text.splitlines():
        found = LABEL.match(line)
        if found is None:
            return None
        else:
            labels.append((found.group(1), found.group(2).strip()))
    return labels


def values(labels: List[Tuple[str, str]], name: str) -> List[str]:
    """Every value of a label, spelt so."""
    return [value for label, value in labels if label == name]


def check_bag(report: Report, tree: Tree, labels: List[Tuple[str, str]]) -> None:
    """The declaration, bag-info.txt and the four manifests."""
    if tree.small("bagit.txt") != DECLARATION:
        report.add("bag-malformed", "bagit.txt")
    captures = values(labels, "External-Identifier")
    payload = tree.under("data/")
    oxum = f"{sum(tree.sizes[path] for path in payload)}.{len(payload)}"
    single = ("Holdfast-Package", "Bagging-Date", "Payload-Oxum", "Holdfast-Origin", "Holdfast-Profile")
    annexed = any(path.split("/")[2:3] == ["annex"] for path in payload)
    plain = [re.sub(r"[ \t]", "", label).lower() for label, _ in labels if label != "External-Identifier"]
    holds = (
        len(set(plain)) == len(plain)
        and "external-identifier" not in plain
        and all(CAPTURE.match(capture) for capture in captures)
        and all(len(values(labels, name)) == 1 for name in single)
        and len(captures) > 0
        and captures == sorted(set(captures))
        and values(labels, "Payload-Oxum") == [oxum]
        and values(labels, "Holdfast-Profile")[0] in (["with-annex"] if annexed else ["redacted", "with-annex"])
        and re.match(r"holdfast/[0-9a-f]{32}\Z", values(labels, "Holdfast-Origin")[0])
        and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", values(labels, "Bagging-Date")[0])
    )
    if not holds:
        report.add("bag-malformed", "bag-info.txt")
    for name in MANIFESTS:
        _check_manifest(report, tree, name)


def _check_manifest(report: Report, tree: Tree, name: str) -> None:
    if name not in tree:
        report.add("manifest-missing", name)
        return
    tag, digest = name.startswith("tag"), 1 if "256" in name else 2
    listed = _read_manifest(tree.small(name), 64 if digest == 1 else 128, tag)
    if listed is None:
        report.add("bag-malformed", name)
        return
    for path, stated in listed.items():
        if path not in tree:
            report.add("file-missing", path)
        elif tree.digests(path)[digest] != stated:
            report.add("file-changed", path)
    for path in sorted(tree.sizes):
        payload = path.startswith("data/")
        if payload != tag and not path.startswith("tagmanifest-") and path not in listed:
            report.add("file-unlisted", path)


def _read_manifest(data: bytes, digits: int, tag: bool) -> Optional[Dict[str, str]]:
    """Path to digest; None unless every line is `<hex>  <path>` in ascending order of path."""
    listed: Dict[str, str] = {}
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        return None
    if lines.pop() != "":
        return None
    for line in lines:
        found = re.match(r"([0-9a-f]+)  (.+)\Z", line)
        if found is None or len(found.group(1)) != digits or PATH.match(found.group(2)) is None or DEVICE.match(found.group(2)):
            return None
        if found.group(2).startswith("data/") == tag:
            return None
        listed[found.group(2)] = found.group(1)
    return listed if len(listed) == len(lines) and list(listed) == sorted(listed) else None
