import { expect, test } from "vitest";
import { Cancellation } from "../../../runner/run/cancellation.js";
import { Deadline } from "../../../runner/run/deadline.js";

test("it ends the run that follows it, and what waits in that", () => {
  const cancellation = new Cancellation();
  const deadline = new Deadline(60_000, cancellation);
  const reasons: string[] = [];
  deadline.onEnd((reason) => reasons.push(reason));
  expect(deadline.reason).toBeNull();
  cancellation.cancel();
  cancellation.cancel();
  expect({ reasons, reason: deadline.reason, isCancelled: cancellation.isCancelled }).toEqual({
    reasons: ["cancelled"],
    reason: "cancelled",
    isCancelled: true,
  });
});

test("a run that begins after it is over at once", () => {
  const cancellation = new Cancellation();
  cancellation.cancel();
  expect(new Deadline(60_000, cancellation).reason).toBe("cancelled");
});

test("a run that is over is left alone", () => {
  const cancellation = new Cancellation();
  const deadline = new Deadline(60_000, cancellation);
  deadline.release();
  cancellation.cancel();
  expect(deadline.reason).toBeNull();
});
