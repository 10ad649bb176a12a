import type { BrowserPage } from "../../runner/browser/browser-page.js";
import { harOf } from "../../runner/browser/har.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { statusOf } from "../../runner/run/judge.js";
import { evidenceOf, NOTHING_SEEN } from "./evidence.js";
import { judge } from "./judge.js";
import { type Plan, planOf, planViolations } from "./plan.js";
import { type Input, newest, type Output, type StepResult } from "./schema.js";
import { plannedSteps, UnmetError, walk } from "./walk.js";

export default defineProbe({
  name: "webapp.journey",
  summary: "Walks through pages in a browser, step by step, and reports times, web vitals, requests, errors and third parties.",
  needs: ["browser", "clock"],
  target: "url",
  ...newest,
  checkInput: planViolations,
  run,
});

type Ctx = Context<"browser" | "clock">;
type Facts = Pick<Output, "har" | "documents"> & { seen: typeof NOTHING_SEEN };

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const plan = planOf(input);
  const steps = plannedSteps(plan.steps);
  const facts: Facts = { seen: NOTHING_SEEN, documents: [], har: null };
  const failure = await ctx.attempt(() => journey(ctx, input, plan, steps, facts));
  const url = plan.steps[0]?.goto ?? null;
  const { final_url, browser, ...seen } = facts.seen;
  const output = { status: "ok" as const, failure, url, final_url, browser, steps, documents: facts.documents, ...seen, har: facts.har };
  const findings = judge(input, output);
  return { ...output, status: statusOf(failure, findings), findings };
}

async function journey(ctx: Ctx, input: Input, plan: Plan, steps: StepResult[], facts: Facts): Promise<void> {
  const stem = `webapp.journey-${ctx.clock.utc().slice(0, 19).replace(/[-:]/g, "")}`;
  const session = await ctx.operation("start browser", () => ctx.browser.open(browserInputOf(input, plan)));
  try {
    await walk(ctx, session, input, plan.steps, steps, stem);
    if (input.settle_ms > 0) await session.pause(input.settle_ms);
    await session.noteVitals();
  } catch (error) {
    if (!(error instanceof UnmetError)) throw error;
  } finally {
    await session.end();
    note(ctx, session, plan, steps, facts, stem);
  }
}

function note(ctx: Ctx, session: BrowserPage, plan: Plan, steps: readonly StepResult[], facts: Facts, stem: string): void {
  facts.seen = evidenceOf(session, ctx.run.recorder.began, plan.hosts[0] ?? "");
  const began = performance.timeOrigin + ctx.run.recorder.began;
  facts.documents = session.documents.map(({ url, time_origin, ...times }) => ({ url, step: stepAt(steps, time_origin - began), ...times }));
  if (session.log.count > 0) facts.har = ctx.browser.save(stem, "har", harOf(session.log.requests, session.product, "1"));
}

/** The step during which a document began. */
function stepAt(steps: readonly StepResult[], atMs: number): number | null {
  // The clock of the browser may differ by a little.
  const index = steps.findLastIndex(({ at_ms }) => at_ms !== null && at_ms <= atMs + 5);
  return index < 0 ? null : index;
}

function browserInputOf(input: Input, { hosts, viewport }: Plan) {
  return {
    ...{ namedHosts: hosts, allowedHosts: input.allowed_hosts ?? null, allowPrivate: input.allow_private, viewport, locale: input.locale },
    ...{ ignoreCertificates: input.ignore_certificates, connectTimeoutMs: input.connect_timeout_ms },
    ...{ maxBytes: input.max_received_bytes, maxMemoryBytes: input.max_memory_bytes },
  };
}
