import { test } from "vitest";
import type { Envelope } from "../../schemas/envelope.js";
import { run } from "../run.js";

/** A vitest test that runs a probe once and hands its envelope over. */
export function probeTest(title: string, name: string, input: unknown, check: (envelope: Envelope) => unknown): void {
  test(title, async () => {
    await check(await run(name, input));
  });
}
