"""RFC 3161 tokens (FORMAT.md §15): own reading of imprint, time and certificates; the CMS signature is left to openssl."""
from __future__ import annotations

import calendar
import hashlib
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import List, Optional, Sequence

import base64
import der
from canonical import Refused

SIGNED_DATA, TST_INFO, SHA_256 = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4", "2.16.840.1.101.3.4.2.1"
DIGESTS = tuple(f"2.16.840.1.101.3.4.2.{last}" for last in (1, 2, 3))
GENERAL_TIME = re.compile(r"(\d{14})(?:\.(\d+))?Z\Z")


@dataclass(frozen=True)
class Certificate:
    """What a chain is made of; times in seconds since 1970."""

    whole: bytes
    subject: bytes
    issuer: bytes
    serial: bytes
    not_before: float
    not_after: float


@dataclass(frozen=True)
class Token:
    """What a token states. `gen_time` is RFC 3339 with milliseconds, finer digits cut."""

    algorithm: str
    imprint: bytes
    gen_time: str
    epoch: float
    policy: str
    serial: str
    digest: str
    signer: Optional[Certificate]
    certificates: List[Certificate]


def _seconds(node: der.Node) -> float:
    text = node.content.decode("ascii")
    if node.tag == der.UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    found = GENERAL_TIME.match(text)
    if found is None:
        raise ValueError("no time")
    whole = calendar.timegm(time.strptime(found.group(1), "%Y%m%d%H%M%S"))
    return whole + float("0." + (found.group(2) or "0"))


def _certificate(node: der.Node) -> Certificate:
    parts = node.expect(der.SEQUENCE).items()[0].items()
    parts = parts[1:] if parts[0].tag == 0xA0 else parts
    before, after = parts[3].items()
    return Certificate(
        node.whole, parts[4].whole, parts[2].whole, parts[0].content, _seconds(before), _seconds(after)
    )


def read_response(data: bytes) -> Token:
    """The token of a granted TimeStampResp, or Refused `token-malformed`."""
    try:
        return _read_response(data)
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise Refused("token-malformed", str(error)) from None


def _read_response(data: bytes) -> Token:
    parts = der.read_only(data).expect(der.SEQUENCE).items()
    status = parts[0].expect(der.SEQUENCE).items()[0].expect(der.INTEGER).integer()
    if status not in (0, 1):
        raise ValueError("not granted")
    kind, content = parts[1].expect(der.SEQUENCE).items()
    if kind.oid() != SIGNED_DATA:
        raise ValueError("no signed data")
    signed = der.read_only(content.expect(0xA0).content).items()
    wrapped = signed[2].items()
    if wrapped[0].oid() != TST_INFO:
        raise ValueError("no TSTInfo")
    octets = der.read_only(wrapped[1].expect(0xA0).content).expect(der.OCTETS)
    info = der.read_only(octets.content).expect(der.SEQUENCE).items()
    if info[0].expect(der.INTEGER).integer() != 1:
        raise ValueError("TSTInfo of another version")
    imprint = info[2].items()
    kept = der.with_tag(signed[3:], 0xA0)
    certificates = [_certificate(node) for node in (kept.items() if kept else []) if node.tag == der.SEQUENCE]
    _version, sid, digest = signed[-1].expect(der.SET).items()[0].items()[:3]
    when = info[4].expect(der.GENERALIZED_TIME)
    return Token(
        algorithm=imprint[0].items()[0].oid(),
        imprint=imprint[1].expect(der.OCTETS).content,
        gen_time=_rfc3339(when.content.decode("ascii")),
        epoch=_seconds(when),
        policy=info[1].oid(),
        serial=str(info[3].expect(der.INTEGER).integer()),
        digest=digest.items()[0].oid(),
        signer=_signer(sid, certificates),
        certificates=certificates,
    )


def _rfc3339(text: str) -> str:
    found = GENERAL_TIME.match(text)
    if found is None:
        raise ValueError("no GeneralizedTime in UTC")
    t = found.group(1)
    return f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[8:10]}:{t[10:12]}:{t[12:]}.{((found.group(2) or '') + '000')[:3]}Z"


