import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { newExchange } from "../../runner/net/http/exchange.js";
import { hopOf } from "../../runner/net/http/hop.js";
import { send } from "../../runner/net/http/send.js";
import { FailureError, failureError } from "../../runner/run/failure-error.js";
import { finding, statusOf } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Violation } from "../../runner/support/request-error.js";
import { requestOf } from "./build-request.js";
import { checkResponse } from "./check-response.js";
import { type Input, newest, type Output, type Step, type StepResult } from "./schema.js";
import { compileSchema } from "./user-schema.js";

type Ctx = Context<"tcp" | "tls" | "clock">;

export default defineProbe({
  name: "webapp.rest",
  summary: "Sends requests to an API, one after the other, checks their JSON or XML, and passes values from one to the next.",
  needs: ["tcp", "tls", "clock"],
  target: "url",
  ...newest,
  checkInput,
  run,
});

function checkInput({ tls, steps }: Input): Violation[] {
  const schemas = steps.flatMap(({ expect }, index) => {
    if (expect?.schema === undefined) return [];
    try {
      compileSchema(expect.schema as object | boolean);
      return [];
    } catch (error) {
      return [{ pointer: `/steps/${index}/expect/schema`, message: (error as Error).message, hint: null }];
    }
  });
  const bodies = steps.flatMap(({ json, body }, index) =>
    json === undefined || body === undefined ? [] : [{ pointer: `/steps/${index}/body`, message: "cannot stand beside json", hint: "leave one of them out" }],
  );
  return [...certificateViolations("/tls/ca", tls.ca), ...schemas, ...bodies];
}

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const steps = input.steps.map(notReached);
  const failure = await ctx.attempt(async () => {
    const captures: Record<string, string> = {};
    for (const [index, step] of input.steps.entries()) {
      const result = steps[index] as StepResult;
      await runStep(ctx, input, step, result, captures);
      if (result.outcome !== "passed") return;
    }
  });
  const findings = [
    ...steps.flatMap(findingsOf),
    ...steps.slice(0, 1).flatMap(({ exchange }) => certificateFindings(exchange?.tls ?? null, input.tls, new URL(input.url).hostname)),
  ];
  return { status: statusOf(failure, findings), failure, url: input.url, steps, findings };
}

async function runStep(ctx: Ctx, input: Input, step: Step, result: StepResult, captures: Record<string, string>): Promise<void> {
  const began = ctx.clock.now();
  try {
    const exchange = newExchange(requestOf(input, step, captures, ctx.run.secrets));
    const limits = { most_bytes: input.max_body_bytes, kept_bytes: input.max_body_bytes };
    try {
      await send(ctx, exchange, { ...input, body: () => limits });
    } finally {
      result.exchange = hopOf(exchange);
      result.body_bytes = exchange.body?.decoded_bytes ?? null;
      result.duration_ms = Math.round((ctx.clock.now() - began) * 1000) / 1000;
    }
    if (exchange.body?.truncated === true) throw failureError("body", "limit_exceeded", `the body is longer than max_body_bytes, ${input.max_body_bytes}`);
    checkResponse(step, exchange, result, (value) => ctx.run.secrets.keep(value));
    Object.assign(captures, result.captures);
    result.outcome = result.assertions.every(({ passed }) => passed) && result.schema_violations.length === 0 ? "passed" : "failed";
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    result.outcome = "broken";
    result.failure = error.failure;
    throw error;
  }
}

function findingsOf({ name, assertions, schema_violations }: StepResult) {
  return [
    ...assertions.flatMap(({ target, expected, actual, passed }) =>
      passed ? [] : [finding("error", "assertion_failed", `${name}: ${target}: expected ${expected}, got ${actual}`, expected, actual)],
    ),
    ...schema_violations
      .slice(0, 1)
      .map(({ pointer, message }) => finding("error", "schema_violated", `${name}: the body does not fit its schema: ${pointer} ${message}`)),
  ];
}

function notReached({ name, method, path }: Step): StepResult {
  return {
    name: name ?? `${method} ${path}`,
    outcome: "not_reached",
    failure: null,
    exchange: null,
    body_bytes: null,
    duration_ms: null,
    assertions: [],
    schema_violations: [],
    anomalies: [],
    captures: {},
  };
}
