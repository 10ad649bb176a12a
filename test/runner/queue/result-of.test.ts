import { expect, test } from "vitest";
import { isResultOf } from "../../../runner/queue/result-of.js";
import { DELIVERY_EVENT_TYPE } from "../../../schemas/delivery-event.js";
import { RESULT_TYPE, type ResultEvent } from "../../../schemas/result-event.js";

const event = (subject: string, type: string = RESULT_TYPE): ResultEvent =>
  ({ specversion: "1.0", id: "1", source: "probe-run", type, subject, data: {} }) as unknown as ResultEvent;

test.each([
  ["network.smtp@2.0.0", "network.smtp@2", true],
  ["network.smtp@2.0.0", "network.smtp@2.0.0", true],
  ["network.smtp@1.0.0", "network.smtp@2", false],
  ["network.smtp@20.0.0", "network.smtp@2" as string, false],
  ["network.imap@2.0.0", "network.smtp@2", false],
  ["@acme/probe-run-probe-x@1.2.0", "@acme/probe-run-probe-x@1" as string, true],
  ["", "network.smtp@2", false],
])("%s is a result of %s: %s", (subject, probe, expected) => {
  expect(isResultOf(event(subject), probe as "network.smtp@2")).toBe(expected);
});

test("an event of a delivery is none", () => {
  expect(isResultOf(event("network.smtp@2.0.0", DELIVERY_EVENT_TYPE), "network.smtp@2")).toBe(false);
});

test("without a version it is not known what its data is", () => {
  expect(() => isResultOf(event("network.smtp@2.0.0"), "network.smtp" as "network.smtp@2")).toThrow("write network.smtp@ and the major version");
});
