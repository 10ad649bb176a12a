import type { FromSchema } from "json-schema-to-ts";
import { secretSchema } from "./secret.js";
import { list, nullable, record } from "./shape.js";

/** DKIM (RFC 6376), in the shapes that every probe which sends shares. */

export const DKIM_ALGORITHMS = ["rsa-sha256", "ed25519-sha256"] as const;
export type DkimAlgorithm = (typeof DKIM_ALGORITHMS)[number];

/** A signing key in an input. */
export const dkimKeySchema = {
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The signing domain (d=): the domain of From, or a parent of it." },
    selector: {
      type: "string",
      pattern: "^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$",
      description: "The key is published at <selector>._domainkey.<domain>.",
    },
    private_key: { ...secretSchema, description: "The private key in PEM (RSA or Ed25519), or a reference to it." },
  },
  required: ["domain", "selector", "private_key"],
  additionalProperties: false,
} as const;

/** Why a signature is missing. */
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
  code: { enum: DKIM_PROBLEMS, description: "A stable code." },
  domain: nullable({ type: "string" }, "The domain whose signature is missing; null if unknown."),
  selector: nullable({ type: "string" }),
  message: { type: "string", description: "What is wrong and how to fix it." },
});
export type DkimProblem = FromSchema<typeof problemSchema>;

const signatureSchema = record({
  domain: { type: "string", description: "The signing domain (d=)." },
  selector: { type: "string" },
  algorithm: { enum: DKIM_ALGORITHMS },
  alignment: {
    enum: ["strict", "relaxed"],
    description: "strict: the domain of From itself. relaxed: a parent of it, which DMARC accepts unless adkim=s is set.",
  },
});
export type DkimSignature = FromSchema<typeof signatureSchema>;

/** The signatures made, and those that are missing. A message is signed only if `signatures` is not empty. */
export const dkimResultSchema = record({
  signatures: list(signatureSchema, "In the order of the message's header."),
  problems: list(problemSchema, "Why signatures are missing."),
});
export type DkimResult = FromSchema<typeof dkimResultSchema>;
