import type { Context } from "../../runner/harness/context.js";
import type { DirectOptions, DirectReply } from "../../runner/net/dns/direct-query.js";
import { parseAnchor, ROOT_ANCHORS, type TrustAnchor } from "../../runner/net/dns/dnssec/anchors.js";
import { Chain } from "../../runner/net/dns/dnssec/chain.js";
import { validate } from "../../runner/net/dns/dnssec/validate.js";
import { RCODES } from "../../runner/net/dns/rcode.js";
import type { Violation } from "../../runner/support/request-error.js";
import type { Question } from "./questions.js";
import type { Answer, Input } from "./schema.js";

type Ctx = Context<"resolver">;
type Judged = Pick<Answer, "dnssec" | "dnssec_detail">;

/** Validates a reply to a question. */
export type Validation = (question: Question, reply: DirectReply) => Promise<Judged>;

const DAY_S = 86_400;

/** Validation by one server's answers, which share what was found of the chain; null if none is asked for. */
export function validationAt(server: string, input: Input, options: DirectOptions, ctx: Ctx): Validation | null {
  if (!input.dnssec) return null;
  const nowS = Math.floor(Date.now() / 1000);
  // A validating resolver does not return bogus data unless it is asked not to check (CD).
  const ask = async (name: string, type: number) => (await ctx.resolver.ask(server, { name, type }, { ...options, checkingDisabled: true })).message;
  const chain = new Chain(anchorsOf(input), ask, nowS);
  return async ({ name, type }, reply) => {
    const message = reply.message?.rcode === RCODES.serverFailure && input.recursion ? await ask(name, type) : reply.message;
    if (message === null) return { dnssec: "indeterminate", dnssec_detail: { reason: "there is no answer", name, signature_days_left: null, signers: [] } };
    const { state, reason, name: where, signatures } = await validate(chain, name, type, message);
    const lefts = signatures.map(({ expiration }) => Math.floor(((expiration - nowS) | 0) / (DAY_S / 100)) / 100);
    const signers = [...new Set(signatures.map(({ signer }) => signer))];
    return { dnssec: state, dnssec_detail: { reason, name: where, signature_days_left: lefts.length === 0 ? null : Math.min(...lefts), signers } };
  };
}

function anchorsOf({ trust_anchors: given }: Input): TrustAnchor[] {
  return (given ?? ROOT_ANCHORS).map(parseAnchor).filter((anchor) => anchor !== null);
}

/** Trust anchors that cannot be read. */
export function inputViolations({ name, questions, trust_anchors: given = [] }: Input): Violation[] {
  const missing =
    name === undefined && questions === undefined ? [{ pointer: "", message: "a question is missing", hint: "give name and type, or questions" }] : [];
  return [...missing, ...anchorViolations(given)];
}

function anchorViolations(given: readonly string[]): Violation[] {
  return given.flatMap((line, index) =>
    parseAnchor(line) === null
      ? [
          {
            pointer: `/trust_anchors/${index}`,
            message: "must be a DS or DNSKEY record as a master file has it",
            hint: "for example: example.org. DS 12345 13 2 followed by the digest in hexadecimal",
          },
        ]
      : [],
  );
}
