import type { Failure } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";
import type { NetworkInput } from "../../schemas/network.js";
import { request } from "../net/http/client.js";
import type { Exchange, HttpContext } from "../net/http/exchange.js";
import { fieldValue } from "../net/http/message.js";
import { addressUse } from "../net/transport/address-policy.js";
import { FailureError } from "../run/failure-error.js";

/** What a URL that a DNS record names returned. */
export type Fetched =
  | {
      readonly kind: "response";
      readonly status: number;
      readonly content_type: string;
      readonly location: string | null;
      readonly body: Buffer;
      readonly is_cut: boolean;
    }
  | { readonly kind: "failed"; readonly failure: Failure };

export interface FetchOptions {
  readonly resolver?: NetworkInput["resolver"];
  readonly connect_timeout_ms: number;
  readonly command_timeout_ms: number;
  /** PEM, beside the system's. */
  readonly ca: string | undefined;
  /** The owner of the record chooses the host: it must not be this machine or a neighbour of it. */
  readonly allowPrivate: boolean;
  readonly mostBytes: number;
  readonly accept: string;
}

/** One GET over HTTPS with a trusted certificate, without following redirects. Network outcomes are in the answer. */
export async function fetchUrl(context: HttpContext, url: URL, options: FetchOptions): Promise<Fetched> {
  const fields = [["User-Agent", "probe-run"] as const, ["Accept", options.accept] as const];
  const { resolver, connect_timeout_ms, command_timeout_ms, ca } = options;
  const exchanges: Exchange[] = [];
  try {
    if (url.protocol !== "https:") throw new FailureError(failure("connect", "not_permitted", `${url.protocol} is not https:`));
    const exchange = await request(
      context,
      { method: "GET", url, fields, body: null, version: "1.1" },
      {
        address_family: "any",
        connect_timeout_ms,
        command_timeout_ms,
        ...(resolver === undefined ? {} : { resolver }),
        tls: { verify: "require", min_version: "TLSv1.2", ...(ca === undefined ? {} : { ca }) },
        body: { most_bytes: options.mostBytes, kept_bytes: options.mostBytes },
        follow: 0,
        allowPrivateRedirects: options.allowPrivate,
        ...(options.allowPrivate ? {} : { refuse: refusePrivate }),
      },
      exchanges,
    );
    const head = exchange.head;
    return {
      kind: "response",
      status: head?.status ?? 0,
      content_type: fieldValue(head?.fields ?? [], "content-type") ?? "",
      location: fieldValue(head?.fields ?? [], "location") ?? null,
      body: exchange.body?.kept ?? Buffer.alloc(0),
      is_cut: exchange.body?.truncated ?? false,
    };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { kind: "failed", failure: error.failure };
  }
}

function refusePrivate(address: string): string | null {
  const { scope, standard } = addressUse(address);
  return scope === "global" ? null : `${address} is not a public address (${scope}, ${standard})`;
}

/** RFC 8461, 3.3: at most 64 KiB of plain text. */
const POLICY_BYTES = 65_536;

/** Fetches a policy file of MTA-STS as an input says. */
export function fetchPolicyOf(
  context: HttpContext,
  input: Pick<FetchOptions, "resolver" | "connect_timeout_ms" | "command_timeout_ms"> & { ca?: string; allow_private_addresses: boolean },
): (url: URL) => Promise<Fetched> {
  const options = { ...input, ca: input.ca, allowPrivate: input.allow_private_addresses, mostBytes: POLICY_BYTES, accept: "text/plain" };
  return (url) => fetchUrl(context, url, options);
}
