"""RFC 3161 tokens (FORMAT.md §15): own reading of imprint, time and certificates; the CMS signature is left to openssl: to `openssl ts`, and
where that cannot read a token to `openssl cms` with the checks around it."""
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
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
KEY_IDENTIFIER, OTHER_NAMES = "2.5.29.14", "2.5.29.17"
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
    key_identifier: Optional[bytes]
    other_names: "List[der.Node]"


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
    # Whether it has only what PKCS #7 has, which is all that `openssl ts` reads.
    plain: bool
    # The authority that it names, a GeneralName.
    authority: Optional[der.Node]
    # Of each signing-certificate attribute: its digest and the hash that comes first.
    named: "List[tuple[str, bytes]]"


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
    added = der.with_tag(parts[6:], 0xA3)
    extensions = {one.items()[0].oid(): one.items()[-1].content for one in (added.items()[0].items() if added else [])}
    identifier = extensions.get(KEY_IDENTIFIER)
    names = extensions.get(OTHER_NAMES)
    return Certificate(
        node.whole,
        parts[4].whole,
        parts[2].whole,
        parts[0].content,
        _seconds(before),
        _seconds(after),
        der.read_only(identifier).content if identifier else None,
        der.read_only(names).items() if names else [],
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
    signers = signed[-1].expect(der.SET).items()
    if len(signers) != 1:
        raise ValueError("not exactly one signer")
    _version, sid, digest, attributes = signers[0].items()[:4]
    revoked = der.with_tag(signed[3:], 0xA1)
    unsigned = (kept.items() if kept else []) + (revoked.items() if revoked else [])
    named = der.with_tag(info[5:], 0xA0)
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
        plain=sid.tag == der.SEQUENCE and all(node.tag == der.SEQUENCE for node in unsigned),
        authority=named.items()[0] if named else None,
        named=_named(attributes),
    )


def _named(attributes: der.Node) -> "List[tuple[str, bytes]]":
    """What SigningCertificate (SHA-1) and SigningCertificateV2 (SHA-256 where it names none) say of the first certificate."""
    found = []
    for attribute in attributes.items() if attributes.tag == 0xA0 else []:
        kind, values = attribute.items()
        if kind.oid() in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_2):
            first = values.items()[0].items()[0].items()[0].items()
            digest = "sha1" if kind.oid() == SIGNING_CERTIFICATE else "sha256"
            if first[0].tag == der.SEQUENCE:
                oid = first[0].items()[0].oid()
                digest = {DIGESTS[1]: "sha384", DIGESTS[2]: "sha512"}.get(oid, "sha256" if oid in DIGESTS else "other")
            found.append((digest, first[1 if first[0].tag == der.SEQUENCE else 0].content))
    return found


def _comparable(name: der.Node) -> object:
    """A GeneralName as openssl compares it: of a directory name the texts, without regard to case and runs of blanks."""
    if name.tag != 0xA4:
        return name.whole
    return _texts(der.read_only(name.content))


def _texts(name: der.Node) -> object:
    codecs = {0x14: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}
    pairs = [pair.items() for part in name.items() for pair in part.items()]
    return [
        (kind.oid(), " ".join(value.content.decode(codecs.get(value.tag, "utf-8"), "replace").lower().split()))
        for kind, value in pairs
    ]


def _fault_around(token: Token) -> bool:
    """No certificate named, another one, or another authority: `openssl cms` looks at none of these."""
    signer = token.signer
    if signer is None or not token.named:
        return True
    for digest, stated in token.named:
        if digest == "other" or hashlib.new(digest, signer.whole).digest() != stated:
            return True
    if token.authority is None:
        return False
    names = [_texts(der.read_only(signer.subject)), *(_comparable(name) for name in signer.other_names)]
    return _comparable(token.authority) not in names


def _rfc3339(text: str) -> str:
    found = GENERAL_TIME.match(text)
    if found is None:
        raise ValueError("no GeneralizedTime in UTC")
    t = found.group(1)
    return f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[8:10]}:{t[10:12]}:{t[12:]}.{((found.group(2) or '') + '000')[:3]}Z"


def _signer(sid: der.Node, certificates: Sequence[Certificate]) -> Optional[Certificate]:
    """The certificate that issuer and serial number name, or the identifier of its key."""
    if sid.tag != der.SEQUENCE:
        stated = sid.content if sid.tag == 0x80 else sid.items()[0].content
        return next((c for c in certificates if c.key_identifier == stated), None)
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
    token = der.read_only(response).items()[1].whole
    if read_response(response).plain:
        command = ["ts", "-verify", "-data", "{0}", "-in", "{1}", "-CAfile", "{2}", *options]
    else:
        command = ["cms", "-verify", "-inform", "DER", "-in", "{3}", "-binary", "-out", "{4}", "-CAfile", "{2}"]
        command += ["-no-CApath", "-no-CAstore", "-purpose", "timestampsign", *options]
    complaint = _openssl(command, (signed, response, roots.encode(), token, b""))
    if complaint is None:
        return None
    if re.search("has expired|not yet valid", complaint):
        return "token-expired"
    if not re.search("certificate verify error", complaint) or "purpose" in complaint:
        return "token-signature"
    # It stopped at the chain, before it looked at the signature.
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
    if _fault_around(token):
        raise Refused("token-signature")
    # Signature and purpose first, whatever the date: every certificate that came along counts as known.
    own = _verify(response, signed, _pem(token.certificates), ("-partial_chain", "-no_check_time"))
    if own == "token-signature":
        raise Refused(own)
    if any(not c.not_before <= token.epoch <= c.not_after for c in _chain(token)):
        raise Refused("token-expired")
    if not roots:
        return token, "token-untrusted"
    doubt = _verify(response, signed, roots, ("-partial_chain", "-attime", str(int(token.epoch))))
    if doubt not in (None, "token-untrusted"):
        raise Refused(str(doubt))
    return token, doubt


def read_roots(data: bytes) -> str:
    """The certificates of a file as PEM: one in DER, or all of a file in PEM; ValueError for anything else."""
    if data[:1] == b"\x30":
        _certificate(der.read_only(data))
        return "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(data).decode() + "-----END CERTIFICATE-----\n"
    pattern = rb"-----BEGIN (?:X509 )?CERTIFICATE-----([^-]*)-----END (?:X509 )?CERTIFICATE-----"
    found = [base64.b64decode(body) for body in re.findall(pattern, data)]
    if not found or len(found) != data.count(b"-----BEGIN"):
        raise ValueError("no certificate, or something else beside it")
    return _pem([_certificate(der.read_only(one)) for one in found])
