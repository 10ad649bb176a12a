import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { randomSeed } from "../../runner/net/dns/shuffle.js";
import type { Mailbox } from "../../runner/net/smtp/mailbox.js";
import type { Failure } from "../../schemas/failure.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "resolver" | "sites" | "memory">;
export type RcptEvidence = Evidence<Output>;
export type Result = Output["results"][number];
export type Domain = Output["domains"][number];
export type Site = Output["sites"][number];
export type Attempt = Output["attempts"][number];

/** One address of the input on its way to a decision. */
export interface Question {
  readonly mailbox: Mailbox;
  readonly result: Result;
  /** What keeps it from being accepted, in the house's vocabulary. */
  failure: Failure | null;
  beganAt: number | null;
  /** Accepted: what the host that accepted it says to a random address; null if that is not known. */
  catchAll: Pick<Domain["catch_all"], "verdict" | "asked"> | null;
  /** Nothing that is learned later may change it. */
  isSettled: boolean;
  /** It was found by an earlier run of the same job. */
  isRecalled: boolean;
  /** For a recalled address without a decision: the earliest time of the next check. */
  notBefore: number | null;
}

export function newQuestion(mailbox: Mailbox, result: Result): Question {
  return { mailbox, result, failure: null, beganAt: null, catchAll: null, isSettled: false, isRecalled: false, notBefore: null };
}

/** The run's time is up, or it was cancelled. Asked of the deadline itself: a signal of its own would cost each run more than a question. */
export function isOver(ctx: Ctx): boolean {
  return ctx.run.deadline.reason !== null;
}

/** Every field before anything has happened. */
export function emptyEvidence(input: Input): RcptEvidence {
  return {
    status: "ok",
    failure: null,
    helo_domain: null,
    mail_from: null,
    results: emailsOf(input).map(undecided),
    domains: [],
    sites: [],
    attempts: [],
    seed: input.seed ?? randomSeed(),
    findings: [],
  };
}

function emailsOf({ email, emails = [] }: Input): string[] {
  return email === undefined ? emails : [email, ...emails];
}

/** The result if the run ends before any reply. */
function undecided(email: string): Result {
  return {
    email,
    domain: null,
    category: "unknown",
    code: null,
    enhanced_code: null,
    message: null,
    mx_host: null,
    ip_address: null,
    decided_at: null,
    reason: "run_ended",
    matched: null,
    retry_after_ms: null,
    catch_all: "unknown",
    verdict: "unknown",
    confidence: 0,
    rule: "not_asked",
    elapsed_ms: null,
    error: "the run ended before it was asked",
  };
}
