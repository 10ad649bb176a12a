import type { Evidence } from "../../runner/harness/define-probe.js";
import { encodeRequest } from "../../runner/net/ntp/message.js";
import type { NtsGrant, NtsKeys } from "../../runner/net/nts/capability.js";
import { authenticatedRequest, readAuthenticated } from "../../runner/net/nts/packet.js";
import { failureError } from "../../runner/run/failure-error.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Input, Output } from "./schema.js";

/** A request, and whether a datagram that answers it may be believed. */
export interface Request {
  readonly packet: Buffer;
  isAuthentic(datagram: Buffer): boolean;
}

/** No more are needed for the samples of one run. */
const MAX_COOKIES = 8;

interface Establishing {
  readonly nts: NtsGrant;
}

export async function establishKeys(input: Input, asked: NonNullable<Input["nts"]>, ctx: Establishing, evidence: Evidence<Output>): Promise<NtsKeys> {
  const { port, ...tls } = asked;
  const keys: NtsKeys = { tls: null, reached: null, server: null, port: null, cookies: [], clientToServer: Buffer.alloc(0), serverToClient: Buffer.alloc(0) };
  const { target_host: host, target_port } = input;
  const seen = { server: host, port: target_port, tls: keys.tls, cookies: 0, new_cookies: 0, authenticated: false };
  evidence.nts = seen;
  try {
    await ctx.nts.establish({ ...input, host, port, tls }, keys);
  } finally {
    Object.assign(seen, { server: keys.server ?? host, port: keys.port ?? target_port, tls: keys.tls, cookies: keys.cookies.length });
    evidence.findings.push(...certificateFindings(keys.tls, { verify: tls.verify, warn_days: 14 }, host));
  }
  return keys;
}

export function securedRequest(nonce: Buffer, keys: NtsKeys, { nts }: Evidence<Output>): Request {
  const request = authenticatedRequest(encodeRequest(nonce), keys);
  if (request === null) throw failureError("query", "limit_exceeded", "the server gave fewer cookies than requests are to be sent");
  return {
    packet: request.packet,
    isAuthentic(datagram) {
      const reply = readAuthenticated(datagram, request.uniqueIdentifier, keys.serverToClient);
      if (reply?.kind !== "authentic") return reply !== null;
      keys.cookies = [...keys.cookies, ...reply.cookies].slice(0, MAX_COOKIES);
      if (nts !== null) {
        nts.authenticated = true;
        nts.new_cookies += reply.cookies.length;
      }
      return true;
    },
  };
}
