"""Findings and the four answers (FORMAT.md §18)."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Set, Tuple

from keys import Signer
from schema import FOLDER

QUESTIONS = ("hashes", "chain", "signature", "tokens")


@dataclass(frozen=True)
class Kind:
    """What a finding of one code can be, and which answers an error fails and a note leaves open."""

    severities: Tuple[str, ...]
    fails: Tuple[str, ...]
    opens: Tuple[str, ...]


def _read_kinds() -> Dict[str, Kind]:
    """The table of FORMAT.md §18.5, which has every code there is."""
    text = (FOLDER / "FORMAT.md").read_text("utf-8")
    section = text[text.index("\n### 18.5 ") : text.index("\n## 19. ")]
    kinds: Dict[str, Kind] = {}
    for row in re.findall(r"^\| (`.*) \|$", section, re.MULTILINE):
        codes, severity, fails, opens = (cell.strip() for cell in row.split("|"))
        kind = Kind(tuple(severity.split(" or ")), _named(fails), _named(opens))
        kinds.update((code, kind) for code in _named(codes))
    return kinds


def _named(cell: str) -> Tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


KINDS = _read_kinds()


@dataclass(frozen=True)
class Trust:
    """What whoever checks brought along; None where nothing."""

    against: Optional[bytes] = None
    signers: Optional[List[Signer]] = None
    roots: Optional[str] = None


@dataclass
class Report:
    """Findings as they come, each stated once. One whose code or severity the table does not know is a mistake of this reader."""

    findings: List[Dict[str, str]] = field(default_factory=list)
    seen: Set[Tuple[str, str]] = field(default_factory=set)

    def add(self, code: str, where: str, severity: str = "error") -> None:
        if severity not in KINDS[code].severities:
            raise ValueError(f"{code} is never of severity {severity}")
        if (code, where) not in self.seen:
            self.seen.add((code, where))
            self.findings.append({"code": code, "severity": severity, "where": where})

    def decided(self, question: str) -> Optional[str]:
        """What the findings alone answer; None where they say nothing."""
        if any(one["severity"] == "error" and question in KINDS[one["code"]].fails for one in self.findings):
            return "fail"
        if any(one["severity"] == "note" and question in KINDS[one["code"]].opens for one in self.findings):
            return "unchecked"
        return None


def hashes_answer(report: Report, anything: bool) -> str:
    """Stored bytes against what the entries state."""
    return report.decided("hashes") or ("pass" if anything else "absent")


def chain_answer(report: Report) -> str:
    """Lines and links, or the inclusion of each entry."""
    return report.decided("chain") or "pass"


def signature_answer(report: Report, newest_signed: bool, is_open: bool) -> str:
    """Every checkpoint by the key in force; `absent` unless the newest is signed, `unchecked` where a time-stamp came late
    or the newest signature is by a stolen key and what signs the change is to come."""
    decided = report.decided("signature")
    if decided != "fail" and not newest_signed:
        return "absent"
    return decided or ("unchecked" if is_open else "pass")


def tokens_answer(report: Report, tokens: int, counted: int) -> str:
    """`tokens` files in all, of which `counted` were checked to the end and are trusted."""
    decided = report.decided("tokens")
    if decided != "fail" and tokens == 0:
        return "absent"
    return decided or ("pass" if counted else "unchecked")


def answers(report: Report, anything: bool, newest_signed: bool, is_open: bool, tokens: int, counted: int) -> Dict[str, str]:
    """The four answers, by question."""
    return {
        "hashes": hashes_answer(report, anything),
        "chain": chain_answer(report),
        "signature": signature_answer(report, newest_signed, is_open),
        "tokens": tokens_answer(report, tokens, counted),
    }
