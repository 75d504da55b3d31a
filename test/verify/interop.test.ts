import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, describe, expect, it } from "vitest";
import { FormatError } from "../../src/audit/finding.js";
import { verifyInclusion } from "../../src/audit/merkle.js";
import { readProof } from "../../src/audit/open-timestamps.js";
import { checkSignature } from "../../src/audit/sshsig.js";
import { checkTimeStamp } from "../../src/audit/time-stamp.js";
import { verifyConsistency } from "../../src/core/package/merkle-proofs.js";
import { responseAround } from "../support/authority-stamps.ts";
import { hasPython } from "../support/second-opinion.js";
import { temporaryFolder } from "../support/vaults.js";
import { examinedByScript } from "../support/verify-sh-tokens.js";

/*
 * What others made and other programs read: genuine time-stamps, proofs, signatures and vectors, each with what must come out. They
 * lie beside the repository, not in it; where they are missing, these tests are left out. The vectors in test/vectors hold the same rules.
 */

const interop = join(import.meta.dirname, "../../../shared/interop");
const isHere = existsSync(interop);
const why = isHere ? "" : " (left out: ../shared/interop is not here)";
const folder = temporaryFolder();
afterAll(() => folder.remove());

const bytesOf = (...parts: readonly string[]): Buffer => readFileSync(join(interop, ...parts));
const namesIn = (part: string): readonly string[] => (isHere ? readdirSync(join(interop, part)).sort() : []);
const jsonOf = (...parts: readonly string[]) => (isHere ? JSON.parse(bytesOf(...parts).toString()) : []);

/** A root that signed none of them. */
const foreign = rootCertificates.find((pem) => !pem.includes("GlobalSign")) ?? "";

interface Token {
  readonly name: string;
  readonly data: boolean;
  readonly gen_time: string;
  readonly expect: string;
}

const tokens: readonly Token[] = jsonOf("tokens", "index.json");
const withData = tokens.filter(({ data }) => data);
const rootsOf = ({ name }: Token): readonly string[] => {
  const own = join(interop, "tokens", `${name}.certs.pem`);
  return existsSync(own) ? [readFileSync(own, "utf8")] : rootCertificates;
};

function outcome(response: Uint8Array, data: Uint8Array, roots: readonly string[]) {
  const check = checkTimeStamp(response, data, roots);
  if (!("timeStamp" in check)) return check.code;
  const { genTime, form, root } = check.timeStamp;
  return { genTime, form, trusted: root.trusted };
}

describe(`time-stamps of genuine authorities${why}`, () => {
  it.each(withData)("$name is accepted over its data, with its roots and time", (token) => {
    const found = outcome(
      bytesOf("tokens", `${token.name}.tsr`),
      bytesOf("tokens", `${token.name}.data`),
      rootsOf(token),
    );
    expect(found).toMatchObject({
      trusted: true,
      form: token.expect.includes("openssl ts cannot") ? "cms" : "pkcs7",
    });
    expect(JSON.stringify(found)).toContain(token.gen_time.slice(0, 19).replace(" ", "T"));
  });

  it.each(withData)(
    "$name is of other bytes over other data, and untrusted under another root",
    ({ name }) => {
      const response = bytesOf("tokens", `${name}.tsr`);
      expect(outcome(response, Buffer.from("other data"), rootsOf({ name } as Token))).toBe("token-imprint");
      expect(outcome(response, bytesOf("tokens", `${name}.data`), [foreign])).toMatchObject({
        trusted: false,
      });
    },
  );

  it.each(tokens.filter(({ data }) => !data))(
    "$name is over another digest than SHA-256 of these bytes",
    ({ name }) => {
      expect(outcome(bytesOf("tokens", `${name}.tsr`), Buffer.from("bytes"), rootCertificates)).toBe(
        "token-imprint",
      );
    },
  );

  it.skipIf(!isHere || !hasPython)("the second opinion says the same of each", () => {
    const program = `
import sys
sys.path.insert(0, sys.argv[1])
import timestamp
for name in sys.argv[4:]:
    roots = open(sys.argv[3]).read()
    own = sys.argv[2] + "/" + name + ".certs.pem"
    try: roots = open(own).read()
    except OSError: pass
    for data in (open(sys.argv[2] + "/" + name + ".data", "rb").read(), b"other data"):
        try:
            token, doubt = timestamp.check_token(open(sys.argv[2] + "/" + name + ".tsr", "rb").read(), data, roots)
            print(name, doubt, "pkcs7" if token.plain else "cms")
        except timestamp.Refused as refused:
            print(name, refused.code)
`;
    const roots = join(folder.path, "roots.pem");
    writeFileSync(roots, rootCertificates.join("\n"));
    const code = join(import.meta.dirname, "../second-opinion");
    const names = withData.map(({ name }) => name);
    const said = execFileSync("python3", ["-c", program, code, join(interop, "tokens"), roots, ...names], {
      encoding: "utf8",
    });
    const expected = withData.flatMap(({ name, expect: words }) => [
      `${name} None ${words.includes("openssl ts cannot") ? "cms" : "pkcs7"}`,
      `${name} token-imprint`,
    ]);
    expect(said.trim().split("\n")).toEqual(expected);
  });

  it.each(withData)("verify.sh takes $name over its data and no other", (token) => {
    const response = bytesOf("tokens", `${token.name}.tsr`);
    const data = bytesOf("tokens", `${token.name}.data`);
    const form = token.expect.includes("openssl ts cannot") ? "cms" : "ts";
    const good = examinedByScript(folder.path, response, data, rootsOf(token));
    expect(good).toMatchObject({ state: "named", form });
    expect(good.time).toContain(token.gen_time.slice(0, 10));
    expect(examinedByScript(folder.path, response, Buffer.from("other data"), rootsOf(token)).state).toBe(
      "nowhere",
    );
  });
});

