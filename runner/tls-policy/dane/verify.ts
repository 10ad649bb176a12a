import type { X509Certificate } from "node:crypto";
import { isForOneOf } from "../names.js";
import type { Tlsa } from "../policy.js";
import type { PolicyViolation } from "../violation.js";
import { matches, USAGES, wholeAnchors } from "./tlsa.js";
import { trustPath } from "./trust-path.js";

/**
 * Whether usable TLSA records vouch for a chain, the host's own certificate first; null when they do. For a record of the host's
 * own certificate neither name nor date counts; under one of an authority both do, and no other authority has to be trusted
 * (RFC 7672, sections 3.1.1 and 3.1.2).
 */
export function daneViolation(records: readonly Tlsa[], chain: readonly X509Certificate[], names: readonly string[], now: number): PolicyViolation | null {
  const [leaf] = chain;
  if (leaf === undefined) return { type: "validation-failure", message: "the host sent no certificate" };
  if (records.some((record) => record.usage === USAGES.endEntity && matches(record, leaf))) return null;
  return anchorBreach(
    records.filter(({ usage }) => usage === USAGES.trustAnchor),
    leaf,
    chain,
    names,
    now,
  );
}

function anchorBreach(
  records: readonly Tlsa[],
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  names: readonly string[],
  now: number,
): PolicyViolation | null {
  const { certificates, keys } = wholeAnchors(records);
  const path = trustPath(leaf, [...chain.slice(1), ...certificates], {
    isAnchor: (certificate) => records.some((record) => matches(record, certificate)),
    isSignedByAnchor: (certificate) => keys.some((key) => certificate.verify(key)),
  });
  if (path === null) return { type: "validation-failure", message: "no TLSA record matches the host's certificate or its issuers" };
  const expired = path.find(({ validFrom, validTo }) => now < Date.parse(validFrom) || now > Date.parse(validTo));
  if (expired !== undefined) return { type: "certificate-expired", message: `the certificate of ${oneLine(expired.subject)} is not valid at this time` };
  if (isForOneOf(leaf, names, "default")) return null;
  return { type: "certificate-host-mismatch", message: `the certificate is for none of ${names.join(", ")}` };
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
