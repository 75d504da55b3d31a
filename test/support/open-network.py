"""Becomes a network of its own that looks like the internet to what runs in it, and hands out what listens there.

Usage: unshare -rnm python3 -I -S -B open-network.py CHANNEL FOLDER TCP-PORTS UDP-PORTS ADDRESS...

CHANNEL is the descriptor over which Node passes handles. FOLDER holds `hosts`, `resolv.conf` and `nsswitch.conf` for
/etc. ADDRESSES are added to the loopback interface, each with its whole class A, B or C network. Ports are numbers with
commas between; they listen on every address of IPv4 and IPv6. Lives until stdin ends.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS, SIOCSIFADDR = 0x8914, 0x8916
UP_AND_RUNNING = 0x1 | 0x40


def add_addresses(addresses):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", UP_AND_RUNNING))
        for number, address in enumerate(addresses):
            family = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(asked, SIOCSIFADDR, struct.pack("16s16s", b"lo:%d" % number, family))


def name_files(folder):
    for name in ("hosts", "resolv.conf", "nsswitch.conf"):
        place = os.path.realpath(os.path.join("/etc", name))
        subprocess.run(["mount", "--bind", os.path.join(folder, name), place], check=True)


def hand_out(outside, kind, listening, words):
    message = {"cmd": "NODE_HANDLE", "type": kind, "msg": words, "dgramType": "udp4"}
    socket.send_fds(outside, [json.dumps(message).encode() + b"\n"], [listening.fileno()])
    if not outside.recv(4096):
        sys.exit("nobody took what listens")


def listen(kind, family, port):
    listening = socket.socket(family, kind)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listening.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
    return listening


def numbers(text):
    return [int(number) for number in text.split(",")]


channel, folder, tcp_ports, udp_ports = sys.argv[1:5]
add_addresses(sys.argv[5:])
name_files(folder)
with socket.socket(fileno=int(channel)) as outside:
    for port in numbers(udp_ports):
        with listen(socket.SOCK_DGRAM, socket.AF_INET, port) as listening:
            hand_out(outside, "dgram.Socket", listening, port)
    for port in numbers(tcp_ports):
        with listen(socket.SOCK_STREAM, socket.AF_INET6, port) as listening:
            listening.listen(128)
            hand_out(outside, "net.Server", listening, port)
    sys.stdin.read()
