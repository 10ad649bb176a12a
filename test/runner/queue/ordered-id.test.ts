import { expect, test } from "vitest";
import { orderedId } from "../../../runner/queue/ordered-id.js";

test("it is a UUID of version 7 that begins with its time", () => {
  expect(orderedId(0x017f22e279b0)).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(orderedId(1) < orderedId(2)).toBe(true);
});

test("ids of one moment differ", () => {
  expect(new Set(Array.from({ length: 1000 }, () => orderedId(5))).size).toBe(1000);
});
