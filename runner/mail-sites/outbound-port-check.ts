import { parseHost } from "../../schemas/host.js";
import { type HostPort, reaches } from "../net/transport/port-check.js";
import { RequestError } from "../support/request-error.js";

/** How long an answer of the self-test holds, in either direction. */
const LIFE_MS = 300_000;
const PATIENCE_MS = 5000;

/**
 * Well-known mail hosts whose port 25 is open to everybody. Only a connection is made and closed again, and only when nothing
 * else could be reached.
 */
const REFERENCES: readonly HostPort[] = [
  { host: "gmail-smtp-in.l.google.com", port: 25 },
  { host: "mx01.mail.icloud.com", port: 25 },
  { host: "mx00.gmx.net", port: 25 },
];

/**
 * Many networks block outgoing connections to port 25. Then every mail server looks dead, and ten thousand results say "unknown" for a
 * reason that has nothing to do with them. The self-test finds that out once.
 */
export class OutboundTest {
  #answer: { at: number; result: Promise<boolean> } | null = null;

  constructor(
    readonly references: readonly HostPort[] = REFERENCES,
    readonly now: () => number = Date.now,
    readonly patienceMs = PATIENCE_MS,
  ) {}

  /** True when the world's port 25 can be reached from here. Tests at most once in five minutes. */
  isOpen(): Promise<boolean> {
    const known = this.#answer;
    if (known !== null && this.now() - known.at < LIFE_MS) return known.result;
    const result = reaches(this.references, this.patienceMs);
    this.#answer = { at: this.now(), result };
    return result;
  }

  /** Something was reached: that is answer enough. */
  sawOpen(): void {
    this.#answer = { at: this.now(), result: Promise.resolve(true) };
  }

  /** True when a failure at this port is what the test is about. */
  isAbout(port: number): boolean {
    return this.references.some((reference) => reference.port === port);
  }
}

/** `host:port host:port …`, for a network with reference hosts of its own; null when nothing is written. */
export function parseReferences(written: string | undefined): HostPort[] | null {
  const words = (written ?? "").split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0) return null;
  return words.map((word) => {
    const [, host = "", port = "25"] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(word) ?? [];
    if (
      host === "" ||
      parseHost(host.replace(/^\[|\]$/g, "")) === null ||
      (!host.includes(".") && !host.includes(":")) ||
      Number(port) < 1 ||
      Number(port) > 65_535
    )
      throw new RequestError(`SMTP_SELF_TEST_HOSTS: ${JSON.stringify(word)} is not HOST or HOST:PORT`, "usage", []);
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  });
}
