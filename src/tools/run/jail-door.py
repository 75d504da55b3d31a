"""Opens the door of a jail, passes it to holdfast, and becomes the program. Standard library only, Python 3.9 or newer.

Usage: python3 -I -S -B jail-door.py CHANNEL PORT PROGRAM ARGUMENT..., or CHANNEL PORT alone to wait for the end of stdin.

CHANNEL is the file descriptor over which Node.js passes handles between processes. The port listens in the jail's
network, and the process outside that receives the handle answers there. The channel is closed before the program
starts.
"""

import json
import os
import resource
import socket
import sys


def open_door(channel, port):
    with socket.create_server(("127.0.0.1", port)) as door, socket.socket(fileno=channel) as outside:
        words = {"cmd": "NODE_HANDLE", "type": "net.Server", "msg": "door"}
        socket.send_fds(outside, [json.dumps(words).encode() + b"\n"], [door.fileno()])
        # Wait until holdfast has taken the door: closing earlier could lose it.
        if not outside.recv(4096):
            sys.exit("holdfast did not take the door")


open_door(int(sys.argv[1]), int(sys.argv[2]))
# The program must not inherit file descriptors that holdfast's parent left open.
os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
if sys.argv[3:]:
    os.execv(sys.argv[3], sys.argv[3:])
sys.stdin.read()
