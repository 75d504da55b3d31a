"""Reading files that nobody vouches for, and the checks that a vault and a package share (FORMAT.md §5, §6, §9)."""
from __future__ import annotations

import hashlib
import re
from typing import Any, BinaryIO, Callable, Dict, List, Optional, Tuple

import canonical
import schema
from canonical import Refused
from findings import Report

OURS = re.compile(r"(?!(?:[Tt]humbs\.db|ehthumbs\.db|[Dd]esktop\.ini|LOST\.DIR|__MACOSX)\Z)(?!.*\.sync-conflict-)[0-9A-Za-z_-][0-9A-Za-z._=-]*\Z", re.DOTALL)
OTHER = re.compile(r"(?:[Tt]humbs\.db|ehthumbs\.db|[Dd]esktop\.ini|LOST\.DIR|__MACOSX)\Z|.*\.sync-conflict-", re.DOTALL)
SYSTEM = ("@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information")
LARGEST_TEXT = 64 * 1024 * 1024
Opener = Callable[[str], BinaryIO]


def is_foreign(name: str) -> bool:
    """Whether no file of a vault or package can have this name (FORMAT.md §18.3)."""
    return OURS.match(name) is None


def is_litter(name: str) -> bool:
    """The same of a package in a folder, where every other name that no package has is refused (§18.4)."""
    if name[:1] == "." and name[1:2] not in ("", "."):
        return True
    return name in SYSTEM or OTHER.match(name) is not None


class Tree:
    """Regular files by path with forward slashes, and how each is opened. `special` are links, devices and the like."""

    def __init__(self, sizes: Dict[str, int], opener: Opener, special: List[str], folders: List[str]) -> None:
        self.sizes, self.opener, self.special, self.folders = sizes, opener, special, folders
        self._digests: Dict[str, Tuple[int, str, str]] = {}

    def __contains__(self, path: str) -> bool:
        return path in self.sizes

    def under(self, prefix: str) -> List[str]:
        """Every file whose path begins so, in order."""
        return sorted(path for path in self.sizes if path.startswith(prefix))

    def digests(self, path: str) -> Tuple[int, str, str]:
        """Size, SHA-256 and SHA-512 of the bytes as they are read now."""
        if path not in self._digests:
            sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
            with self.opener(path) as stream:
                while chunk := stream.read(1 << 20):
                    sha256.update(chunk)
                    sha512.update(chunk)
                    size += len(chunk)
            self._digests[path] = (size, sha256.hexdigest(), sha512.hexdigest())
        return self._digests[path]

    def text(self, path: str, report: Report) -> Optional[bytes]:
        """A file that is read as a text; None, with a finding, where it is too large for that."""
        if self.sizes[path] > LARGEST_TEXT:
            report.add("too-large", path)
            return None
        with self.opener(path) as stream:
            return stream.read()

    def small(self, path: str) -> bytes:
        """The first bytes of a file that must be small."""
        with self.opener(path) as stream:
            return stream.read(LARGEST_TEXT)


def check_statement(report: Report, tree: Tree, path: str, kind: str) -> None:
    """`record` or `derivation`: canonical form, then the schema."""
    data = tree.text(path, report) if path in tree else None
    if data is None:
        return
    try:
        value = canonical.parse(data)
    except Refused:
        report.add(f"{kind}-not-canonical", path)
        return
    if not schema.is_valid(value, f"{kind}.schema.json"):
        report.add(f"{kind}-schema", path)


def check_file(report: Report, tree: Tree, path: str, stated: Any) -> None:
    """A file against `{bytes, sha256}` of its entry."""
    if path not in tree:
        report.add("file-missing", path)
    elif tree.digests(path)[:2] != (stated.get("bytes"), stated.get("sha256")):
        report.add("file-changed", path)


def check_annexes(report: Report, tree: Tree, folder: str, stated: Sequence[Any], pages: "Dict[str, Any]") -> None:
    """The annexes of a capture: its own, and in folders of their versions those of its pages (§9)."""
    apart = [f"{folder}{version}/" for version in pages]
    for sha256 in stated:
        check_annex(report, tree, folder, sha256, apart)
    for version, sha256 in pages.items():
        if sha256 is not None:
            check_annex(report, tree, f"{folder}{version}/", sha256, [])


def check_annex(report: Report, tree: Tree, folder: str, stated: Any, apart: Sequence[str]) -> None:
    """annex.json against the SHA-256 of its entry; where it is that file, its form and what lies beside it, but `apart`."""
    path = f"{folder}annex.json"
    if path not in tree:
        if any(not one.startswith(tuple(apart)) for one in tree.under(folder)) or not apart:
            report.add("annex-missing", path)
        else:
            report.add("annex-absent", folder[:-1], "note")
        return
    data = tree.text(path, report)
    if data is None:
        return
    if hashlib.sha256(data).hexdigest() != stated:
        report.add("annex-changed", path)
        return
    try:
        value = canonical.parse(data)
    except Refused:
        report.add("annex-not-canonical", path)
        return
    listed = value.get("files") if isinstance(value, dict) else None
    named = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    for one in named:
        raw = f"{folder}{one.get('path')}"
        if raw not in tree:
            report.add("annex-file-missing", raw)
        elif tree.digests(raw)[:2] != (one.get("bytes"), one.get("sha256")):
            report.add("annex-file-changed", raw)
    known = {path} | {f"{folder}{one.get('path')}" for one in named}
    for extra in tree.under(folder):
        if extra not in known and not extra.startswith(tuple(apart)):
            report.add("annex-file-extra", extra)
