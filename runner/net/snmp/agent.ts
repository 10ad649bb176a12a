import { randomInt } from "node:crypto";
import { Asn1Error } from "../../asn1/decode-ber.js";
import { type FailureError, failureError } from "../../run/failure-error.js";
import type { UdpPeer } from "../udp/peer.js";
import { encodeCommunityMessage, encodePdu, PDU, type Pdu, readCommunityMessage } from "./pdu.js";
import { type AuthProtocol, localizedKey, type PrivacyProtocol, privacyKey } from "./usm.js";
import { type Engine, encodeV3, readV3, type Security, type V3Message } from "./v3-message.js";

/** Positive numbers of 31 bits, as every agent takes them. */
const ID_LIMIT = 2 ** 31 - 1;

/** An agent that is asked for objects: one operation a request. */
export interface Agent {
  request(kind: "get" | "getNext", oids: readonly string[]): Promise<Pdu>;
}

export function communityAgent(peer: UdpPeer, version: 0 | 1, community: string, timeoutMs: number): Agent {
  return {
    async request(kind, oids) {
      const requestId = randomInt(1, ID_LIMIT);
      const query = encodeCommunityMessage(version, community, encodePdu(PDU[kind], requestId, oids));
      const read = (datagram: Buffer): Pdu | null => {
        const pdu = readOrFail(() => readCommunityMessage(datagram, version));
        return pdu.kind === PDU.response && pdu.requestId === requestId ? pdu : null;
      };
      return (await peer.ask({ name: nameOf(kind, oids), phase: "query", query: () => query, read, timeoutMs })).reply;
    },
  };
}

export interface User {
  readonly name: string;
  readonly auth: { readonly protocol: AuthProtocol; readonly password: string } | null;
  readonly privacy: { readonly protocol: PrivacyProtocol; readonly password: string } | null;
  readonly context: string;
}

/** RFC 3414, section 3.2: what an agent reports instead of an answer. */
const REPORTS: Readonly<Record<string, { name: string; words: string }>> = {
  "1.3.6.1.6.3.15.1.1.1.0": { name: "unsupportedSecLevels", words: "the user must authenticate, or encrypt, otherwise" },
  "1.3.6.1.6.3.15.1.1.2.0": { name: "notInTimeWindows", words: "the clocks differ after they were set" },
  "1.3.6.1.6.3.15.1.1.3.0": { name: "unknownUserNames", words: "there is no such user" },
  "1.3.6.1.6.3.15.1.1.4.0": { name: "unknownEngineIDs", words: "the agent is another engine" },
  "1.3.6.1.6.3.15.1.1.5.0": { name: "wrongDigests", words: "the authentication password or protocol is wrong" },
  "1.3.6.1.6.3.15.1.1.6.0": { name: "decryptionErrors", words: "the privacy password or protocol is wrong" },
};
const NO_SECURITY: Security = { user: "", auth: null, privacy: null };

/** An agent of version 3: its engine is asked for first, and its clock is followed. */
export class UserAgent implements Agent {
  #engine: Engine = { id: Buffer.alloc(0), boots: 0, time: 0 };
  #security: Security | null = null;

  constructor(
    readonly peer: UdpPeer,
    readonly user: User,
    readonly timeoutMs: number,
    readonly found: (engine: Engine) => void,
  ) {}

  async request(kind: "get" | "getNext", oids: readonly string[]): Promise<Pdu> {
    this.#security ??= await this.#discover();
    const first = await this.#ask(nameOf(kind, oids), this.#security, PDU[kind], oids);
    const again = reportIn(first) === "notInTimeWindows" && first.isAuthentic;
    if (again) this.#note(first.engine);
    const { pdu } = again ? await this.#ask(nameOf(kind, oids), this.#security, PDU[kind], oids) : first;
    if (pdu.kind === PDU.report) throw reported(pdu);
    return pdu;
  }

  /** Section 4: an agent reports its engine to a request that names none. */
  async #discover(): Promise<Security> {
    const { engine } = await this.#ask("engine", NO_SECURITY, PDU.get, []);
    if (engine.id.length < 5 || engine.id.length > 32) throw failureError("query", "protocol_violation", "the agent reports no engine id");
    this.#note(engine);
    const { name, auth, privacy } = this.user;
    return {
      user: name,
      auth: auth === null ? null : { protocol: auth.protocol, key: localizedKey(auth.protocol, auth.password, engine.id) },
      privacy:
        auth === null || privacy === null
          ? null
          : { protocol: privacy.protocol, key: privacyKey(auth.protocol, privacy.protocol, privacy.password, engine.id) },
    };
  }

  #note(engine: Engine): void {
    this.#engine = engine;
    this.found(engine);
  }

  async #ask(name: string, security: Security, kind: number, oids: readonly string[]): Promise<V3Message> {
    const id = randomInt(1, ID_LIMIT);
    const query = encodeV3(id, this.#engine, security, this.user.context, encodePdu(kind, id, oids));
    const read = (datagram: Buffer): V3Message | null => {
      const message = readOrFail(() => readV3(datagram, security));
      if (message.messageId !== id) return null;
      // An answer that anyone could have written is none where the user authenticates; a report may have to be like that.
      if (message.pdu.kind === PDU.response && security.auth !== null && !message.isAuthentic) return null;
      return message.pdu.kind === PDU.response || message.pdu.kind === PDU.report ? message : null;
    };
    return (await this.peer.ask({ name, phase: "query", query: () => query, read, timeoutMs: this.timeoutMs })).reply;
  }
}

function reportIn({ pdu }: V3Message): string | null {
  return pdu.kind === PDU.report ? (REPORTS[pdu.values[0]?.oid ?? ""]?.name ?? null) : null;
}

function reported({ values }: Pdu): FailureError {
  const oid = values[0]?.oid ?? "";
  const report = REPORTS[oid];
  const message = report === undefined ? `the agent reports ${oid}` : `the agent reports ${report.name}: ${report.words}`;
  return failureError("auth", "reply_rejected", message);
}

function readOrFail<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof Asn1Error) throw failureError("query", "protocol_violation", `the reply is not SNMP: ${error.message}`);
    throw error;
  }
}

function nameOf(kind: "get" | "getNext", oids: readonly string[]): string {
  const [first = ""] = oids;
  return `${kind === "get" ? "GET" : "GETNEXT"} ${first}${oids.length > 1 ? ` and ${oids.length - 1} more` : ""}`;
}
