"""A second opinion on a holdfast vault or package, written from schemas/FORMAT.md alone.

    python3 verify.py [--against FILE] [--signers FILE] [--tsa-ca FILE] VAULT|PACKAGE

Prints one JSON object. Exit status: 0 nothing wrong, 1 findings, 2 it could not be checked at all.
"""
from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, Sequence

import checkpoints
import keys
import package
import timestamp
import vault
from findings import Trust


def verify(path: str, trust: Trust) -> Dict[str, Any]:
    """The report of whatever lies there."""
    looks_like_vault = os.path.isdir(path) and any(
        os.path.lexists(os.path.join(path, name)) for name in ("vault.db", "holdfast.json")
    )
    found = vault.verify_vault(path, trust) if looks_like_vault else package.verify_package(path, trust)
    return {"ok": all(one["severity"] != "error" for one in found["findings"]), **found}


def main(words: Sequence[str]) -> int:
    """Does what a command line says and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--against", "--signers", "--tsa-ca"):
        parser.add_argument(option)
    parser.add_argument("path")
    given = parser.parse_args(words)
    try:
        against = Path(given.against).read_bytes() if given.against else None
        if against is not None:
            checkpoints.find_checkpoint(against)
        signers = keys.parse_signers(Path(given.signers).read_text("utf-8")) if given.signers else None
        roots = timestamp.read_roots(Path(given.tsa_ca).read_bytes()) if given.tsa_ca else None
        report = verify(given.path, Trust(against, signers, roots))
    except (OSError, ValueError) as error:
        print(f"not checked: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
