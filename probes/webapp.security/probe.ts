import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { request } from "../../runner/net/http/client.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { hopOf } from "../../runner/net/http/hop.js";
import { type Field, fieldValue, type HttpRequest, hostOf } from "../../runner/net/http/message.js";
import { locationOf } from "../../runner/net/http/redirect.js";
import { fieldsOf } from "../../runner/net/http/request.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { finding, statusOf } from "../../runner/run/judge.js";
import { scanTls, type TlsScan } from "../../runner/tls-scan/scan-target.js";
import type { TlsScanFacts } from "../../schemas/tls-scan.js";
import { judgePage } from "./rules.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "webapp.security",
  summary: "Judges how a web page protects its visitors: HTTPS, HSTS, CSP, framing, cookies, CORS and other headers.",
  needs: ["tcp", "tls"],
  target: "url",
  ...newest,
  usualTimeoutMs: () => 120_000,
  checkInput: ({ tls }) => certificateViolations("/tls/ca", tls.ca),
  run,
});

type Ctx = Context<"tcp" | "tls">;

/** RFC 2606: an origin that cannot exist. */
const FOREIGN_ORIGIN = "https://origin.example";
const BODY = { most_bytes: 262_144, kept_bytes: 262_144 };
const MAX_REDIRECTS = 10;

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const exchanges: Exchange[] = [];
  let rules: Output["rules"] = [];
  let tls: TlsScanFacts | null = null;
  const failure = await ctx.attempt(async () => {
    const page = await ask(ctx, input, new URL(input.url), MAX_REDIRECTS, { exchanges });
    const { url } = page.request;
    const plain = url.protocol === "https:" ? await tried(() => ask(ctx, input, plainUrl(url, input.http_port), 0)) : page;
    const cors = await tried(() => ask(ctx, input, url, 0, { origin: FOREIGN_ORIGIN }));
    const text = await tried(() => ask(ctx, input, new URL("/.well-known/security.txt", url.origin), 0));
    const scan = await scanned(ctx, input, page);
    tls = scan?.facts ?? null;
    rules = judgePage({
      url,
      scan,
      fields: page.head?.fields ?? [],
      html: textOf(page),
      plain: plain?.head == null ? null : { status: plain.head.status, location: locationOf(plain.head) },
      cors: cors?.head?.fields ?? null,
      foreignOrigin: FOREIGN_ORIGIN,
      securityTxt: text?.head == null ? null : { status: text.head.status, text: textOf(text), type: fieldValue(text.head.fields, "content-type") },
    });
  });
  const findings = rules.flatMap(({ rule, result, message, fix, evidence }) =>
    result === "warning" || result === "error" ? [finding(result, rule, message, fix, evidence[0] ?? null)] : [],
  );
  const last = exchanges.findLast(({ head }) => head !== null);
  return {
    status: statusOf(failure, findings),
    failure,
    url: input.url,
    final_url: last?.request.url.href ?? null,
    hops: exchanges.map(hopOf),
    rules,
    tls,
    findings,
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

async function ask(
  ctx: Ctx,
  input: Input,
  url: URL,
  follow: number,
  { exchanges = [], origin }: { exchanges?: Exchange[]; origin?: string } = {},
): Promise<Exchange> {
  const usual: Field[] = [
    ["User-Agent", "probe-run"],
    ["Accept", "text/html, */*;q=0.5"],
  ];
  // Credentials stay with the origin that the input names.
  const { headers, auth } = url.origin === new URL(input.url).origin ? input : {};
  const credentials = { ...(headers === undefined ? {} : { headers }), ...(auth === undefined ? {} : { auth }) };
  const fields = [...fieldsOf(credentials, usual, ctx.run.secrets), ...(origin === undefined ? [] : [["Origin", origin] as Field])];
  const asked: HttpRequest = { method: "GET", url, fields, body: null, version: input.version };
  return await request(ctx, asked, { ...input, body: BODY, follow, allowPrivateRedirects: input.allow_private_redirects }, exchanges);
}

/** What is asked beside the page may fail without the page being the worse for it. */
async function tried(what: () => Promise<Exchange>): Promise<Exchange | null> {
  try {
    return await what();
  } catch (error) {
    if (error instanceof FailureError && error.failure.code !== "cancelled") return null;
    throw error;
  }
}

function plainUrl(url: URL, port: number): URL {
  const plain = new URL(url.href);
  plain.protocol = "http:";
  plain.port = String(port);
  return plain;
}

function textOf(exchange: Exchange): string {
  return (exchange.body?.kept ?? Buffer.alloc(0)).toString("utf8");
}
