import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Issued {
  /** Of the parent in this authority; null signs it by itself. */
  readonly issuer: string | null;
  /** As openssl req -newkey takes it. */
  readonly key?: "ec" | "rsa:1024" | "rsa:2048";
  readonly hash?: "sha1" | "sha256";
  /** Lines of an extension file. */
  readonly extensions?: readonly string[];
}

/** Certificates made by openssl, so that what is read from them was not written by the reader's author. */
export class TlsAuthority {
  readonly folder = mkdtempSync(join(tmpdir(), "probe-run-authority-"));

  path(name: string, ending: "pem" | "key" = "pem"): string {
    return join(this.folder, `${name}.${ending}`);
  }

  pem(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** Several of them in one file, in this order. */
  bundle(file: string, names: readonly string[]): string {
    writeFileSync(this.path(file), names.map((name) => this.pem(name)).join(""));
    return this.path(file);
  }

  issue(name: string, { issuer, key = "ec", hash = "sha256", extensions = ["subjectAltName=DNS:mx.example.org"] }: Issued): void {
    const newKey = key === "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : [key];
    openssl("req", "-new", "-newkey", ...newKey, "-nodes", "-keyout", this.path(name, "key"), "-out", join(this.folder, `${name}.csr`), "-subj", `/CN=${name}`);
    const extensionFile = join(this.folder, `${name}.ext`);
    writeFileSync(extensionFile, `${extensions.join("\n")}\n`);
    const signer = issuer === null ? ["-key", this.path(name, "key")] : ["-CA", this.path(issuer), "-CAkey", this.path(issuer, "key"), "-CAcreateserial"];
    openssl("x509", "-req", "-in", join(this.folder, `${name}.csr`), ...signer, "-days", "20", `-${hash}`, "-extfile", extensionFile, "-out", this.path(name));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"] as const;

function openssl(...arguments_: string[]): void {
  execFileSync("openssl", arguments_, { stdio: "pipe" });
}
