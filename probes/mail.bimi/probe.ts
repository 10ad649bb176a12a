import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { type BimiFacts, examineBimi } from "../../runner/posture/bimi/examine.js";
import { judgeBimi } from "../../runner/posture/bimi/judge.js";
import { findingsOf } from "../../runner/posture/check.js";
import { examineDmarc } from "../../runner/posture/dmarc/examine.js";
import { type Fetched, fetchUrl } from "../../runner/posture/fetch.js";
import { questionsOf, unansweredFailure } from "../../runner/posture/questions.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import { asciiDomain } from "../../schemas/host.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"resolver" | "tcp" | "tls">;

export default defineProbe({
  name: "mail.bimi",
  summary: "Finds the BIMI record of a domain, and judges its DMARC policy, its logo (SVG Tiny PS) and the certificate of the mark.",
  needs: ["resolver", "tcp", "tls"],
  target: "domain",
  ...newest,
  checkInput: ({ ca }) => certificateViolations("/ca", ca),
  run,
});

const MAX_BYTES = { logo: 256 * 1024, certificate: 256 * 1024 } as const;

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence = nothingYet(domain, input);
  const questions = questionsOf(ctx.resolver, input);
  let unanswered: Failure | null = null;
  const broken = await ctx.attempt(async () => {
    const dmarc = await examineDmarc(domain, questions);
    const fetchFile = input.fetch ? fileFetcher(input, ctx) : null;
    const facts = await examineBimi(domain, { selector: input.selector, fetchFile, now: new Date() }, dmarc, questions);
    Object.assign(evidence, shown(facts));
    evidence.checks = judgeBimi(facts, dmarc, questions.evidence(facts.record.name, "TXT"));
    unanswered = await unansweredFailure(questions, facts.record.name, "TXT");
  });
  evidence.failure = broken ?? unanswered;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

function fileFetcher(input: Input, ctx: Ctx): (url: URL, kind: "logo" | "certificate") => Promise<Fetched> {
  const { connect_timeout_ms, command_timeout_ms, resolver, ca } = input;
  const options = { connect_timeout_ms, command_timeout_ms, ca, allowPrivate: input.allow_private_addresses, ...(resolver === undefined ? {} : { resolver }) };
  return (url, kind) =>
    fetchUrl(ctx, url, { ...options, mostBytes: MAX_BYTES[kind], accept: kind === "logo" ? "image/svg+xml" : "application/x-pem-file, */*" });
}

function shown({ record, logo, certificate }: BimiFacts): Pick<Output, "record" | "logo" | "certificate"> {
  return {
    record: { ...record, lps: [...record.lps], remarks: [...record.remarks] },
    logo:
      logo === null
        ? null
        : {
            url: logo.url,
            is_tiny_ps: logo.svg?.is_tiny_ps ?? null,
            problems: [...(logo.svg?.problems ?? []), ...(logo.problem === null ? [] : [logo.problem])],
            remarks: [...(logo.svg?.remarks ?? [])],
            bytes: logo.svg?.bytes ?? null,
          },
    certificate: certificate === null ? null : { ...certificate },
  };
}

function nothingYet(domain: string, { selector }: Input): Evidence<Output> {
  const name = `${selector}._bimi.${domain}`;
  return {
    status: "ok",
    failure: null,
    domain,
    record: { state: "unknown", name, text: null, location: null, evidence: null, avp: null, lps: [], problem: null, remarks: [] },
    logo: null,
    certificate: null,
    checks: [],
    findings: [],
  };
}
