import { der } from "./authority-stamps.ts";

/*
 * Genuine authorities put things into a token that nobody signed and that PKCS #7 does not have, which is what `openssl ts` reads. Here
 * they are put into a response of `openssl ts`.
 */

/** The bytes of each value of DER in `bytes`. */
function valuesIn(bytes: Buffer): readonly Buffer[] {
  const values: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + headOf(bytes.subarray(at)).whole;
    values.push(bytes.subarray(at, end));
    at = end;
  }
  return values;
}

function headOf(value: Buffer): { readonly head: number; readonly whole: number } {
  const [, first = 0] = value;
  const more = first < 0x80 ? 0 : first - 0x80;
  const length = more === 0 ? first : value.readUIntBE(2, more);
  return { head: 2 + more, whole: 2 + more + length };
}

function partsOf(value: Buffer | undefined): readonly Buffer[] {
  return value === undefined ? [] : valuesIn(value.subarray(headOf(value).head));
}

/** A response with the parts of its SignedData changed. */
function withParts(response: Buffer, change: (parts: readonly Buffer[]) => readonly Buffer[]): Buffer {
  const [status = Buffer.alloc(0), token] = partsOf(response);
  const [type = Buffer.alloc(0), content] = partsOf(token);
  const signedData = partsOf(partsOf(content)[0]);
  return der(0x30, status, der(0x30, type, der(0xa0, der(0x30, ...change(signedData)))));
}

/** With an attribute certificate of version 1 (tag 1, RFC 5652 §10.2.2) or 2 beside its certificates, as Microsoft's and PostSignum's have. */
export function withAttributeCertificate(response: Buffer, version: 1 | 2 = 2): Buffer {
  const attributes = der(0xa0 + version, der(0x30, der(0x02, Buffer.of(version - 1))));
  return withParts(response, (parts) =>
    parts.map((part) => (part[0] === 0xa0 ? der(0xa0, ...partsOf(part), attributes) : part)),
  );
}

/** With an answer of OCSP where lists of revoked certificates may be (RFC 5940 §2). */
export function withOcspAnswer(response: Buffer): Buffer {
  const answer = der(0xa1, Buffer.from("06082b06010505071002", "hex"), der(0x30, der(0x0a, Buffer.of(6))));
  return withParts(response, (parts) => [...parts.slice(0, -1), der(0xa1, answer), ...parts.slice(-1)]);
}

/** Without all of that, so that `openssl ts` can say what is in it. */
export function withoutUnusual(response: Buffer): Buffer {
  return withParts(response, (parts) =>
    parts
      .filter((part) => part[0] !== 0xa1)
      .map((part) => (part[0] === 0xa0 ? der(0xa0, ...partsOf(part).filter(([tag]) => tag === 0x30)) : part)),
  );
}

/** With other bytes in the place of its signature. */
export function withWrongSignature(response: Buffer): Buffer {
  const changed = Buffer.from(response);
  changed[changed.length - 5] = (changed.at(-5) ?? 0) ^ 0x20;
  return changed;
}
