import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { certificatesProblem } from "../../../schemas/certificates.js";
import { parseHost } from "../../../schemas/host.js";
import type { TlsInput } from "../../../schemas/tls.js";
import { fileProblem } from "../../support/file-error.js";
import { BadTarget } from "../module.js";
import { fromGoRegexp } from "./go-regexp.js";
import type { Section } from "./section.js";

const TLS_VERSIONS: Readonly<Record<string, TlsInput["min_version"]>> = { TLS10: "TLSv1", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3" };
const MOST_FILE_BYTES = 1024 * 1024;

/** The fields of our TLS input that tls_config stands for. An untrusted certificate fails the probe unless it says otherwise. */
export function tlsInput(section: Section): Partial<TlsInput> {
  const servername = section.text("server_name");
  const version = section.text("min_version");
  if (version !== null && TLS_VERSIONS[version] === undefined) section.wrong("min_version", `there is no TLS version ${version}`);
  const file = section.text("ca_file");
  const ca = section.text("ca") ?? (file === null ? null : fileText(section, "ca_file", file));
  const fault = ca === null ? null : certificatesProblem(ca);
  if (fault !== null) section.wrong(file === null ? "ca" : "ca_file", fault);
  const verify = section.flag("insecure_skip_verify") === true ? "ignore" : "require";
  section.end();
  return {
    verify,
    ...(servername === null || servername === "" ? {} : { servername }),
    ...(version === null ? {} : { min_version: TLS_VERSIONS[version] as TlsInput["min_version"] }),
    ...(ca === null ? {} : { ca }),
  };
}

/** Paths are seen from the configuration's folder. Null, with a problem: it cannot be read. */
export function fileText(section: Section, key: string, path: string): string | null {
  try {
    const bytes = readFileSync(filePath(section, path));
    if (bytes.length <= MOST_FILE_BYTES) return bytes.toString("utf8");
    section.wrong(key, `${path} is larger than ${MOST_FILE_BYTES} bytes`);
  } catch (error) {
    section.wrong(key, fileProblem(path, error));
  }
  return null;
}

export function filePath(section: Section, path: string): string {
  return resolve(dirname(section.document.file), path);
}

type Family = "any" | "ipv4" | "ipv6";

/**
 * The families to try, one after the other. Without either key all addresses are raced, which is the same to a target that can be reached
 * by the family that its exporter would prefer, and better for one that cannot.
 */
export function families(section: Section): readonly Family[] {
  const preferred = section.text("preferred_ip_protocol");
  const fallsBack = section.flag("ip_protocol_fallback");
  if (preferred !== null && preferred !== "" && preferred !== "ip4" && preferred !== "ip6")
    section.wrong("preferred_ip_protocol", "preferred_ip_protocol must be ip4 or ip6");
  if ((preferred === null || preferred === "") && fallsBack !== false) return ["any"];
  const first: Family = preferred === "ip4" ? "ipv4" : "ipv6";
  return fallsBack === false ? [first] : [first, first === "ipv4" ? "ipv6" : "ipv4"];
}

/** An address has one family, whatever is preferred. */
export function familiesFor(host: string, wanted: readonly Family[]): readonly Family[] {
  const parsed = parseHost(host);
  if (parsed?.kind !== "address" || wanted.length === 1) return wanted;
  return [parsed.family === 4 ? "ipv4" : "ipv6"];
}

/** Go's regular expressions, as ours; those that cannot be are reported. */
export function patterns(section: Section, key: string): string[] {
  return section.texts(key).flatMap((written, index) => pattern(section, key, written, index));
}

/** One of them, which stands at a key or in its list. */
export function pattern(section: Section, key: string, written: string, index: number | null = null): string[] {
  const translated = fromGoRegexp(written);
  if ("pattern" in translated) return [translated.pattern];
  const shown = JSON.stringify(written.length > 80 ? `${written.slice(0, 79)}…` : written);
  section.wrong(key, `${key}${index === null ? "" : `[${index}]`} ${shown} cannot be used: ${translated.fault}`);
  return [];
}

/** `host:port`, the host in brackets if it is an IPv6 address. */
export function hostAndPort(target: string, defaultPort: number | null): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(target) ?? [];
  const host = bracketed ?? plain ?? (parseHost(target)?.kind === "address" ? target : undefined);
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number === null || number < 1 || number > 65_535)
    throw new BadTarget(`${JSON.stringify(target)} is not ${defaultPort === null ? "HOST:PORT" : "a host, with a port or without"}`);
  return { host, port: number };
}

/** Every wait within the run may last as long as the run. */
export function waits(timeoutMs: number): { connect_timeout_ms: number; command_timeout_ms: number } {
  const milliseconds = Math.min(600_000, Math.max(1, Math.ceil(timeoutMs)));
  return { connect_timeout_ms: milliseconds, command_timeout_ms: milliseconds };
}
