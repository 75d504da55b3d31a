"""Keys, SSHSIG signatures, allowed_signers and the history of keys (FORMAT.md §13)."""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
import shlex
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import List, Optional, Sequence, Tuple

import ed25519
from canonical import Refused
from log import Entry

NAMESPACE = "holdfast-checkpoint@v1"
PLAIN, DEVICE = b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com"
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
LINE = re.compile(r"(ssh-ed25519|sk-ssh-ed25519@openssh\.com) ([A-Za-z0-9+/]+={0,2})( .*)?\Z")


class Wire:
    """Reads the strings and numbers of RFC 4251 §5."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        if self.at + length > len(self.data):
            raise ValueError("breaks off")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self.at != len(self.data):
            raise ValueError("more than was announced")


@dataclass(frozen=True)
class Key:
    """A public key: its blob, the 32 bytes of the curve point, and the application of a FIDO key."""

    blob: bytes
    point: bytes
    application: Optional[bytes]

    @property
    def line(self) -> str:
        """As OpenSSH writes it, without a comment."""
        kind = PLAIN if self.application is None else DEVICE
        return f"{kind.decode()} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return "SHA256:" + digest.rstrip("=")


def read_key(blob: bytes) -> Key:
    """A key from its blob; ValueError where it is none of the two kinds."""
    wire = Wire(blob)
    kind = wire.string()
    if kind not in (PLAIN, DEVICE):
        raise ValueError("not a kind of key that is used here")
    point = wire.string()
    application = wire.string() if kind == DEVICE else None
    wire.end()
    if len(point) != 32:
        raise ValueError("not 32 bytes")
    return Key(blob, point, application)


def parse_key(line: str) -> Key:
    """A key as OpenSSH writes it, with or without a comment; ValueError where it is none."""
    found = LINE.match(line)
    if found is None:
        raise ValueError("no public key")
    key = read_key(base64.b64decode(found.group(2), validate=True))
    if not key.blob[4:].startswith(found.group(1).encode()):
        raise ValueError("says another type than it is")
    return key


def check_signature(message: bytes, armored: bytes, namespace: str = NAMESPACE) -> Key:
    """The key that signed; Refused with `signature-malformed` or `signature-wrong`."""
    try:
        key, over, signature, flags = _read_sshsig(message, armored, namespace)
    except (ValueError, UnicodeDecodeError, binascii.Error) as error:
        raise Refused("signature-malformed", str(error)) from None
    if key.application is not None:
        over = hashlib.sha256(key.application).digest() + flags + hashlib.sha256(over).digest()
    if not ed25519.verify(key.point, over, signature):
        raise Refused("signature-wrong")
    return key


def _read_sshsig(message: bytes, armored: bytes, namespace: str) -> Tuple[Key, bytes, bytes, bytes]:
    lines = armored.decode("ascii").removesuffix("\n").split("\n")
    if len(lines) < 3 or lines[0] != BEGIN or lines[-1] != END or "\r" in "".join(lines):
        raise ValueError("not armored")
    wire = Wire(base64.b64decode("".join(lines[1:-1]), validate=True))
    if wire.take(6) != b"SSHSIG" or wire.number() != 1:
        raise ValueError("no SSHSIG of version 1")
    key = read_key(wire.string())
    if wire.string() != namespace.encode():
        raise ValueError("another namespace")
    reserved, algorithm, blob = wire.string(), wire.string(), Wire(wire.string())
    wire.end()
    if reserved != b"" or algorithm not in (b"sha256", b"sha512"):
        raise ValueError("reserved or hash")
    kind, signature = blob.string(), blob.string()
    flags = blob.take(5) if key.application is not None else b""
    blob.end()
    if kind != (PLAIN if key.application is None else DEVICE) or len(signature) != 64:
        raise ValueError("a signature of another kind")
    digest = hashlib.new(algorithm.decode(), message).digest()
    parts = (namespace.encode(), b"", algorithm, digest)
    over = b"SSHSIG" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return key, over, signature, flags


@dataclass(frozen=True)
class Signer:
    """One line of an allowed_signers file."""

    principals: str
    namespaces: Optional[str]
    key: Key
    after: Optional[float] = None
    before: Optional[float] = None
    stolen: bool = False


def _in_patterns(value: str, patterns: str) -> bool:
    """OpenSSH's pattern list: `*` and `?`, and `!` in front refuses whatever else matches."""
    allowed = False
    for pattern in patterns.split(","):
        wanted = pattern[1:] if pattern.startswith("!") else pattern
        if fnmatchcase(value, wanted.replace("[", "[[]")):
            if pattern.startswith("!"):
                return False
            allowed = True
    return allowed


