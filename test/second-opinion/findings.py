"""Findings and the four answers (FORMAT.md §18)."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Set, Tuple

from keys import Signer

SIGNATURE = re.compile(r"(signature(?!-absent)|key|witness|checkpoint|segment|history)-|other-log|signed-differs")
TOKENS = re.compile(r"token-(?!absent)|proof-(malformed|imprint|unchecked)")
CHAIN = re.compile(r"log-|entry-|export-begun-|inclusion-")
ABSENT = re.compile(r"(signature|token)-absent")


@dataclass(frozen=True)
class Trust:
    """What whoever checks brought along; None where nothing."""

    against: Optional[bytes] = None
    signers: Optional[List[Signer]] = None
    roots: Optional[str] = None


@dataclass
class Report:
    """Findings as they come, each stated once."""

    findings: List[Dict[str, str]] = field(default_factory=list)
    seen: Set[Tuple[str, str]] = field(default_factory=set)

    def add(self, code: str, where: str, severity: str = "error") -> None:
        if (code, where) not in self.seen:
            self.seen.add((code, where))
            self.findings.append({"code": code, "severity": severity, "where": where})

    def errors(self) -> List[str]:
        return [finding["code"] for finding in self.findings if finding["severity"] == "error"]

    def has(self, pattern: "re.Pattern[str]") -> bool:
        return any(pattern.match(code) for code in self.errors())


def hashes_answer(report: Report, anything: bool) -> str:
    """Every error that belongs to none of the other three answers is one of stored bytes."""
    others = (SIGNATURE, TOKENS, CHAIN, ABSENT)
    rest = [code for code in report.errors() if not any(other.match(code) for other in others)]
    return "fail" if rest else "pass" if anything else "absent"


def chain_answer(report: Report) -> str:
    """Lines and links, or the inclusion of each entry."""
    return "fail" if report.has(CHAIN) else "pass"


def signature_answer(report: Report, newest_signed: bool, is_open: bool) -> str:
    """Every checkpoint by the key in force; `absent` unless the newest is signed, `unchecked` where a time-stamp came late
    or the newest signature is by a stolen key and what signs the change is to come."""
    if report.has(SIGNATURE):
        return "fail"
    if not newest_signed:
        return "absent"
    late = any(one["code"] == "key-not-trusted" for one in report.findings)
    return "unchecked" if is_open or late else "pass"


def tokens_answer(report: Report, tokens: int, counted: int) -> str:
    """`tokens` files in all, of which `counted` were checked to the end and are trusted."""
    if report.has(TOKENS):
        return "fail"
    return "absent" if tokens == 0 else "pass" if counted else "unchecked"
