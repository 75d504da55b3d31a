"""Opens the one door of a jail, hands it out, and becomes the program. Standard library only, Python 3.9 or newer.

Usage: python3 -I -S -B jail-door.py CHANNEL PORT PROGRAM ARGUMENT..., or CHANNEL PORT alone to wait for the end of stdin.

CHANNEL is the number of the descriptor over which Node passes handles between processes: the port listens in the network
of the jail, and the process outside that gets the handle is who answers there. Nothing of the channel is left when the
program begins.
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
        # Until it has been taken: what is closed earlier may be lost.
        if not outside.recv(4096):
            sys.exit("nobody took the door")


open_door(int(sys.argv[1]), int(sys.argv[2]))
# What whoever started holdfast left open is nothing for the program.
os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
if sys.argv[3:]:
    os.execv(sys.argv[3], sys.argv[3:])
sys.stdin.read()