def parse_signers(text: str) -> List[Signer]:
    """The lines of an allowed_signers file whose keys are of a kind that is used here; ValueError otherwise."""
    signers = []
    for line in text.splitlines():
        if line.strip() == "" or line.lstrip().startswith("#"):
            continue
        words = shlex.split(line, posix=True)
        at = next((i for i, word in enumerate(words) if i > 0 and re.match(r"(sk-)?(ssh|ecdsa)-", word)), None)
        if at is None or at > 2 or at + 1 >= len(words):
            raise ValueError("no line of an allowed_signers file")
        if words[at].encode() not in (PLAIN, DEVICE):
            continue
        options = words[1] if at == 2 else ""
        found = re.search(r'(?:^|,)namespaces="?([^"]*?)"?(?=,(?:[a-z-]+=|cert-authority)|$)', options)
        if re.search(r"(^|,)cert-authority(,|$)", options):
            continue
        key = parse_key(" ".join(words[at : at + 2]))
        times = (_time_option(options, name) for name in ("valid-after", "valid-before"))
        stolen = re.search(r"[ \t]stolen[ \t\r]*\Z", line) is not None
        signers.append(Signer(words[0], found.group(1) if found else None, key, *times, stolen))
    return signers


def _time_option(options: str, name: str) -> Optional[float]:
    """Seconds since 1970; a time without Z counts as UTC."""
    found = re.search(rf'(?i:(?:^|,){name}=)"?([0-9]+)Z?(?="?(?:,|$))', options)
    if found is None:
        return None
    return datetime.strptime(found.group(1).ljust(14, "0") + "+0000", "%Y%m%d%H%M%S%z").timestamp()


def seconds(text: str) -> int:
    """An RFC 3339 time in whole seconds since 1970, cut off."""
    return int(datetime.strptime(text[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp())


def says_stolen(signers: Sequence[Signer], key: Key) -> bool:
    """Whether a line, for whatever origin, ends in the word `stolen` for this key (§13)."""
    return any(signer.stolen and signer.key.blob == key.blob for signer in signers)


def is_allowed(signers: Sequence[Signer], origin: str, key: Key, at: Optional[int]) -> bool:
    """Whether a line names this key for this origin and for checkpoints, at this second where one is given. Of a stolen
    key only the lines that say so count."""
    stolen = says_stolen(signers, key)
    return any(
        signer.key.blob == key.blob
        and signer.stolen == stolen
        and _in_patterns(origin, signer.principals)
        and (signer.namespaces is None or _in_patterns(NAMESPACE, signer.namespaces))
        and (at is None or (signer.after or at) <= at <= (signer.before or at))
        for signer in signers
    )


@dataclass(frozen=True)
class KeyChange:
    """A key, the entry that names it, and the smallest checkpoint that it signs."""

    seq: int
    key: Key
    signs_from: int
    at: str


@dataclass(frozen=True)
class Theft:
    """A key of which an entry says that it was stolen, and when that entry was written."""

    seq: int
    key: Key
    at: int


def thefts(entries: Sequence[Entry]) -> List[Theft]:
    """Each `key-rotated` entry with the reason `stolen` ends the key that the last such entry before it named."""
    found: List[Theft] = []
    named: Optional[Key] = None
    for entry in entries:
        if (entry.event, entry.seq) != ("vault-created", 1) and entry.event != "key-rotated":
            continue
        if named is not None and entry.event == "key-rotated" and entry.body.get("reason") == "stolen":
            found.append(Theft(entry.seq, named, seconds(entry.at)))
        try:
            named = parse_key(str(entry.body.get("public_key")))
        except (ValueError, binascii.Error):
            named = None
    return found


def key_history(entries: Sequence[Entry]) -> List[KeyChange]:
    """The keys in the order in which they came into force; one that cannot be read is left out."""
    history = []
    for entry in entries:
        if (entry.event, entry.seq) == ("vault-created", 1) or entry.event == "key-rotated":
            try:
                key = parse_key(str(entry.body.get("public_key")))
            except (ValueError, binascii.Error):
                continue
            at_once = (
                entry.event == "vault-created"
                or entry.body.get("reason") in ("lost", "stolen")
                or entry.body.get("previous") is None
            )
            history.append(KeyChange(entry.seq, key, entry.seq + (0 if at_once else 1), entry.at))
    return history


def key_in_force(history: Sequence[KeyChange], size: int) -> Optional[Key]:
    """The key that signs the checkpoint of `size` entries."""
    found: Optional[Key] = None
    for change in history:
        if change.signs_from <= size:
            found = change.key
    return found
