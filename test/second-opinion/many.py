"""Answers one command line of verify.py after another: a JSON list of words a line, then a line with what came of it. A line
`{"findings": […]}` asks what such findings would decide where all else is in order.

    python3 many.py < LINES
"""
from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback
from typing import Any, Dict, List

import verify
from findings import Report, answers


def answer(words: List[str]) -> Dict[str, Any]:
    """Status and words of one run, as if it were a process of its own."""
    out, err = io.StringIO(), io.StringIO()
    status: Any = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = verify.main(words)
        except SystemExit as ended:
            status = ended.code
        except Exception:
            traceback.print_exc()
    return {"status": status, "stdout": out.getvalue(), "stderr": err.getvalue()}


def decide(found: List[Dict[str, str]]) -> Dict[str, str]:
    """The four answers where there are files, a signed checkpoint and a trusted token."""
    report = Report()
    for one in found:
        report.add(one["code"], one["where"], one["severity"])
    return answers(report, True, True, False, 1, 1)


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        told = decide(asked["findings"]) if isinstance(asked, dict) else answer(asked)
        print(json.dumps(told), flush=True)
