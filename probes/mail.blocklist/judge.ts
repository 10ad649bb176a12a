import { finding } from "../../runner/run/judge.js";
import type { Blocklist, BlocklistAnswer } from "../../schemas/blocklist.js";
import type { Finding } from "../../schemas/finding.js";
import type { Input } from "./schema.js";

/** Each listing is reported, and each list without a usable answer: once per list, not once per target. */
export function judge(lists: readonly Blocklist[], answers: readonly BlocklistAnswer[], severity: Input["severity"]): Finding[] {
  const working = new Set(lists.filter(({ state }) => state === "working").map(keyOf));
  const unsure = answers.filter(({ result, list: zone, kind }) => result === "unknown" && working.has(keyOf({ zone, kind })));
  return [
    ...answers.filter(({ result }) => result === "listed").map((answer) => listing(answer, severity)),
    ...lists.filter(({ state }) => state !== "working").map(listFinding),
    ...unsure.map(({ target, list, message }) =>
      finding("warning", "unknown", `the status of ${target} on ${list} is unknown: ${message}`, "not_listed", "unknown"),
    ),
  ];
}

function keyOf({ zone, kind }: Pick<Blocklist, "zone" | "kind">): string {
  return `${zone} ${kind}`;
}

function listing({ target, list, codes, text }: BlocklistAnswer, severity: Input["severity"]): Finding {
  const why = [...codes.map(({ code, meaning }) => (meaning === null ? code : `${code}, ${meaning}`)), ...text.slice(0, 1)].join("; ");
  return finding(severity, "listed", `${list} lists ${target}: ${why}`, "not_listed", codes.map(({ code }) => code).join(", "));
}

function listFinding({ zone, kind, state, message }: Blocklist): Finding {
  const reason = `list_${state}`;
  return finding("warning", reason, `the list ${zone} cannot be used for ${NAMES[kind]}: ${message}`, "working", state);
}

const NAMES: Readonly<Record<Blocklist["kind"], string>> = { ipv4: "IPv4 addresses", ipv6: "IPv6 addresses", domain: "domains" };
