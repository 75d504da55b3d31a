"""Tries what yt-dlp can do here, and prints it as one JSON line. Standard library only, Python 3.9 or newer.

Usage: python3 -I -B yt-dlp-abilities.py RUNTIME [ZIP]. RUNTIME is the path of a Node.js, or empty for none.

Asks yt-dlp's own modules, so that the answer is what a download would find. Whatever fails counts as not there.
"""

import hashlib
import json
import subprocess
import sys

LONGEST = 100


def started(runtime, script):
    """What a script prints, run as yt-dlp runs one: from stdin, without the right to read or write files."""
    flags = ["--permission"]
    if runtime.version_tuple < (23, 5, 0):
        flags = ["--experimental-permission", "--no-warnings=ExperimentalWarning"]
    ended = subprocess.run([runtime.path, *flags, "-"], input=script, capture_output=True, text=True)
    return ended.stdout.strip() if ended.returncode == 0 else None


def try_runtime(path):
    from yt_dlp.utils._jsruntime import NodeJsRuntime

    runtime = NodeJsRuntime(path=path).info
    works = runtime.supported and started(runtime, "console.log(JSON.stringify([6 * 7]))") == "[42]"
    return {"version": runtime.version[:LONGEST], "works": works}, runtime if works else None


def try_solver(runtime):
    import yt_dlp_ejs
    import yt_dlp_ejs.yt.solver as solver
    from yt_dlp.extractor.youtube.jsc._builtin import vendor

    scripts = {"lib": solver.lib(), "core": solver.core()}
    known = all(
        hashlib.sha3_512(code.encode()).hexdigest() == vendor.HASHES[f"yt.solver.{name}.min.js"]
        for name, code in scripts.items()
    )
    whole = "\n".join([scripts["lib"], "Object.assign(globalThis, lib);", scripts["core"], "console.log(typeof jsc);"])
    loads = None if runtime is None else started(runtime, whole) == "function"
    return {"version": yt_dlp_ejs.version[:LONGEST], "known": known, "loads": loads}


def try_targets():
    from yt_dlp import YoutubeDL

    with YoutubeDL({"quiet": True, "no_warnings": True, "cachedir": False}) as downloader:
        return [str(target)[:LONGEST] for target, _ in downloader._get_available_impersonate_targets()]


def attempt(work, otherwise):
    try:
        return work()
    except Exception:
        return otherwise


def main():
    path, *zips = sys.argv[1:]
    sys.path[:0] = zips
    told, runtime = attempt(lambda: try_runtime(path), (None, None)) if path else (None, None)
    solver = attempt(lambda: try_solver(runtime), None)
    targets = attempt(try_targets, [])
    print(json.dumps({"runtime": told, "solver": solver, "targets": targets}))


main()