/** What must come of each over the bytes that it should be over, without any root. All but the granted ones were broken on purpose, or are over others. */
const broken: Readonly<Record<string, readonly string[]>> = {
  accepted: ["TimeStampToken.p7s", "TimeStampTokenWithSignerVersion2.p7s", "granted.tsq"],
  "token-malformed": [
    "TimeStampTokenWithAnInvalidAndAValidSignerInfo.p7s",
    "TimeStampTokenWithInvalidContentType.p7s",
    "TimeStampTokenWithInvalidSigningTime.p7s",
    "TimeStampTokenWithInvalidTSTInfo.p7s",
    "TimeStampTokenWithInvalideContentType.p7s",
    "TimeStampTokenWithTSTInfoVersion2.p7s",
    "TimeStampTokenWithValidAndInvalidSignerInfos.p7s",
    "TimeStampTokenWithoutSignedAttributeContentType.p7s",
    "TimeStampTokenWithoutSignedAttributeDigest.p7s",
    "TimeStampTokenWithoutSignedAttributes.p7s",
    "TimeStampTokenWithoutSigner.p7s",
    "malformed.tsq",
    "rejection.tsq",
  ],
  "token-imprint": [
    "TimeStampTokenNoRoot.p7s",
    "TimeStampTokenWithInvalidSigningCertificateV1.p7s",
    "TimeStampTokenWithSigningCertificateV1.p7s",
    "TimeStampTokenWithSigningCertificateV1NoCert.p7s",
    "response-injected-certs.tsr",
  ],
  "token-signature": [
    "TimeStampTokenInvalidSignedAttributeContentType.p7s",
    "TimeStampTokenWithInvalidCertificates.p7s",
    "TimeStampTokenWithInvalidSignature.p7s",
    "TimeStampTokenWithInvalidSigningCertificateV2.p7s",
    "TimeStampTokenWithMismatchCertHash.p7s",
    "TimeStampTokenWithSHA1CertHash.p7s",
    "TimeStampTokenWithSignedAttributeSHA1.p7s",
    "TimeStampTokenWithSigningCertificateV2NoCert.p7s",
    "TimeStampTokenWithSigningTime.p7s",
    "TimeStampTokenWithSigningTimeBeforeExpected.p7s",
    "TimeStampTokenWithUnknownSignerIssuer.p7s",
    "TimeStampTokenWithWrongSigningCertificateV2IssuerChoiceTag.p7s",
    "TimeStampTokenWithoutCertificate.p7s",
    "TimeStampTokenWithoutSigningCertificate.p7s",
    "TimeStampTokenWithoutSigningCertificateV2IssuerSerial.p7s",
    "response-invalid-signature.tsr",
  ],
};

describe(`time-stamps that were broken on purpose${why}`, () => {
  const names = namesIn("tokens-bad").filter((name) => /\.(?:p7s|tsq|tsr)$/.test(name));
  const expected = Object.entries(broken).flatMap(([code, all]) => all.map((name) => [name, code] as const));

  it.skipIf(!isHere)("each has what must come of it", () => {
    expect(names).toEqual(expected.map(([name]) => name).sort());
  });

  it.each(isHere ? expected : [])("%s is %s", (name, code) => {
    const bytes = bytesOf("tokens-bad", name);
    const response = name.endsWith(".p7s") ? responseAround(bytes) : bytes;
    const data = Buffer.from(name === "response-invalid-signature.tsr" ? "hello" : "notation");
    const found = outcome(response, data, []);
    expect(typeof found === "string" ? found : "accepted").toBe(code);
    // Where it is accepted, it leads to none of no roots.
    if (typeof found !== "string") expect(found.trusted).toBe(false);
  });
});