def _signer(sid: der.Node, certificates: Sequence[Certificate]) -> Optional[Certificate]:
    """The certificate that issuer and serial number name."""
    if sid.tag != der.SEQUENCE:
        return None
    issuer, serial = sid.items()
    return next((c for c in certificates if (c.issuer, c.serial) == (issuer.whole, serial.content)), None)


def _chain(token: Token) -> List[Certificate]:
    """From the signer upwards as far as the token has certificates, by name alone."""
    chain = [token.signer] if token.signer else []
    while chain and chain[-1].subject != chain[-1].issuer and len(chain) < 10:
        above = next((c for c in token.certificates if c.subject == chain[-1].issuer and c not in chain), None)
        if above is None:
            break
        chain.append(above)
    return chain


def openssl() -> Optional[str]:
    """Where openssl is; None where it is not."""
    return shutil.which("openssl")


def _pem(certificates: Sequence[Certificate]) -> str:
    return "".join(
        "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(c.whole).decode() + "-----END CERTIFICATE-----\n"
        for c in certificates
    )


def _openssl(command: Sequence[str], contents: Sequence[bytes]) -> Optional[str]:
    """What openssl has to say against it; None where nothing. `{0}` and so on stand for files with these contents."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / str(number)) for number in range(len(contents))]
        for path, content in zip(paths, contents):
            Path(path).write_bytes(content)
        words = ["openssl", *(word.format(*paths) for word in command)]
        environment = {"PATH": str(Path(openssl() or "/usr/bin/openssl").parent), "SSL_CERT_DIR": folder}
        done = subprocess.run(words, capture_output=True, env=environment, stdin=subprocess.DEVNULL, timeout=60)
        return None if done.returncode == 0 else (done.stdout + done.stderr).decode("utf-8", "replace")


@lru_cache(maxsize=None)
def _verify(response: bytes, signed: bytes, roots: str, options: Sequence[str]) -> Optional[str]:
    """`token-expired`, `token-untrusted` or `token-signature` by what `openssl ts -verify` objects to."""
    command = ["ts", "-verify", "-data", "{0}", "-in", "{1}", "-CAfile", "{2}", *options]
    complaint = _openssl(command, (signed, response, roots.encode()))
    if complaint is None:
        return None
    if re.search("has expired|not yet valid", complaint):
        return "token-expired"
    if not re.search("certificate verify error", complaint) or "purpose" in complaint:
        return "token-signature"
    # It stopped at the chain, before it looked at the signature.
    token = der.read_only(response).items()[1].whole
    command = ["cms", "-verify", "-noverify", "-inform", "DER", "-in", "{0}", "-out", "{1}"]
    return "token-signature" if _openssl(command, (token, b"")) else "token-untrusted"


def check_token(response: bytes, signed: bytes, roots: Optional[str]) -> "tuple[Token, Optional[str]]":
    """The token and `token-untrusted` or None; Refused with the code of what is wrong. Without openssl the signature
    is not looked at and the second is `unchecked`."""
    token = read_response(response)
    if token.algorithm != SHA_256 or token.imprint != hashlib.sha256(signed).digest():
        raise Refused("token-imprint")
    if token.signer is None or token.digest not in DIGESTS:
        raise Refused("token-signature", "the certificate that signed is not in it, or SHA-1")
    if openssl() is None:
        return token, "unchecked"
    # Signature and purpose first, whatever the date: every certificate that came along counts as known.
    own = _verify(response, signed, _pem(token.certificates), ("-partial_chain", "-no_check_time"))
    if own == "token-signature":
        raise Refused(own)
    if any(not c.not_before <= token.epoch <= c.not_after for c in _chain(token)):
        raise Refused("token-expired")
    if not roots:
        return token, "token-untrusted"
    doubt = _verify(response, signed, roots, ("-attime", str(int(token.epoch))))
    if doubt not in (None, "token-untrusted"):
        raise Refused(str(doubt))
    return token, doubt
