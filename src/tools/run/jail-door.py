"""Opens the door of a jail, passes it to holdfast, and becomes the program. Standard library only, Python 3.9 or newer.

Usage: python3 -I -S -B jail-door.py CHANNEL PORT PROGRAM ARGUMENT..., or CHANNEL PORT alone to wait for the end of stdin.

CHANNEL is the file descriptor over which Node.js passes handles between processes. The port listens in the jail's
network, and the process outside that receives the handle answers there. The channel is closed before the program
starts. This runs before every download: `json` and `socket` would double the time that Python takes to start.
"""

import _socket
import os
import resource
import sys

# What Node.js sends before a handle: one line of JSON.
WORDS = b'{"cmd": "NODE_HANDLE", "type": "net.Server", "msg": "door"}\n'


def open_door(channel, port):
    door = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    door.bind(("127.0.0.1", port))
    door.listen()
    outside = _socket.socket(fileno=channel)
    handle = door.fileno().to_bytes(4, sys.byteorder)
    outside.sendmsg([WORDS], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, handle)])
    # Wait until holdfast has taken the door: closing earlier could lose it.
    if not outside.recv(4096):
        sys.exit("holdfast did not take the door")
    outside.close()
    door.close()


open_door(int(sys.argv[1]), int(sys.argv[2]))
# The program must not inherit file descriptors that holdfast's parent left open.
os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
if sys.argv[3:]:
    os.execv(sys.argv[3], sys.argv[3:])
sys.stdin.read()
