import type { FromSchema } from "json-schema-to-ts";
import { secretSchema } from "./secret.js";
import { list, nullable, record } from "./shape.js";

/** DKIM (RFC 6376), in the shapes that every probe which sends shares. */

export const DKIM_ALGORITHMS = ["rsa-sha256", "ed25519-sha256"] as const;
export type DkimAlgorithm = (typeof DKIM_ALGORITHMS)[number];

/** A key that stands in an input. */
export const dkimKeySchema = {
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The domain that signs: that of From, or one above it." },
    selector: {
      type: "string",
      pattern: "^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$",
      description: "The key is published at <selector>._domainkey.<domain>.",
    },
    private_key: { ...secretSchema, description: "The private key in PEM (RSA or Ed25519), or where to find it." },
  },
  required: ["domain", "selector", "private_key"],
  additionalProperties: false,
} as const;

/** Why a message is not signed, or not by all that should have signed it. */
const DKIM_PROBLEMS = [
  "no_from",
  "malformed_header",
  "no_key",
  "key_missing",
  "key_unreadable",
  "key_open_to_others",
  "key_wrong",
  "key_too_short",
  "signing_failed",
] as const;

const problemSchema = record({
  code: { enum: DKIM_PROBLEMS, description: "A stable name for programs." },
  domain: nullable({ type: "string" }, "The domain that was to sign; null where none is known."),
  selector: nullable({ type: "string" }),
  message: { type: "string", description: "What is wrong, and what to do." },
});
export type DkimProblem = FromSchema<typeof problemSchema>;

const signatureSchema = record({
  domain: { type: "string", description: "Who signed (d=)." },
  selector: { type: "string" },
  algorithm: { enum: DKIM_ALGORITHMS },
  alignment: {
    enum: ["strict", "relaxed"],
    description: "strict: the domain of From itself. relaxed: one above it, which DMARC takes unless adkim=s says otherwise.",
  },
});
export type DkimSignature = FromSchema<typeof signatureSchema>;

/** What was signed, and what was not: a message counts as signed only by what stands in `signatures`. */
export const dkimResultSchema = record({
  signatures: list(signatureSchema, "In the order in which they stand in the message."),
  problems: list(problemSchema, "What kept a signature from being made."),
});
export type DkimResult = FromSchema<typeof dkimResultSchema>;
