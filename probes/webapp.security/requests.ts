import type { Context } from "../../runner/harness/context.js";
import { request } from "../../runner/net/http/client.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import type { Field, HttpRequest } from "../../runner/net/http/message.js";
import { isPublic, refusalOfAddress } from "../../runner/net/http/redirect.js";
import { fieldsOf } from "../../runner/net/http/request.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Input } from "./schema.js";

export type Ctx = Context<"tcp" | "tls">;

const BODY = { most_bytes: 262_144, kept_bytes: 262_144 };
export const MAX_REDIRECTS = 10;

export interface Asking {
  /** How many redirects to follow. */
  readonly follow?: number;
  /** Each exchange is added before it begins. */
  readonly exchanges?: Exchange[];
  readonly origin?: string;
  /** The page beside which this is asked for. If it came from a public address, a second look-up of its host must not lead to one that is not. */
  readonly page?: Exchange;
}

/** Asks for a page as a browser does. Rejects with a FailureError. */
export async function ask(ctx: Ctx, input: Input, url: URL, { follow = 0, exchanges = [], origin, page }: Asking = {}): Promise<Exchange> {
  const usual: Field[] = [
    ["User-Agent", "probe-run"],
    ["Accept", "text/html, */*;q=0.5"],
  ];
  // Credentials stay with the origin that the input names.
  const { headers, auth } = url.origin === new URL(input.url).origin ? input : {};
  const credentials = { ...(headers === undefined ? {} : { headers }), ...(auth === undefined ? {} : { auth }) };
  const fields = [...fieldsOf(credentials, usual, ctx.run.secrets), ...(origin === undefined ? [] : [["Origin", origin] as Field])];
  const asked: HttpRequest = { method: "GET", url, fields, body: null, version: input.version };
  const allowPrivateRedirects = input.allow_private_redirects;
  return await request(ctx, asked, { ...input, ...boundTo(page?.ipAddress ?? null, input), body: BODY, follow, allowPrivateRedirects }, exchanges);
}

/** Which addresses are refused for what is asked beside a page from this address. */
export function boundTo(reached: string | null, input: Pick<Input, "allow_private_redirects">): { refuse?: (address: string) => string | null } {
  if (input.allow_private_redirects || !isPublic(reached)) return {};
  return { refuse: (address) => refusalOfAddress(address, reached, "the host of the page") };
}

/** The same for what is asked beside the page: it may fail without the page being the worse for it, and is null then. */
export async function askBeside(ctx: Ctx, input: Input, url: URL, asking: Asking = {}): Promise<Exchange | null> {
  try {
    return await ask(ctx, input, url, asking);
  } catch (error) {
    if (error instanceof FailureError && error.failure.code !== "cancelled") return null;
    throw error;
  }
}

export function textOf(exchange: Exchange): string {
  return (exchange.body?.kept ?? Buffer.alloc(0)).toString("utf8");
}
