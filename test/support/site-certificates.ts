import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is the matter with a server's certificate. */
export type ServerCertificate = "good" | "self-signed" | "expired" | "wrong-host";

/** Keys and certificates for servers on 127.0.0.1. */
export interface SiteCertificates {
  /** PEM file of the root under which all of them stand but the self-signed one. */
  readonly rootFile: string;
  readonly of: (kind: ServerCertificate) => { readonly key: string; readonly cert: string };
}

const config = `
[req]
distinguished_name=dn
[dn]
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash
[here]
subjectAltName=IP:127.0.0.1
[elsewhere]
subjectAltName=DNS:other.example
[issue]
database=index.txt
new_certs_dir=.
serial=serial
default_md=sha256
policy=any
unique_subject=no
[any]
commonName=supplied
`;

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const years = {
  past: ["20100101000000Z", "20110101000000Z"],
  present: ["20200101000000Z", "20490101000000Z"],
};

/** Makes them with openssl in a folder of its own. */
export function makeSiteCertificates(folder: string): SiteCertificates {
  mkdirSync(folder);
  const openssl = (argv: readonly string[]) => execFileSync("openssl", argv, { cwd: folder, stdio: "pipe" });
  for (const [name, text] of [
    ["config", config],
    ["index.txt", ""],
    ["serial", "01\n"],
  ] as const)
    writeFileSync(join(folder, name), text);
  const request = (name: string, more: readonly string[]) =>
    openssl([
      "req",
      "-config",
      "config",
      ...newKey,
      "-keyout",
      `${name}.key`,
      "-subj",
      `/CN=${name}`,
      ...more,
    ]);
  request("root", ["-x509", "-days", "9000", "-extensions", "root", "-out", "root.pem"]);
  request("self-signed", ["-x509", "-days", "9000", "-extensions", "here", "-out", "self-signed.pem"]);
  const issue = (name: string, [from, to]: readonly string[], extensions: string) => {
    request(name, ["-out", `${name}.csr`]);
    const dates = ["-startdate", from ?? "", "-enddate", to ?? ""];
    const under = ["-cert", "root.pem", "-keyfile", "root.key", "-extensions", extensions];
    const files = ["-in", `${name}.csr`, "-out", `${name}.pem`];
    openssl(["ca", "-batch", "-notext", "-config", "config", "-name", "issue", ...under, ...dates, ...files]);
  };
  issue("good", years.present, "here");
  issue("expired", years.past, "here");
  issue("wrong-host", years.present, "elsewhere");
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return {
    rootFile: join(folder, "root.pem"),
    of: (kind) => ({ key: read(`${kind}.key`), cert: read(`${kind}.pem`) }),
  };
}
