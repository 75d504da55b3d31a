"""Answers one command line of verify.py after another: a JSON list of words a line, then a line with what came of it.

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


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
