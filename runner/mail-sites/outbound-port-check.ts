import { parseTarget } from "../../schemas/host.js";
import { type HostPort, reaches } from "../net/transport/port-check.js";
import { RequestError } from "../support/request-error.js";

/** How long a result of the self-test is used, whatever it is. */
const LIFE_MS = 300_000;
const TIMEOUT_MS = 5000;

/** Well-known public mail hosts. A connection is opened and closed again, and only if nothing else could be reached. */
const REFERENCES: readonly HostPort[] = [
  { host: "gmail-smtp-in.l.google.com", port: 25 },
  { host: "mx01.mail.icloud.com", port: 25 },
  { host: "mx00.gmx.net", port: 25 },
];

/**
 * Many networks block outgoing connections to port 25, so that every mail server looks dead and thousands of results are "unknown" for a local
 * reason. The self-test detects that once.
 */
export class OutboundTest {
  #answer: { at: number; result: Promise<boolean> } | null = null;

  constructor(
    readonly references: readonly HostPort[] = REFERENCES,
    readonly now: () => number = Date.now,
    readonly timeoutMs = TIMEOUT_MS,
  ) {}

  /** True if port 25 of other networks can be reached from here. Tests at most once in five minutes. */
  isOpen(): Promise<boolean> {
    const known = this.#answer;
    if (known !== null && this.now() - known.at < LIFE_MS) return known.result;
    const result = reaches(this.references, this.timeoutMs);
    this.#answer = { at: this.now(), result };
    return result;
  }

  /** A host was reached, so no test is needed. */
  sawOpen(): void {
    this.#answer = { at: this.now(), result: Promise.resolve(true) };
  }

  /** True if a failure at this port may be caused by such a block. */
  isAbout(port: number): boolean {
    return this.references.some((reference) => reference.port === port);
  }
}

/** `host:port host:port …`, for a network with its own reference hosts; null if it is not set. */
export function parseReferences(written: string | undefined): HostPort[] | null {
  const words = (written ?? "").split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0) return null;
  return words.map((word) => {
    const [, host = "", port = "25"] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(word) ?? [];
    if (
      host === "" ||
      parseTarget(host.replace(/^\[|\]$/g, "")) === null ||
      (!host.includes(".") && !host.includes(":")) ||
      Number(port) < 1 ||
      Number(port) > 65_535
    )
      throw new RequestError(`SMTP_SELF_TEST_HOSTS: ${JSON.stringify(word)} is not HOST or HOST:PORT`, "usage", []);
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  });
}
