import { lineMatcher } from "../../runner/assertions/assertions.js";
import { failureError } from "../../runner/run/failure-error.js";
import { resolved } from "../../schemas/secret.js";
import type { Ctx } from "./connect.js";
import { secure } from "./connect.js";
import type { Conversation } from "./conversation.js";
import type { Input, Output, Step } from "./schema.js";

/** What a step is called if the input does not name it. */
export function nameOf(step: Step): string {
  if (step.name !== undefined) return step.name;
  if (step.start_tls) return "start_tls";
  return step.send !== undefined || step.send_base64 !== undefined ? "send" : "expect";
}

export type StepResult = Output["steps"][number];

/** Runs each step and records its result in `results`. Rejects with a FailureError at the first failure. */
export async function runSteps(ctx: Ctx, input: Input, conversation: Conversation, results: readonly StepResult[], noteTls: () => void): Promise<void> {
  const { recorder } = conversation.connection.run;
  const captures: Record<string, string> = {};
  for (const [index, step] of input.steps.entries()) {
    const result = results[index] as StepResult;
    const operation = recorder.begin(result.name);
    try {
      const at = await runStep(ctx, input, step, conversation, result, captures);
      recorder.end(operation, null, result.text, at ?? undefined);
      result.outcome = "done";
      result.duration_ms = operation.duration_ms;
    } catch (error) {
      recorder.end(operation, null, null);
      result.outcome = "failed";
      if (isWaiting(step)) result.text = conversation.unread;
      throw error;
    } finally {
      if (step.start_tls) noteTls();
    }
  }
}

function isWaiting({ expect, expect_base64, matches }: Step): boolean {
  return expect !== undefined || expect_base64 !== undefined || matches !== undefined;
}

/** When what the step waited for arrived; null for a step that sends. */
async function runStep(
  ctx: Ctx,
  input: Input,
  step: Step,
  conversation: Conversation,
  result: StepResult,
  captures: Record<string, string>,
): Promise<number | null> {
  const timeoutMs = step.timeout_ms ?? input.command_timeout_ms;
  if (step.send !== undefined) await conversation.send(Buffer.from(filled(resolved(step.send), captures)));
  else if (step.send_base64 !== undefined) await conversation.send(Buffer.from(step.send_base64, "base64"));
  else if (step.start_tls) await secure(ctx, input, conversation.connection, timeoutMs);
  else if (step.matches !== undefined) return matchLine(step.matches, step, conversation, timeoutMs, result, captures);
  else {
    const bytes = step.expect === undefined ? Buffer.from(step.expect_base64 as string, "base64") : Buffer.from(step.expect);
    const { at } = await conversation.literal(bytes.toString("latin1"), timeoutMs, step.max_bytes);
    result.text = step.expect ?? (step.expect_base64 as string);
    return at;
  }
  return null;
}

async function matchLine(
  pattern: string,
  step: Step,
  conversation: Conversation,
  timeoutMs: number,
  result: StepResult,
  captures: Record<string, string>,
): Promise<number> {
  const { match, at } = await conversation.line(lineMatcher(pattern), timeoutMs, step.max_bytes);
  result.text = match.line;
  result.captures = match.groups;
  Object.assign(captures, match.groups);
  return at;
}

/** Replaces ${name} by what was captured. Unknown names are left unchanged. */
function filled(text: string, captures: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{([A-Za-z0-9_]{1,64})\}/g, (written, name: string) => {
    const value = Object.hasOwn(captures, name) ? (captures[name] as string) : written;
    // It is the server's word: it must not add lines of its own to what is sent.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(value))
      throw failureError("send", "not_permitted", `what was captured as ${name} has a control character, and is not sent`);
    return value;
  });
}
