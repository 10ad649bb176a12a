import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Output } from "./schema.js";

type Facts = Pick<Output, "spf" | "dkim" | "dmarc" | "arc" | "receiver">;

/** A message that fails DMARC is an error; everything else that weakens it is a warning, including checks without an answer. */
export function judge({ spf, dkim, dmarc, receiver }: Facts, isCut: boolean): Finding[] {
  const findings: Finding[] = [];
  if (dmarc.result === "fail")
    findings.push(finding("error", "dmarc_fail", `DMARC fails: ${dmarc.reason}; ${dmarc.policy_domain} asks for ${dmarc.policy}`, "pass", "fail"));
  if (dmarc.result === "temperror" || dmarc.result === "permerror" || dmarc.result === "unknown")
    findings.push(finding("warning", `dmarc_${dmarc.result}`, `DMARC cannot be evaluated: ${dmarc.reason}`));
  if (dmarc.result === "none") findings.push(finding("warning", "dmarc_none", "the author domain has no DMARC policy"));
  if (spf.result === "fail" || spf.result === "permerror" || spf.result === "temperror") {
    findings.push(
      finding("warning", `spf_${spf.result}`, `SPF ${spf.result} for ${spf.domain}${spf.problem === null ? "" : `: ${spf.problem}`}`, "pass", spf.result),
    );
  }
  if (dkim.length === 0) findings.push(finding("warning", "not_signed", "the message has no DKIM signature"));
  for (const each of dkim) findings.push(...signatureFindings(each));
  findings.push(...disagreements({ spf, dkim, dmarc, receiver }));
  if (isCut) findings.push(finding("warning", "header_cut", "the header is longer than is read: a signature may be missing"));
  return findings;
}

function signatureFindings({
  result,
  reason,
  message,
  domain,
  unsigned_body_bytes: unsigned,
  is_test: isTest,
  key_bits: bits,
  algorithm,
}: Output["dkim"][number]): Finding[] {
  const whose = `the signature of ${domain ?? "an unknown domain"}`;
  if (result !== "pass") return [finding("warning", `dkim_${reason ?? result}`, `${whose} does not verify: ${message}`, "pass", result)];
  const findings: Finding[] = [];
  if (unsigned > 0)
    findings.push(finding("warning", "body_not_covered", `${whose} leaves ${unsigned} bytes of the body unsigned (l=): anybody could have added them`));
  if (isTest) findings.push(finding("warning", "dkim_test", `${whose} is a test (t=y)`));
  if (algorithm !== "ed25519-sha256" && bits !== null && bits < 2048)
    findings.push(finding("warning", "dkim_key_short", `${whose} is made with a key of ${bits} bits`, "2048 bits", `${bits} bits`));
  return findings;
}

/** Where the receiver judged otherwise: a key that is gone by now is not a forgery, and the reader should see both. */
function disagreements({ spf, dkim, dmarc, receiver }: Omit<Facts, "arc">): Finding[] {
  const own = {
    spf: spf.result === "not_evaluated" ? null : spf.result,
    dkim: dkim.some(({ result }) => result === "pass") ? "pass" : (dkim[0]?.result ?? null),
    dmarc: dmarc.result === "unknown" ? null : dmarc.result,
  };
  return (["spf", "dkim", "dmarc"] as const).flatMap((method) => {
    const theirs = receiver[method];
    if (theirs === null || own[method] === null || (theirs === "pass") === (own[method] === "pass")) return [];
    return [finding("warning", "receiver_disagrees", `the receiver found ${method}=${theirs}, and now it is ${own[method]}`, theirs, own[method])];
  });
}
