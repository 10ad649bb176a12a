import type { Check, CheckEvidence } from "../../../schemas/check.js";
import { isCertain } from "../../net/dns/answer.js";
import { advice, check, type Rule } from "../check.js";
import type { ReverseFacts } from "./examine.js";

export interface ReverseJudgeOptions {
  /** The address is known to send; a guessed one may not. */
  readonly isSender: boolean;
  /** A DKIM key of the domain is known: then SPF alone does not decide. */
  readonly hasDkim: boolean | null;
  readonly evidence: readonly CheckEvidence[];
}

const rule = (name: string, spec: string | null): Rule => ({ id: `reverse.${name}`, area: "arrival", spec });

/** Gmail, Yahoo and others refuse mail from addresses without a name that leads back. */
export function judgeReverse(facts: ReverseFacts, options: ReverseJudgeOptions): Check[] {
  return [nameCheck(facts, options), ...heloCheck(facts, options), ...spfCheck(facts, options)];
}

function nameCheck({ ip_address: address, outcome, names, confirmed, is_unsure: isUnsure }: ReverseFacts, { isSender, evidence }: ReverseJudgeOptions): Check {
  const about = rule("ptr", "RFC 1912 2.1");
  const bad = isSender ? "error" : "warning";
  const refusal = "Gmail (5.7.25), Yahoo and others refuse mail from such an address.";
  if (!isCertain({ outcome })) return check(about, "unknown", `the name of ${address} is not known (${outcome.replaceAll("_", " ")})`, { evidence });
  if (names.length === 0)
    return check(about, bad, `${address} has no PTR record`, { evidence, advice: advice(`${refusal} Ask the owner of the network for one.`) });
  if (confirmed.length === 0) {
    if (isUnsure) return check(about, "unknown", `whether ${names.join(", ")} leads back to ${address} is not known`, { evidence });
    return check(about, bad, `${address} is named ${names.join(", ")}, which does not lead back to it`, {
      evidence,
      advice: advice(`${refusal} Give the name this address.`),
    });
  }
  const generic = confirmed.every((name) => isGeneric(name, address));
  if (generic)
    return check(about, "warning", `the name ${confirmed[0]} of ${address} looks like that of a dial-up line`, {
      evidence,
      advice: advice("Choose a name that is the server's own."),
    });
  return check(about, "pass", `${address} is ${confirmed.join(", ")}, and back`, { evidence });
}

/** The address written into the name, as providers do it for lines of their customers. */
function isGeneric(name: string, address: string): boolean {
  if (address.includes(":")) return false;
  const bytes = address.split(".");
  const digits = name.split(/[^0-9]+/).filter((part) => part !== "");
  const hex = bytes.map((byte) => Number(byte).toString(16).padStart(2, "0")).join("");
  const isWritten = (order: readonly string[]): boolean => order.every((byte) => digits.includes(byte));
  return (digits.length >= 4 && isWritten(bytes)) || name.includes(hex);
}

function heloCheck(facts: ReverseFacts, { evidence }: ReverseJudgeOptions): Check[] {
  const { ip_address: address, helo_name: helo, helo_confirmed: isConfirmed } = facts;
  if (helo === null) return [];
  if (facts.is_helo_unresolvable)
    return [
      check(rule("helo", "RFC 5321 2.3.5"), "warning", `the EHLO name ${helo} has no address`, {
        evidence,
        advice: advice("Some servers refuse a client whose EHLO name does not resolve. Give the name the address of the server."),
      }),
    ];
  const about = rule("helo", "RFC 5321 4.1.4");
  if (isConfirmed === null) return [check(about, "unknown", `whether ${helo} leads to ${address} is not known`, { evidence })];
  return [check(about, isConfirmed ? "pass" : "notice", `the EHLO name ${helo} ${isConfirmed ? "leads" : "does not lead"} to ${address}`, { evidence })];
}

function spfCheck({ ip_address: address, spf }: ReverseFacts, { isSender, hasDkim }: ReverseJudgeOptions): Check[] {
  if (spf === null) return [];
  const about = rule("spf", "RFC 7208 2.6");
  if (spf === "pass") return [check(about, "pass", `SPF allows ${address}`)];
  if (spf === "temperror") return [check(about, "unknown", `SPF for ${address} cannot be evaluated at present`)];
  if (!isSender) return [check(about, "not_applicable", `SPF does not name ${address}, which may not send`)];
  const message = `SPF gives ${spf} for ${address}`;
  if (hasDkim === true)
    return [check(about, "warning", `${message}: only DKIM shows that mail from it is yours`, { advice: advice("Add the address to the SPF record.") })];
  return [
    check(about, hasDkim === null ? "warning" : "error", `${message}, and no DKIM key is known: large receivers refuse mail from it`, {
      advice: advice("Add the address to the SPF record."),
    }),
  ];
}
