"""Imports yt-dlp once, then forks one child per request. Standard library only, Python 3.9 or newer.

Usage: python3 -I -B yt-dlp-prefork.py ZIP OPTION..., in a private folder with a listening Unix socket named `socket`.

ZIP is empty if Python finds yt-dlp among its own packages. The options are those of a usual download, without address.

Each line on stdin is a request; the answers, one JSON line each, go to stdout: {"ready": version} once, then for a
request {"failed": id} or {"started": id, "pid": n}, and {"ended": id, "exit": n or null, "signal": n or null}.
End of stdin ends this process, and its end kills every child. Only children ever see what a server sent.
"""

import contextlib
import contextvars
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

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
LINUX_CAPABILITY_VERSION_3 = 0x20080522
# Mount, control group, host name, message, user, process and network namespaces, as numbered in <linux/sched.h>.
NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
PAGE = b'<html><head><title>rehearsal</title></head><body><video src="/clip.mp4"></video></body></html>'
CLIP = b"no clip"


def refuse(*_args, **_options):
    raise OSError("no network access while yt-dlp is being loaded")


def order_once():
    """
    Hands each child the order of all extractors, which yt-dlp works out anew whenever it starts by comparing each name with
    each other: a third of all that a child does for a short clip.
    """
    try:
        module = sys.modules["yt_dlp.YoutubeDL"]
        work_out = module.orderedSet_from_options
    except (KeyError, AttributeError):
        return
    known = {}

    def recall(*asked, **options):
        question = repr((asked, options))
        if question not in known:
            known[question] = work_out(*asked, **options)
        return list(known[question])

    module.orderedSet_from_options = recall


def trust_once():
    """
    Reads the trusted roots before the forks: a quarter of all that a child does for a short clip. A child's first context for
    TLS is its own copy of the one made here, with which nobody has connected, if it asks for just these settings. For others,
    and for any further context, yt-dlp makes a new one.
    """
    usual = {"verify": True, "legacy_support": False, "use_certifi": True}
    try:
        module = sys.modules["yt_dlp.networking.common"]
        make = module.make_ssl_context
        ready = [make(**usual)]
    except Exception:
        # With another version of yt-dlp, its children may have to read the roots themselves.
        return

    def take(**asked):
        return ready.pop() if ready and asked == usual else make(**asked)

    module.make_ssl_context = take


def rehearse(yt_dlp, options):
    """Downloads a built-in page and clip, so that whatever the first download imports, compiles and loads is ready."""
    download = yt_dlp.YoutubeDL.urlopen
    connect_of, look_up = socket.socket.connect, socket.getaddrinfo
    try:
        from yt_dlp.networking import Response

        def answer(_, request):
            url = getattr(request, "url", request)
            kind, body = ("video/mp4", CLIP) if url.endswith(".mp4") else ("text/html", PAGE)
            return Response(io.BytesIO(body), url, {"Content-Type": kind, "Content-Length": str(len(body))})

        socket.socket.connect = socket.getaddrinfo = refuse
        yt_dlp.YoutubeDL.urlopen = answer
        # What is loaded during the first extraction pushes compiled patterns out of Python's cache: only then the download.
        for way in ("--simulate", "--no-simulate"):
            arguments = [*options, "--quiet", way, "--", "http://rehearsal.invalid/page"]
            # yt-dlp keeps in its context where ffmpeg is.
            with contextlib.suppress(SystemExit):
                contextvars.copy_context().run(yt_dlp.main, arguments)
    except Exception:
        # This may fail with another version of yt-dlp; its children then only start more slowly.
        pass
    finally:
        yt_dlp.YoutubeDL.urlopen = download
        socket.socket.connect, socket.getaddrinfo = connect_of, look_up


def connect(token):
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.connect("socket")
    channel.sendall(token.encode() + b"\n")
    return channel


def step_into(jail):
    """Moves this process into the namespaces of a jail, given the first process in it; later forks live there too."""
    first = os.pidfd_open(jail)
    if LIBC.setns(first, sum(NAMESPACES)) != 0:
        raise OSError(ctypes.get_errno(), "the jail cannot be entered")
    os.close(first)


def follow_into(jail):
    """Continues as a fork inside the jail; this process stays outside and ends as the fork does. The fork cannot regain rights."""
    step_into(jail)
    inner = os.fork()
    if inner:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _, status = os.waitpid(inner, 0)
        if os.WIFSIGNALED(status):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), os.WTERMSIG(status))
        os._exit(os.WEXITSTATUS(status))
    die_with_parent(0)
    for right in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, right, 0, 0, 0)
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    if LIBC.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "the capabilities could not be dropped")


def die_with_parent(parent):
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def confine(parent, request, channels, begun):
    """Sets this fork up like a separate process, with the two channels as stdout and stderr, and reports that it started."""
    for target, channel in enumerate(channels, start=1):
        os.dup2(channel.fileno(), target)
        channel.detach()
    os.setsid()
    die_with_parent(parent)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(begun, 3)
    os.closerange(4, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    if request["jail"] is not None:
        follow_into(request["jail"])
    for name, value in request["limits"].items():
        resource.setrlimit(getattr(resource, "RLIMIT_" + name.upper()), (value, value))
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None
    os.chdir(request["cwd"])
    sys.argv = [request["program"], *request["argv"]]
    os.write(3, b"1")
    os.close(3)


def exit_status(end):
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def child(yt_dlp, *surroundings):
    """Never returns: whatever happens in a child, it must not continue with the parent's work."""
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

    def answer(self, **words):
        os.write(self.answers, json.dumps(words).encode() + b"\n")

    def fork(self, request):
        pid, channels, begun = None, [], None
        try:
            channels.append(connect(request["stdout"]))
            channels.append(connect(request["stderr"]))
            begun = os.pipe()
            pid = os.fork()
        except OSError:
            pass
        if pid == 0:
            child(self.yt_dlp, self.parent, request, channels, begun[1])
        for channel in channels:
            channel.close()
        if pid is not None and not self.has_begun(begun, pid):
            pid = None
        if pid is None:
            self.answer(failed=request["id"])
            return
        self.children[pid] = request["id"]
        self.answer(started=request["id"], pid=pid)

    def has_begun(self, begun, pid):
        """Whether a fork reached yt-dlp; one that did not has ended."""
        heard, said = begun
        os.close(said)
        word = os.read(heard, 1)
        os.close(heard)
        if not word:
            os.waitpid(pid, 0)
        return bool(word)

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
    # Unbuffered, so that no child has a later request in its memory. Only this process can write to the answers' pipe.
    control = open(os.dup(0), "rb", buffering=0)
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    zip_file, *options = sys.argv[1:]
    sys.path[:0] = [zip_file] if zip_file else []

    import yt_dlp
    import yt_dlp.version

    order_once()
    rehearse(yt_dlp, options)
    trust_once()
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    gc.freeze()
    server = Server(yt_dlp, control, answers)
    server.answer(ready=yt_dlp.version.__version__)
    server.serve()
    os._exit(0)


main()
