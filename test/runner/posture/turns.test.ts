import { describe, expect, test } from "vitest";
import { Turns } from "../../../runner/posture/hosts/turns.js";
import { Deadline } from "../../../runner/run/deadline.js";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("conversations with one address", () => {
  test("are four at once, and the others follow in their order", async () => {
    const turns = new Turns();
    const deadline = new Deadline(60_000, undefined);
    const began: number[] = [];
    const ends: (() => void)[] = [];
    for (let run = 0; run < 7; run++)
      void turns.take("192.0.2.1 25", deadline).then((end) => {
        began.push(run);
        ends.push(end);
      });
    void turns.take("192.0.2.2 25", deadline).then(() => began.push(100));
    await settled();
    expect(began).toEqual([0, 1, 2, 3, 100]);
    ends[1]?.();
    ends[1]?.();
    await settled();
    expect(began).toEqual([0, 1, 2, 3, 100, 4]);
    for (const end of [...ends]) end();
    await settled();
    expect(began).toEqual([0, 1, 2, 3, 100, 4, 5, 6]);
    deadline.end("cancelled");
  });

  test("are not waited for longer than the run lasts, and no place is lost with it", async () => {
    const turns = new Turns();
    const patient = new Deadline(60_000, undefined);
    const impatient = new Deadline(60_000, undefined);
    const ends = await Promise.all([0, 1, 2, 3].map(() => turns.take("192.0.2.1 25", patient)));
    const given = turns.take("192.0.2.1 25", impatient).catch((error: Error) => error.message);
    const last = turns.take("192.0.2.1 25", patient);
    impatient.end("timeout");
    expect(await given).toContain("the run's deadline expired");
    ends[0]?.();
    (await last)();
    for (const end of ends) end();
    // All places are free again.
    await Promise.all([0, 1, 2, 3].map(() => turns.take("192.0.2.1 25", patient)));
    patient.end("cancelled");
  });
});
