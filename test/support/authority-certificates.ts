import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Who signs time-stamps, and what is the matter with the certificate. */
export type Signer =
  | "rsa"
  | "p256"
  | "p384"
  | "expired"
  | "usage"
  | "not-critical"
  | "named"
  | "stranger"
  | "under-signer";

/** Files of a certificate that can sign: its key, itself, and the certificates between it and the root. */
export interface SignerFiles {
  readonly key: string;
  readonly certificate: string;
  readonly chain: string;
}

/** A throw-away certification authority: a root, one authority under it, and signers under that as they are needed. */
export interface CertificateMaker {
  readonly rootPem: string;
  readonly rootFile: string;
  readonly signer: (kind: Signer) => SignerFiles;
}

const config = `
[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[good]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[named]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
subjectKeyIdentifier=hash
subjectAltName=DNS:tsa.example
[not-critical]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=timeStamping
[usage]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,emailProtection
[issue]
database=index.txt
new_certs_dir=.
serial=serial
default_md=sha256
policy=any
email_in_dn=no
unique_subject=no
[any]
commonName=supplied
`;

const keyArguments: Readonly<Record<string, readonly string[]>> = {
  rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  p256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  p384: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
};

/** For `openssl ca`: a time long past, in which `expired` and a whole old authority were valid. */
export const longAgo = ["-startdate", "20150101000000Z", "-enddate", "20200101000000Z"];

/**
 * Makes root and intermediate in `folder`, which must be there; certificates of signers are made once each. With
 * `valid`, the words of `openssl ca`, everything is valid then, else from now on.
 */
export function makeCertificates(
  folder: string,
  name: string,
  valid: readonly string[] | null = null,
): CertificateMaker {
  const openssl = (...argv: readonly string[]) =>
    execFileSync("openssl", argv, { cwd: folder, stdio: "pipe" });
  writeFileSync(join(folder, "ca.cnf"), config);
  writeFileSync(join(folder, "index.txt"), "");
  writeFileSync(join(folder, "serial"), "1000\n");
  const key = (of: string, kind: string) =>
    openssl("genpkey", ...(keyArguments[kind] ?? keyArguments.p256 ?? []), "-out", `${of}.key`);
  const dates = (days: string) => valid ?? ["-days", days];
  const issue = (of: string, issuer: string, words: string, extensions: string, when: readonly string[]) => {
    const request = [
      "-new",
      "-key",
      `${of}.key`,
      "-out",
      `${of}.csr`,
      "-subj",
      `/CN=${words}`,
      "-config",
      "ca.cnf",
    ];
    openssl("req", ...request);
    const issued = of === issuer ? ["-selfsign"] : ["-cert", `${issuer}.pem`];
    const by = ["-name", "issue", ...issued, "-keyfile", `${issuer}.key`, "-config", "ca.cnf"];
    const what = ["-in", `${of}.csr`, "-out", `${of}.pem`, "-extensions", extensions, "-notext"];
    openssl("ca", "-batch", ...by, ...what, ...when);
  };
  const root = (of: string, words: string) => {
    key(of, "p384");
    issue(of, of, words, "ca", dates("7300"));
  };
  root("root", `${name} Test Root`);
  key("inter", "p256");
  issue("inter", "root", `${name} Test Authority`, "ca", dates("7000"));

  const made = new Map<Signer, SignerFiles>();
  const make = (kind: Signer): SignerFiles => {
    const issuer = kind === "stranger" ? "stranger-root" : kind === "under-signer" ? "p256" : "inter";
    if (kind === "stranger") root("stranger-root", `${name} Stranger Root`);
    if (kind === "under-signer") signer("p256");
    key(kind, kind);
    const extensions = ["usage", "not-critical", "named"].includes(kind) ? kind : "good";
    issue(kind, issuer, `${name} Test TSA ${kind}`, extensions, kind === "expired" ? longAgo : dates("6000"));
    const [file, chain] = [`${kind}.pem`, `${issuer}.pem`].map((one) => join(folder, one));
    return { key: join(folder, `${kind}.key`), certificate: file ?? "", chain: chain ?? "" };
  };
  const signer = (kind: Signer): SignerFiles => {
    const files = made.get(kind) ?? make(kind);
    made.set(kind, files);
    return files;
  };
  return {
    rootPem: readFileSync(join(folder, "root.pem"), "utf8"),
    rootFile: join(folder, "root.pem"),
    signer,
  };
}
