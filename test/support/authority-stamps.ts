import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { TimeStampReq } from "pkijs";
import { encodeTimeStampRequest } from "../../src/seal/time-stamp-request.js";
import type { SignerFiles } from "./authority-certificates.ts";

const run = promisify(execFile);

/** What was asked for. */
export interface StampRequest {
  readonly digest: Buffer;
  readonly nonce: Buffer;
  readonly policy: string | null;
}

export function readRequest(der: Uint8Array): StampRequest {
  const request = TimeStampReq.fromBER(Buffer.from(der));
  return {
    digest: Buffer.from(request.messageImprint.hashedMessage.getValue()),
    nonce: Buffer.from(request.nonce?.valueBlock.valueHexView ?? []),
    policy: request.reqPolicy ?? null,
  };
}

/** Policy that is used where none is asked for, and another one that may be asked for. */
export const policies = { usual: "1.2.3.4.1", other: "1.2.3.4.5", unknown: "1.2.3.9.9" } as const;

const config = `
[tsa]
default_tsa=t
[t]
serial=./tsaserial
crypto_device=builtin
signer_digest=sha256
default_policy=${policies.usual}
other_policies=${policies.other}
digests=sha256,sha512
accuracy=secs:1
ordering=yes
tsa_name=yes
ess_cert_id_chain=no
ess_cert_id_alg=sha256
`;

let count = 0;

/** The whole response of `openssl ts -reply` to a request: a rejection too. */
export async function replyTo(folder: string, asked: StampRequest, signer: SignerFiles): Promise<Buffer> {
  const name = join(folder, `answer-${count++}`);
  writeFileSync(join(folder, "tsa.cnf"), config);
  writeFileSync(`${name}.tsq`, encodeTimeStampRequest(asked.digest, asked.nonce, asked.policy));
  const by = ["-signer", signer.certificate, "-inkey", signer.key, "-chain", signer.chain];
  const files = ["-queryfile", `${name}.tsq`, "-out", `${name}.tsr`];
  await run("openssl", ["ts", "-reply", "-config", "tsa.cnf", "-section", "t", ...files, ...by], {
    cwd: folder,
  });
  return readFileSync(`${name}.tsr`);
}

/** The token of a response, without the response around it. */
export async function bareToken(folder: string, response: Uint8Array): Promise<Buffer> {
  const name = join(folder, `bare-${count++}`);
  writeFileSync(`${name}.tsr`, response);
  await run("openssl", ["ts", "-reply", "-in", `${name}.tsr`, "-out", `${name}.tst`, "-token_out"], {
    cwd: folder,
  });
  return readFileSync(`${name}.tst`);
}

export interface HandMade {
  readonly digest: Uint8Array;
  readonly nonce: Uint8Array;
  /** As GeneralizedTime has it. */
  readonly genTime: string;
  readonly policy?: Uint8Array;
  readonly version?: number;
  readonly contentType?: string;
  /** Whether the signed attributes state the signing certificate. */
  readonly statesCertificate?: boolean;
  readonly digestName?: string;
  /** The algorithm of `digest` as an OBJECT IDENTIFIER in DER; SHA-256 where missing. */
  readonly imprintAlgorithm?: Uint8Array;
  /** RSA-PSS instead of PKCS #1 v1.5. */
  readonly pss?: boolean;
  /** Content of these integers; a serial number of 42 and an accuracy of 500 ms where missing. */
  readonly serial?: Uint8Array;
  readonly accuracySeconds?: Uint8Array;
  /** The authority that the time-stamp names, a GeneralName in DER. */
  readonly authority?: Uint8Array;
  /** Whether the signature names its certificate by the identifier of the key. */
  readonly byKeyIdentifier?: boolean;
}

/**
 * A response that `openssl ts` would not give: signed by `openssl cms` with a certificate that may not, or at another
 * time, or without an attribute that must be there.
 */
export async function handMade(folder: string, asked: HandMade, signer: SignerFiles): Promise<Buffer> {
  const name = join(folder, `hand-${count++}`);
  writeFileSync(`${name}.info`, tstInfo(asked));
  const what = ["-in", `${name}.info`, "-binary", "-nodetach", "-outform", "DER", "-out", `${name}.cms`];
  const type = ["-econtent_type", asked.contentType ?? "1.2.840.113549.1.9.16.1.4"];
  const by = ["-signer", signer.certificate, "-inkey", signer.key, "-certfile", signer.chain];
  const how = ["-md", asked.digestName ?? "sha256", ...(asked.statesCertificate === false ? [] : ["-cades"])];
  const padding = asked.pss === true ? ["-keyopt", "rsa_padding_mode:pss"] : [];
  const naming = asked.byKeyIdentifier === true ? ["-keyid"] : [];
  await run("openssl", ["cms", "-sign", ...what, ...type, ...by, ...padding, ...how, ...naming], {
    cwd: folder,
  });
  return responseAround(readFileSync(`${name}.cms`));
}

/** A granted response with this token in it. */
export function responseAround(token: Uint8Array): Buffer {
  return der(0x30, der(0x30, der(0x02, Buffer.of(0))), token);
}

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

const sha256Identifier = Buffer.from("0609608648016503040201", "hex");

function tstInfo(asked: HandMade): Buffer {
  const { digest, nonce, genTime, policy, version = 1, imprintAlgorithm = sha256Identifier } = asked;
  const algorithm = der(0x30, imprintAlgorithm, der(0x05));
  return der(
    0x30,
    der(0x02, Buffer.of(version)),
    policy ?? Buffer.from("06042a030401", "hex"),
    der(0x30, algorithm, der(0x04, digest)),
    der(0x02, asked.serial ?? Buffer.of(0x2a)),
    der(0x18, Buffer.from(genTime)),
    asked.accuracySeconds === undefined
      ? der(0x30, der(0x80, Buffer.from("01f4", "hex")))
      : der(0x30, der(0x02, asked.accuracySeconds)),
    der(0x02, Buffer.of(0), nonce),
    ...(asked.authority === undefined ? [] : [der(0xa0, asked.authority)]),
  );
}

export function digestOf(bytes: Uint8Array | string): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** The token of a response that has the status 0 and no words, as those of `openssl ts` and `handMade` do. */
function tokenIn(response: Uint8Array): Uint8Array {
  const head = response[1] === 0x82 ? 4 : 3;
  return response.subarray(head + responseAround(Buffer.alloc(0)).length - 2);
}

/**
 * Whether `openssl ts -verify` accepts a response over these bytes at this time with this root; or `openssl cms -verify`, which does not
 * compare the bytes.
 */
export async function opensslAccepts(
  folder: string,
  given: { response: Uint8Array; signed: Uint8Array; rootFile: string; genTime: string },
  by: "ts" | "cms" = "ts",
): Promise<boolean> {
  const name = join(folder, `check-${count++}`);
  writeFileSync(`${name}.tsr`, given.response);
  writeFileSync(`${name}.token`, by === "cms" ? tokenIn(given.response) : "");
  writeFileSync(`${name}.data`, given.signed);
  const roots = ["-CAfile", given.rootFile, "-attime", String(Math.floor(Date.parse(given.genTime) / 1000))];
  const token = ["-inform", "DER", "-in", `${name}.token`, "-out", `${name}.info`, "-binary"];
  const argv =
    by === "cms"
      ? ["cms", "-verify", ...token, "-purpose", "timestampsign", ...roots]
      : ["ts", "-verify", "-data", `${name}.data`, "-in", `${name}.tsr`, ...roots];
  return run("openssl", argv, { cwd: folder }).then(
    () => true,
    () => false,
  );
}
