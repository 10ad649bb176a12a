import type { Exchange } from "../../runner/net/http/exchange.js";
import { fieldValue, hostOf } from "../../runner/net/http/message.js";
import { locationOf } from "../../runner/net/http/redirect.js";
import { scanTls, type TlsScan } from "../../runner/tls-scan/scan-target.js";
import { askBeside, type Ctx, textOf } from "./requests.js";
import type { Page } from "./rules/rule.js";
import type { Input } from "./schema.js";

/** What is the same for all pages of a site. */
export type Site = Pick<Page, "plain" | "scan" | "securityTxt">;

/** Rules that judge it. */
export const SITE_RULES: readonly string[] = ["https_redirect", "tls", "security_txt"];

export async function examineSite(ctx: Ctx, input: Input, page: Exchange): Promise<Site> {
  const { url } = page.request;
  const plain = url.protocol === "https:" ? await askBeside(ctx, input, plainUrl(url, input.http_port), { page }) : page;
  const text = await askBeside(ctx, input, new URL("/.well-known/security.txt", url.origin), { page });
  return {
    plain: plain?.head == null ? null : { status: plain.head.status, location: locationOf(plain.head) },
    securityTxt: text?.head == null ? null : { status: text.head.status, text: textOf(text), type: fieldValue(text.head.fields, "content-type") },
    scan: await scanned(ctx, input, page),
  };
}

/** Connections at the same time and in all, as security.tls has them by default. */
const SCAN = { parallel: 4, budget: 100 };

/** Scans the address that served the page: its name may lead elsewhere by now. */
async function scanned(ctx: Ctx, input: Input, { request: { url }, ipAddress }: Exchange): Promise<TlsScan | null> {
  if (url.protocol !== "https:" || input.tls_policy === "none" || ipAddress === null) return null;
  const name = input.tls.servername ?? hostOf(url);
  return await scanTls(ctx.part("tls"), {
    ...input,
    ...SCAN,
    target_host: ipAddress,
    target_port: Number(url.port || 443),
    servername: name,
    policy: input.tls_policy,
    ...(input.tls.ca === undefined ? {} : { ca: input.tls.ca }),
  });
}

function plainUrl(url: URL, port: number): URL {
  const plain = new URL(url.href);
  plain.protocol = "http:";
  plain.port = String(port);
  return plain;
}
