import type { Report } from "../harness/run.js";
import { evidenceText } from "./evidence-text.js";

/** Adds what the run did to the message of a failed assertion. `caller`: the position of the test, if that is not where it failed. */
export async function withEvidence(report: Report, assertion: () => unknown, caller?: Error): Promise<void> {
  try {
    await assertion();
  } catch (error) {
    if (error instanceof Error) setMessage(error, `${error.message}\n\n${evidenceText(report)}`, caller);
    throw error;
  }
}

/** Sets an error's message. V8 has written the old one into the stack as well, which some reporters print. */
export function setMessage(error: Error, message: string, caller: Error = error): void {
  const frames = framesOf(caller);
  error.message = message;
  error.stack = `${error.name}: ${message}${frames}`;
}

function framesOf({ stack = "" }: Error): string {
  const begin = stack.indexOf("\n    at ");
  return begin < 0 ? "" : stack.slice(begin);
}