interface Proof {
  readonly f: string;
  readonly op?: string;
  readonly digest: string;
  readonly err?: string;
  readonly att?: readonly (readonly (string | number)[])[];
}

describe(`proofs of OpenTimestamps${why}`, () => {
  const said: readonly Proof[] = jsonOf("ots", "python-opentimestamps-says.json");
  const owners = {
    java: "java-opentimestamps",
    js: "javascript-opentimestamps",
    client: "opentimestamps-client",
    atl: "evidentum-io",
  };
  const fileOf = ({ f }: Proof) => {
    const [owner = ""] = Object.entries(owners).find(([, project]) => f.startsWith(`${project}/`)) ?? [];
    return `${owner}-${f.split(/[ /]/).at(-1)}`;
  };
  // Of another chain, by an operation that FORMAT.md §15 does not have.
  const other = ["java-different-blockchains.txt.ots", "java-hello-world.txt.eth.ots"];

  it.each(said)("$f is read as the reference library reads it", (proof) => {
    const file = readFileSync(join(interop, "ots", fileOf(proof)));
    const read = () => readProof(file, Buffer.from(proof.digest ?? "", "hex"));
    if (proof.err !== undefined || proof.op !== "sha256" || other.includes(fileOf(proof))) {
      // FORMAT.md §15 takes proofs over SHA-256 alone.
      expect(read).toThrow(FormatError);
      return;
    }
    const { bitcoin, pending } = read();
    const att = proof.att ?? [];
    expect(
      bitcoin
        .map(({ height, merkleRoot }) => ["bitcoin", height, Buffer.from(merkleRoot).toString("hex")])
        .sort(),
    ).toEqual(
      att
        .filter(([kind]) => kind === "bitcoin")
        .map(([kind, height, root]) => [kind, height, root])
        .sort(),
    );
    expect([...pending].sort()).toEqual(
      att
        .filter(([kind]) => kind === "pending")
        .map(([, url]) => url)
        .sort(),
    );
  });
});

describe(`signatures of ssh-keygen and of others${why}`, () => {
  const good = [
    "openssh-ed25519.sig",
    "openssh-ed25519_sk.sig",
    "rustcrypto-sshsig_ed25519",
    "rustcrypto-sshsig_sk_ed25519",
  ];
  const all = namesIn("sshsig").filter((name) => name.endsWith(".sig") || name.startsWith("rustcrypto"));

  it.each(all)("%s counts if its key is Ed25519, and only then", (name) => {
    const isOpenSsh = name.startsWith("openssh");
    const message = isOpenSsh ? bytesOf("sshsig", "openssh-signed-data") : Buffer.from("testing");
    const namespace = isOpenSsh ? bytesOf("sshsig", "openssh-namespace").toString().trim() : "example";
    const text = bytesOf("sshsig", name).toString().trimEnd();
    const check = checkSignature(message, `${text}\n`, namespace);
    expect("key" in check).toBe(good.includes(name));
    if (good.includes(name)) {
      expect(checkSignature(Buffer.from("other"), `${text}\n`, namespace)).toMatchObject({
        code: "signature-wrong",
      });
      expect(checkSignature(message, `${text}\n`, "other")).toMatchObject({ code: "signature-malformed" });
    }
  });
});

interface MerkleVector {
  readonly kind: "inclusion" | "consistency";
  readonly file: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly leafHash: string | null;
  readonly root: string | null;
  readonly size1: number;
  readonly size2: number;
  readonly root1: string | null;
  readonly root2: string | null;
}

describe(`Merkle proofs of transparency-dev${why}`, () => {
  const vectors: readonly MerkleVector[] = jsonOf("merkle", "transparency-dev-merkle.json");
  const bytes = (text: string | null) => Buffer.from(text ?? "", "base64");

  it.skipIf(!isHere)("each of the 196 vectors is judged as it says", () => {
    // In one of them words stand for the roots, which a reader of hashes refuses.
    const inWords = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json";
    const odd = vectors.filter((one) => {
      const proof = (one.proof ?? []).map(bytes);
      const holds =
        one.kind === "inclusion"
          ? verifyInclusion({
              leaf: bytes(one.leafHash),
              index: one.leafIdx,
              size: one.treeSize,
              proof,
              root: bytes(one.root),
            })
          : verifyConsistency({
              oldSize: one.size1,
              newSize: one.size2,
              oldRoot: bytes(one.root1),
              newRoot: bytes(one.root2),
              proof,
            });
      return holds === one.wantErr;
    });
    expect([vectors.length, odd.map(({ file }) => file)]).toEqual([196, [inWords]]);
  });
});
