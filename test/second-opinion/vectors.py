"""Runs the vectors of test/vectors: one JSON line per vector with what this program makes of it.

    python3 vectors.py FOLDER…
"""
from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Dict

import canonical
import checkpoints
import keys
import log
import opentimestamps
import timestamp
from canonical import Refused


def canonical_json(vector: Dict[str, Any]) -> Any:
    """`encode`: any JSON text, to be written canonically. `parse`: text that must be canonical."""
    try:
        if "encode" in vector:
            return {"canonical": canonical.encode(canonical.read_json(vector["encode"]))}
        return {"value": canonical.parse(vector["parse"].encode("utf-8", "surrogatepass"))}
    except Refused as refused:
        return {"code": refused.code}


def entries(vector: Dict[str, Any]) -> Any:
    """One line without its LF: its hash or the code."""
    try:
        return {"hash": log.parse_entry(vector["line"].encode("utf-8", "surrogatepass")).hash}
    except Refused as refused:
        return {"code": refused.code}


def chains(vector: Dict[str, Any]) -> Any:
    """A whole log: every fault with its place from 1."""
    faults, _ = log.check_chain(line.encode("utf-8", "surrogatepass") for line in vector["lines"])
    return [{"line": row, "code": code} for row, code in faults]


def captures(vector: Dict[str, Any]) -> Any:
    """A whole log: what is wrong with the order of its captures and versions."""
    _, found = log.check_chain(line.encode() for line in vector["lines"])
    return [{"entry": seq, "code": code} for seq, code in log.check_statements(found)]


def _hashes(values: Any) -> Any:
    return [bytes.fromhex(value) for value in values]


def merkle(vector: Dict[str, Any]) -> Any:
    """A proof, or roots and digests over all proofs, in the words of the vector itself."""
    if vector["kind"] == "inclusion":
        leaf, root = _hashes([vector["leaf"], vector["root"]])
        return log.is_included(leaf, vector["index"], vector["size"], _hashes(vector["proof"]), root)
    if vector["kind"] == "consistency":
        old_root, new_root = _hashes([vector["old_root"], vector["new_root"]])
        sizes = (vector["old_size"], vector["new_size"])
        return log.is_consistent(*sizes, old_root, new_root, _hashes(vector["proof"]))
    if vector["kind"] == "roots":
        leaves = [log.leaf_hash(leaf) for leaf in _hashes(vector["leaves_hex"])]
        return [log.tree_root(leaves[:size]).hex() for size in range(len(leaves) + 1)]
    return _every_size([log.leaf_hash(line.encode() + b"\n") for line in vector["lines"]])


def _every_size(leaves: Any) -> Any:
    result: Dict[str, Any] = {"roots": [], "inclusion_proofs_sha256": [], "consistency_proofs_sha256": []}
    for size in range(len(leaves) + 1):
        tree = leaves[:size]
        inclusion = b"".join(hash for i in range(size) for hash in log.inclusion_proof(tree, i))
        consistency = b"".join(hash for old in range(size + 1) for hash in log.consistency_proof(tree, old))
        result["roots"].append(log.tree_root(tree).hex())
        result["inclusion_proofs_sha256"].append(hashlib.sha256(inclusion).hexdigest())
        result["consistency_proofs_sha256"].append(hashlib.sha256(consistency).hexdigest())
    return result


def signatures(vector: Dict[str, Any]) -> Any:
    """Message, armored signature and namespace: the key that signed, or the code."""
    try:
        message, armored = vector["message"].encode(), vector["signature"].encode()
        return {"key": keys.check_signature(message, armored, vector["namespace"]).line}
    except Refused as refused:
        return {"code": refused.code}


def signers(vector: Dict[str, Any]) -> Any:
    """A list of signers: whether it names the key for the origin, calls it stolen, and allows it at a time."""
    lines, key = keys.parse_signers(vector["signers"]), keys.parse_key(vector["key"])
    at = keys.seconds(vector["at"])
    named, allowed = (keys.is_allowed(lines, vector["origin"], key, time) for time in (None, at))
    return {"named": named, "stolen": keys.says_stolen(lines, key), "allowed": allowed}


def tokens(vector: Dict[str, Any]) -> Any:
    """A TimeStampResp over bytes and the roots to trust: what it states, or the code."""
    response, signed = (base64.b64decode(vector[f"{name}_base64"]) for name in ("response", "signed"))
    try:
        token, doubt = timestamp.check_token(response, signed, "".join(vector["roots"]))
    except Refused as refused:
        return {"code": refused.code}
    stated = {"gen_time": token.gen_time, "policy": token.policy, "serial": token.serial}
    signer = hashlib.sha256(token.signer.whole).hexdigest() if token.signer else None
    form = {} if token.plain else {"form": "cms"}
    return {**stated, "signer_sha256": signer, "trusted": doubt is None, **form}


def proofs(vector: Dict[str, Any]) -> Any:
    """An OpenTimestamps file over a digest: what it ends in, or the code."""
    try:
        ends = opentimestamps.read_proof(base64.b64decode(vector["proof_base64"]), bytes.fromhex(vector["digest"]))
    except Refused as refused:
        return {"code": refused.code}
    blocks = [end for kind, end in ends if kind == "bitcoin"]
    return {
        "pending": [end for kind, end in ends if kind == "pending"],
        "bitcoin": [{"height": height, "merkle_root": root} for height, root in blocks],  # type: ignore[misc]
    }


def checkpoint(vector: Dict[str, Any]) -> Any:
    """The three lines of a checkpoint, or `checkpoint-malformed`; in `kept-*` there may be words around them."""
    read = checkpoints.find_checkpoint if vector["name"].startswith("kept-") else checkpoints.parse_checkpoint
    try:
        origin, size, root = read(vector["text"].encode())
        return {"origin": origin, "size": size, "root": root.hex()}
    except ValueError:
        return {"code": "checkpoint-malformed"}


READERS = {
    "canonical-json": canonical_json,
    "captures": captures,
    "chains": chains,
    "checkpoints": checkpoint,
    "entries": entries,
    "merkle": merkle,
    "proofs": proofs,
    "signatures": signatures,
    "signers": signers,
    "tokens": tokens,
}


def main() -> None:
    """Prints what comes of every vector."""
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder).glob("*.json")):
            vector = {"name": path.name, **json.loads(path.read_text("utf-8"))}
            found = READERS[Path(folder).name](vector)
            print(json.dumps({"vector": f"{Path(folder).name}/{path.name}", "found": found}))


if __name__ == "__main__":
    main()
