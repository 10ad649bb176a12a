import { certificateViolations } from "../../runner/harness/check-certificates.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { hopOf } from "../../runner/net/http/hop.js";
import { statusOf } from "../../runner/run/judge.js";
import type { TlsScanFacts } from "../../schemas/tls-scan.js";
import { findingsOf } from "./findings.js";
import { examinePage, finalUrl, judgePath } from "./page.js";
import { ask, type Ctx, MAX_REDIRECTS } from "./requests.js";
import { judgePage } from "./rules.js";
import { type Input, newest, type Output } from "./schema.js";
import { scoreOf } from "./score.js";
import { examineSite, SITE_RULES } from "./site.js";
import { v1_0 } from "./v1-0.js";

export default defineProbe({
  name: "webapp.security",
  summary: "Judges how a web page protects its visitors: HTTPS, HSTS, CSP, framing, cookies, CORS and other headers.",
  needs: ["tcp", "tls"],
  target: "url",
  ...newest,
  older: { "1.0.0": v1_0 },
  usualTimeoutMs: ({ paths }) => 120_000 + paths.length * 10_000,
  checkInput: ({ tls }) => certificateViolations("/tls/ca", tls.ca),
  run,
});

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const exchanges: Exchange[] = [];
  let rules: Output["rules"] = [];
  let tls: TlsScanFacts | null = null;
  const failure = await ctx.attempt(async () => {
    const exchange = await ask(ctx, input, new URL(input.url), { follow: MAX_REDIRECTS, exchanges });
    const page = await examinePage(ctx, input, exchange);
    const site = await examineSite(ctx, input, exchange);
    tls = site.scan?.facts ?? null;
    rules = judgePage({ ...page, ...site });
  });
  const ofTheSite = rules.filter(({ rule }) => SITE_RULES.includes(rule));
  const paths: Output["paths"] = [];
  // One after the other: it is one site that answers them all.
  for (const path of input.paths) paths.push(await judgePath(ctx, input, path, ofTheSite));
  const findings = findingsOf(input.url, rules, paths);
  const first = failure ?? paths.find((each) => each.failure !== null)?.failure ?? null;
  return {
    status: statusOf(first, findings),
    failure: first,
    url: input.url,
    final_url: finalUrl(exchanges),
    hops: exchanges.map(hopOf),
    rules,
    tls,
    findings,
    score: rules.length === 0 ? null : scoreOf(rules),
    paths,
  };
}
