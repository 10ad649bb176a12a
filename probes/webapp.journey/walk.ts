import { failedAssertions, show } from "../../runner/assertions/assertions.js";
import type { BrowserPage } from "../../runner/browser/browser-page.js";
import type { Context } from "../../runner/harness/context.js";
import { round } from "../../runner/run/clock.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { resolved } from "../../schemas/secret.js";
import { actionOf, nameOf } from "./actions.js";
import type { Input, Step, StepResult } from "./schema.js";

type Ctx = Context<"browser" | "clock">;

/** Between two questions whether the page is as expected. */
const ASK_AGAIN_MS = 100;

export function plannedSteps(steps: readonly Step[]): StepResult[] {
  return steps.map((step) => ({
    ...{ name: nameOf(step), action: actionOf(step), outcome: "not_reached" },
    ...{ at_ms: null, duration_ms: null, status: null, message: null, screenshot: null },
  }));
}

/** An expectation that is not met in time. It is a finding, and not a failure of the page. */
export class UnmetError extends Error {
  override readonly name = "UnmetError";
}

/** Does the steps in order, and fills in their results. Rejects with the first that fails: a FailureError, or an UnmetError. */
export async function walk(ctx: Ctx, session: BrowserPage, input: Input, steps: readonly Step[], results: StepResult[], stem: string): Promise<void> {
  const walker = new Walker(ctx, session, input, stem);
  for (const [index, step] of steps.entries()) await walker.take(step, index, results[index] as StepResult);
}

class Walker {
  /** Of the last goto. */
  #status: number | null = null;

  constructor(
    readonly ctx: Ctx,
    readonly session: BrowserPage,
    readonly input: Input,
    readonly stem: string,
  ) {}

  async take(step: Step, index: number, result: StepResult): Promise<void> {
    const { ctx, session } = this;
    const began = ctx.clock.now();
    result.at_ms = round(began - ctx.run.recorder.began);
    try {
      await ctx.operation(result.name, async (operation) => {
        await this.#do(step, index, result);
        operation.reply(result.status, result.action === "goto" ? (step.goto as string) : null);
      });
      result.outcome = "passed";
    } catch (error) {
      result.outcome = "failed";
      result.message = error instanceof FailureError ? error.failure.message : (error as Error).message;
      await this.#pictureOfFailure(result, index);
      throw error instanceof FailureError ? inStep(error, index, result) : error;
    } finally {
      result.duration_ms = round(ctx.clock.now() - began);
      await session.noteVitals();
    }
  }

  async #do(step: Step, index: number, result: StepResult): Promise<void> {
    const { session } = this;
    const timeoutMs = this.#timeoutOf(step);
    if (step.goto !== undefined) {
      this.#status = await session.goto(step.goto, step.wait_until ?? "load", timeoutMs);
      result.status = this.#status;
    } else if (step.click !== undefined) await session.click(step.click, 1, timeoutMs);
    else if (step.double_click !== undefined) await session.click(step.double_click, 2, timeoutMs);
    else if (step.hover !== undefined) await session.hover(step.hover, timeoutMs);
    else if (step.fill !== undefined) await session.fill(step.fill.selector, resolved(step.fill.value), timeoutMs);
    else if (step.press !== undefined) await session.press(step.press.selector, step.press.key, timeoutMs);
    else if (step.wait !== undefined) await this.#wait(step.wait, timeoutMs);
    else if (step.expect !== undefined) await this.#expect(step.expect, timeoutMs);
    else if (step.screenshot !== undefined) await this.#picture(result, index, step.screenshot.full_page, timeoutMs);
  }

  async #wait({ selector, state, url, wait_ms }: NonNullable<Step["wait"]>, timeoutMs: number): Promise<void> {
    if (selector !== undefined) await this.session.waitFor(selector, state, timeoutMs);
    if (url !== undefined) await this.#until(timeoutMs, async () => this.#unmet("the URL", url, this.session.url));
    if (wait_ms !== undefined) await this.session.pause(wait_ms);
  }

  async #expect(wanted: NonNullable<Step["expect"]>, timeoutMs: number): Promise<void> {
    const { session } = this;
    await this.#until(timeoutMs, async () => {
      const page = [
        ...(wanted.url === undefined ? [] : this.#unmet("the URL", wanted.url, session.url)),
        ...(wanted.title === undefined ? [] : this.#unmet("the title", wanted.title, await session.title(timeoutMs))),
        ...(wanted.status === undefined ? [] : this.#unmet("the status code", wanted.status, this.#status)),
      ];
      if (wanted.selector === undefined) return page;
      const { text, value, visible, count } = await session.look(wanted.selector, timeoutMs);
      return [
        ...page,
        ...(wanted.count === undefined ? [] : this.#unmet(`the number of ${wanted.selector}`, wanted.count, count)),
        ...(wanted.visible === undefined ? [] : this.#unmet(`whether ${wanted.selector} is visible`, wanted.visible, visible)),
        ...(wanted.text === undefined ? [] : this.#unmet(`the text of ${wanted.selector}`, wanted.text, text)),
        ...(wanted.value === undefined ? [] : this.#unmet(`the value of ${wanted.selector}`, wanted.value, value)),
      ];
    });
  }

  /** Asks until nothing is unmet. */
  async #until(timeoutMs: number, unmet: () => Promise<string[]>): Promise<void> {
    for (const giveUpAt = this.ctx.clock.now() + timeoutMs; ; await this.session.pause(ASK_AGAIN_MS)) {
      const problems = await unmet();
      if (problems.length === 0) return;
      if (this.ctx.clock.now() >= giveUpAt) throw new UnmetError(problems.join("; "));
    }
  }

  #unmet(what: string, expected: unknown, actual: unknown): string[] {
    const phrases = failedAssertions(expected as never, actual);
    return phrases.length === 0 ? [] : [`${what}: expected ${phrases.join(" and ")}, got ${show(actual)}`];
  }

  async #pictureOfFailure(result: StepResult, index: number): Promise<void> {
    if (!this.input.screenshot_on_failure || this.session.fatal !== null || this.ctx.run.deadline.reason !== null) return;
    try {
      await this.#picture(result, index, false, 2000);
    } catch (error) {
      // A page that is busy cannot be shown. That is no other failure.
      if (!(error instanceof FailureError)) throw error;
    }
  }

  async #picture(result: StepResult, index: number, fullPage: boolean, timeoutMs: number): Promise<void> {
    if (!this.ctx.browser.wantsArtifacts) return;
    const picture = await this.session.screenshot(fullPage, timeoutMs);
    result.screenshot = this.ctx.browser.save(`${this.stem}-step-${index}`, "png", picture);
  }

  #timeoutOf({ step_timeout_ms }: Step): number {
    return step_timeout_ms ?? this.input.step_timeout_ms;
  }
}

function inStep(error: FailureError, index: number, { name }: StepResult): FailureError {
  return new FailureError({ ...error.failure, message: `step ${index} (${name}): ${error.failure.message}` });
}
