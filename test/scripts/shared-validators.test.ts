import { createRequire } from "node:module";
import { expect, test } from "vitest";
import type { Contract } from "../../schemas/contract.js";
import { deliveryEventContract } from "../../schemas/delivery-event.js";
import { jobEventContract } from "../../schemas/job-event.js";
import { mailToSendContract } from "../../schemas/mail-to-send.js";
import { resultEventContract } from "../../schemas/result-event.js";
import { bundledText, COMMON_JS, virtual } from "../../scripts/bundle.js";
import { sharedValidators } from "../../scripts/shared-validators.js";

const sources: Readonly<Record<string, Contract>> = { deliveryEventContract, jobEventContract, mailToSendContract, resultEventContract };

/** The contracts as dist/ has them. */
function built(): Promise<Record<string, Contract>> {
  bundled ??= bundle();
  return bundled;
}

let bundled: Promise<Record<string, Contract>> | null = null;

async function bundle(): Promise<Record<string, Contract>> {
  const files = {
    deliveryEventContract: "delivery-event",
    jobEventContract: "job-event",
    mailToSendContract: "mail-to-send",
    resultEventContract: "result-event",
  };
  const exports = Object.entries(files).map(([name, file]) => `export { ${name} } from "./schemas/${file}.js";`);
  const code = await bundledText({ ...COMMON_JS, entryPoints: ["shared"], plugins: [virtual("shared", exports.join("\n")), sharedValidators] });
  const module = { exports: {} as Record<string, Contract> };
  const withoutAjv = (name: string) => {
    if (name.startsWith("ajv")) throw new Error("Ajv was loaded");
    return createRequire(import.meta.url)(name);
  };
  new Function("module", "exports", "require", "__filename", code)(module, module.exports, withoutAjv, import.meta.filename);
  return module.exports;
}

const event = (type: string, data: unknown) => ({
  specversion: "1.0",
  id: "a",
  source: "/probe-run",
  type,
  subject: "network.smtp@2.0.0",
  time: "2026-11-20T02:41:46.693Z",
  datacontenttype: "application/json",
  data,
});
const job = { probe: "network.smtp", version: "2.0.0", input: { target_host: "mx.example.org" } };
const mail = { mail_from: "a@sender.example", recipients: ["b@recipient.example"] };
const VALUES: readonly unknown[] = [
  mail,
  { ...mail, fields: { subject: "x", text: "y" }, priority: "LOW", id: "a", dsn: { notify: "never" } },
  { ...mail, recipients: [] },
  { ...mail, id: "x".repeat(129) },
  { ...mail, fields: { nonsense: 1 } },
  { mail_from: 1 },
  event("probe-run.job", job),
  event("probe-run.job", { ...job, priority: 10 }),
  event("probe-run.job", { ...job, nonsense: true }),
  event("probe-run.job", { ...job, probe: "../../etc" }),
  event("probe-run.result", { output: {} }),
  event("probe-run.result", []),
  event("probe-run.delivery", { delivery_id: "a" }),
  { ...event("probe-run.job", job), id: "" },
  { ...event("probe-run.job", job), specversion: "0.3" },
  null,
  "text",
  {},
];

test.each(Object.keys(sources))("%s: the compiled validator judges and fills in as Ajv does from the schema, without Ajv", async (name) => {
  const ours = (await built())[name] as Contract;
  const verdicts = VALUES.map((value) => {
    const [filled, expected] = [structuredClone(value), structuredClone(value)];
    expect({ fits: ours.validator(filled), filled }).toEqual({ fits: (sources[name] as Contract).validator(expected), filled: expected });
    return ours.validator(structuredClone(value));
  });
  expect(verdicts).toContain(false);
});

test("each contract takes what is whole", async () => {
  const { jobEventContract: jobs, resultEventContract: results, mailToSendContract: mails } = await built();
  expect(mails?.validator(structuredClone(mail))).toBe(true);
  expect(jobs?.validator(event("probe-run.job", structuredClone(job)))).toBe(true);
  expect(results?.validator(event("probe-run.result", { output: {} }))).toBe(true);
});
