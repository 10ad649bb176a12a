import type { FromSchema } from "json-schema-to-ts";
import { dnsOutcomeSchema } from "./dns.js";
import { list, nullable, record } from "./shape.js";

/** unknown is neither good nor bad: no answer could be obtained. */
export const VERDICTS = ["pass", "notice", "warning", "error", "unknown", "not_applicable"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The three questions that an owner of a domain asks. */
export const AREAS = ["spoofing", "arrival", "receiving"] as const;
export type Area = (typeof AREAS)[number];

const checkEvidenceSchema = record({
  name: { type: "string", description: "The name that was asked for, or the host that was spoken to." },
  type: { type: "string", description: "The record type, or the protocol." },
  value: nullable({ type: "string" }),
  outcome: { enum: [...dnsOutcomeSchema.enum, "answered", "failed"], description: "The DNS outcome; answered or failed for a server." },
  authenticated: { type: "boolean", description: "True if DNSSEC vouches for it, according to the name server." },
  server: nullable({ type: "string" }, "The name server that answered."),
});
export type CheckEvidence = FromSchema<typeof checkEvidenceSchema>;

const recordChangeSchema = record({
  name: { type: "string" },
  type: { type: "string" },
  old: nullable({ type: "string" }, "The present record; null to add one."),
  new: nullable({ type: "string" }, "The record to publish; null to remove the old one."),
});
export type RecordChange = FromSchema<typeof recordChangeSchema>;

const adviceSchema = record({
  why: { type: "string" },
  change: list(recordChangeSchema, "The DNS records to change."),
  wait_for: nullable({ type: "string" }, "What to wait for before the change."),
  risk: nullable({ type: "string" }, "What the change may break."),
});
export type Advice = FromSchema<typeof adviceSchema>;

/** One rule of a standard, and how the domain fares by it. */
export const checkSchema = record({
  id: { type: "string", description: "A stable code: the subject, a dot, the rule." },
  area: { enum: AREAS, description: "spoofing: can others send in your name. arrival: will your mail arrive. receiving: can mail to you be read or lost." },
  verdict: {
    enum: VERDICTS,
    description:
      "error: mail is lost or forged now. warning: some receivers are affected, or soon will be. notice: tidy up. unknown: no answer was obtained; neither good nor bad.",
  },
  message: { type: "string" },
  spec: nullable({ type: "string" }, "The standard and its section."),
  evidence: list(checkEvidenceSchema, "What the verdict rests on."),
  advice: nullable(adviceSchema),
});
export type Check = FromSchema<typeof checkSchema>;
