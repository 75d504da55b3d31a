"""Types into a shell on a terminal of its own.

Each line of stdin holds, as JSON, what is typed and what then must appear. Prints what appeared for each, without what steers
a terminal. Ends by itself where the shell ends or says nothing for long.
"""

import json
import os
import pty
import re
import select
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])


steering = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x07")


def read_until(text):
    seen = b""
    while text.encode() not in steering.sub(b"", seen):
        ready, _, _ = select.select([terminal], [], [], 20)
        if not ready:
            break
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            break
    return steering.sub(b"", seen).decode("utf-8", "replace")


for line in sys.stdin:
    typed, wanted = json.loads(line)
    os.write(terminal, typed.encode())
    print(json.dumps(read_until(wanted)), flush=True)
os.close(terminal)
