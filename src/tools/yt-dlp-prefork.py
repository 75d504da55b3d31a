"""Keeps yt-dlp loaded and forks a child for each download: loading it takes longer than many a download.

Started by kept-yt-dlp.ts as `python3 -I yt-dlp-prefork.py PACKAGE`, PACKAGE being what goes on sys.path, or "". Reads one
request a line on stdin, writes one event a line on stdout. This process never touches anything that a server sent: each
child has its own session, limits, folder and environment, and ends with its download.
"""

import ctypes
import gc
import importlib
import json
import os
import random
import re
import resource
import select
import signal
import socket
import sys
import tempfile
import traceback

PR_SET_PDEATHSIG = 1
LIMITS = {
    "as": resource.RLIMIT_AS,
    "fsize": resource.RLIMIT_FSIZE,
    "cpu": resource.RLIMIT_CPU,
    "nofile": resource.RLIMIT_NOFILE,
    "core": resource.RLIMIT_CORE,
}
# What nearly every download needs, and yt-dlp would otherwise load in each child.
USED_BY_ALL = (
    "extractor.generic",
    "downloader.http",
    "downloader.hls",
    "downloader.dash",
    "networking._urllib",
    "networking._requests",
    "postprocessor",
    "update",
    "cookies",
)


class NoNetwork(OSError):
    pass


def refuse(*_args, **_options):
    raise NoNetwork("nothing is fetched while yt-dlp is loaded")


def load():
    import yt_dlp

    for name in USED_BY_ALL:
        try:
            importlib.import_module("yt_dlp." + name)
        except ImportError:
            pass  # Versions differ in what they are made of.
    connect_of, look_up = socket.socket.connect, socket.getaddrinfo
    socket.socket.connect = socket.getaddrinfo = refuse
    try:
        meet_extractors(yt_dlp)
    finally:
        socket.socket.connect, socket.getaddrinfo = connect_of, look_up
    return yt_dlp


def meet_extractors(yt_dlp):
    """Asks each extractor about an address and a page with nothing in it: then its module and patterns are ready."""
    # The patterns of all of them are more than `re` keeps; without room they are compiled again in each child.
    re._MAXCACHE = 1 << 16
    with yt_dlp.YoutubeDL({"quiet": True, "no_warnings": True, "cachedir": False}) as downloader:
        for extractor in yt_dlp.extractor.gen_extractor_classes():
            try:
                extractor.suitable("https://localhost/")
                list(extractor.extract_from_webpage(downloader, "https://localhost/", "<html></html>"))
            except Exception:
                pass  # It will say the same to whoever asks it for real.


def libc():
    return ctypes.CDLL(None, use_errno=True)


def connect(path, token, end):
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.connect(path)
    stream.sendall(("%s %s\n" % (token, end)).encode("ascii"))
    return stream


def confine(request, parent, c):
    """Puts this process, just forked, where a program of its own would be (run.ts, `confinedCommand`)."""
    os.setsid()
    c.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    out = connect(request["socket"], request["token"], "stdout")
    err = connect(request["socket"], request["token"], "stderr")
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    out.detach()
    err.detach()
    signal.set_wakeup_fd(-1)
    os.closerange(3, 1024)
    for name in (signal.SIGCHLD, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(name, signal.SIG_DFL)
    # As the interpreter itself has them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None
    random.seed()
    for name, value in request["limits"].items():
        resource.setrlimit(LIMITS[name], (value, value))


def download(yt_dlp, request, parent, c):
    """Never returns. Ends as `python3 yt-dlp ARGV…` would."""
    status = 1
    try:
        confine(request, parent, c)
        sys.argv = ["yt-dlp"] + request["argv"]
        try:
            yt_dlp.main(request["argv"])
            status = 0
        except SystemExit as end:
            if end.code is None:
                status = 0
            elif isinstance(end.code, int):
                status = end.code & 0xFF
            else:
                print(end.code, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass  # Nobody reads any more.
    finally:
        os._exit(status)


def main():
    package = sys.argv[1]
    if package:
        sys.path.insert(0, package)
    # A copy that no child keeps; what loading prints must not pass for an event.
    events = os.fdopen(os.dup(1), "w", buffering=1, encoding="ascii")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yt_dlp = load()
    c = libc()
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    gc.collect()
    gc.freeze()
    parent = os.getpid()
    running = {}

    def tell(**event):
        events.write(json.dumps(event) + "\n")

    def reap():
        try:
            os.read(woken, 4096)
        except BlockingIOError:
            pass
        while running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            number = running.pop(pid)
            ended = os.WIFEXITED(status)
            tell(
                id=number,
                exit=os.WEXITSTATUS(status) if ended else None,
                signal=None if ended else signal.Signals(os.WTERMSIG(status)).name,
            )

    tell(version=yt_dlp.version.__version__)
    rest = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            reap()
        if 0 not in ready:
            continue
        data = os.read(0, 65536)
        if not data:
            return
        lines = (rest + data).split(b"\n")
        rest = lines.pop()
        for line in lines:
            request = json.loads(line)
            pid = os.fork()
            if pid == 0:
                download(yt_dlp, request, parent, c)
            running[pid] = request["id"]
            tell(id=request["id"], pid=pid)


if __name__ == "__main__":
    main()
