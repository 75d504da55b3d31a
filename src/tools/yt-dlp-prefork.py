"""Imports yt-dlp once, then forks one child per request. Standard library only, Python 3.9 or newer.

Usage: python3 -I -B yt-dlp-prefork.py [ZIP], in a private folder with a listening Unix socket named `socket`.

Each line on stdin is a request; the answers, one JSON line each, go to stdout: {"ready": version} once, then for a
request {"failed": id} or {"started": id, "pid": n}, and {"ended": id, "exit": n or null, "signal": n or null}.
End of stdin ends this process, and its end kills every child. Only children ever see what a server sent.
"""

import ctypes
import gc
import io
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import traceback

PR_SET_PDEATHSIG = 1
PAGE = b'<html><head><title>rehearsal</title></head><body><video src="/clip.mp4"></video></body></html>'


def refuse(*_args, **_options):
    raise OSError("nothing is fetched while yt-dlp is loaded")


def rehearse(yt_dlp):
    """Looks up a page of our own, so that what a first look-up imports, compiles and asks the system for is there."""
    download = yt_dlp.YoutubeDL.urlopen
    connect_of, look_up = socket.socket.connect, socket.getaddrinfo
    try:
        from yt_dlp.networking import Response

        socket.socket.connect = socket.getaddrinfo = refuse
        url = "http://rehearsal.invalid/page"
        html = {"Content-Type": "text/html"}
        yt_dlp.YoutubeDL.urlopen = lambda *_: Response(io.BytesIO(PAGE), url, html)
        yt_dlp.main(["--ignore-config", "--no-cache-dir", "--no-update", "--quiet", "--simulate", url])
    except (Exception, SystemExit):
        # Another version may be made otherwise; its children are slower then, and that is all.
        pass
    finally:
        yt_dlp.YoutubeDL.urlopen = download
        socket.socket.connect, socket.getaddrinfo = connect_of, look_up


def connect(token):
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.connect("socket")
    channel.sendall(token.encode() + b"\n")
    return channel


def confine(parent, prctl, request, channels):
    """Makes this fork what a process of its own would be, with the two channels as its stdout and stderr."""
    for target, channel in enumerate(channels, start=1):
        os.dup2(channel.fileno(), target)
        channel.detach()
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    for name, value in request["limits"].items():
        resource.setrlimit(getattr(resource, "RLIMIT_" + name.upper()), (value, value))
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None
    os.chdir(request["cwd"])
    sys.argv = [request["program"], *request["argv"]]


def exit_status(end):
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def child(yt_dlp, *surroundings):
    """Never returns: whatever happens in a child, it must not go on as the parent would."""
    status = 1
    try:
        confine(*surroundings)
        yt_dlp.main()
        status = 0
    except SystemExit as end:
        status = exit_status(end)
    except BaseException:
        traceback.print_exc()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = 120
    os._exit(status)


class Server:
    def __init__(self, yt_dlp, control, answers):
        self.yt_dlp = yt_dlp
        self.control = control
        self.answers = answers
        self.children = {}
        self.parent = os.getpid()
        self.prctl = ctypes.CDLL(None).prctl

    def answer(self, **words):
        os.write(self.answers, json.dumps(words).encode() + b"\n")

    def fork(self, request):
        pid, channels = None, []
        try:
            channels.append(connect(request["stdout"]))
            channels.append(connect(request["stderr"]))
            pid = os.fork()
        except OSError:
            pass
        if pid == 0:
            child(self.yt_dlp, self.parent, self.prctl, request, channels)
        for channel in channels:
            channel.close()
        if pid is None:
            self.answer(failed=request["id"])
            return
        self.children[pid] = request["id"]
        self.answer(started=request["id"], pid=pid)

    def reap(self):
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            killed = os.WIFSIGNALED(status)
            self.answer(
                ended=self.children.pop(pid),
                exit=None if killed else os.WEXITSTATUS(status),
                signal=os.WTERMSIG(status) if killed else None,
            )

    def serve(self):
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self.control, woken], [], [])
            if woken in ready:
                os.read(woken, 4096)
                self.reap()
            if self.control in ready:
                line = self.control.readline()
                if not line:
                    return
                self.fork(json.loads(line))


def main():
    # Unbuffered: a child must not find a later request in its memory. Nothing else can write where answers go.
    control = open(os.dup(0), "rb", buffering=0)
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.path[:0] = sys.argv[1:]

    import yt_dlp
    import yt_dlp.version

    rehearse(yt_dlp)
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    gc.freeze()
    server = Server(yt_dlp, control, answers)
    server.answer(ready=yt_dlp.version.__version__)
    server.serve()
    os._exit(0)


main()
