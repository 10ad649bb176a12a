import { expect, test } from "vitest";
import { readDomainReport } from "../../../../runner/mail/domain-report/read-domain-report.js";
import { feedback, record } from "./aggregate-report.js";

test("of a hundred thousand sources, those with the most messages are listed, and all are counted", () => {
  const records = Array.from({ length: 100_000 }, (_, index) =>
    record({ ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, count: index === 70_000 ? "9" : "1" }),
  );
  const report = readDomainReport(Buffer.from(feedback(...records)));
  expect(report.messages?.total).toBe(100_008);
  expect(report.sources).toHaveLength(1000);
  expect(report.sources[0]).toMatchObject({ ip: "10.1.17.112", messages: 9 });
  expect(report.sources_left_out).toBe(99_000);
});
