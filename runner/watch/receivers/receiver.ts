import { createHash } from "node:crypto";
import type { SuiteWatch } from "../../../schemas/suite.js";
import type { ProblemCollector } from "../../suite/problem-collector.js";
import { durationMs } from "../../support/duration.js";

interface Common {
  /** Of its address, without settings: what waits in the outbox is sent when they have been corrected, and never to another receiver. */
  readonly key: string;
  readonly on: ReadonlySet<string>;
  readonly remindMs: number | null;
  /** Changes within this time after the first are sent together. */
  readonly waitMs: number;
  /** How many are sent together at most. */
  readonly most: number;
}

export type Receiver = Common &
  (
    | { readonly kind: "webhook"; readonly to: string }
    | { readonly kind: "alertmanager"; readonly to: string; readonly labels: Readonly<Record<string, string>> }
    | { readonly kind: "mail"; readonly to: string; readonly send: Readonly<Record<string, unknown>> }
    | { readonly kind: "program"; readonly command: readonly [string, ...string[]]; readonly timeoutMs: number }
  );

type Written = NonNullable<SuiteWatch["notify"]>[number];

const EVERY_CHANGE = ["error", "flapping", "unknown", "recovered"] as const;
const LEAST_REMIND_MS = 60_000;
const USUAL_WAIT = "30s";
const USUAL_PROGRAM_TIMEOUT = "30s";
const KINDS = ["to", "alertmanager", "mail", "program"] as const;
/** What only some kinds have. */
const FIELDS: Readonly<Record<string, readonly (typeof KINDS)[number][]>> = {
  on: ["to", "mail", "program"],
  remind: ["to", "mail", "program"],
  wait: ["mail", "program"],
  send: ["mail"],
  labels: ["alertmanager"],
  timeout: ["program"],
};
/** A mail or a program's input with more changes than this is split. */
const MOST_TOGETHER = 100;

/** Where changes of incidents are sent. */
export function receiversOf({ notify = [] }: SuiteWatch, problems: ProblemCollector): Receiver[] {
  const receivers = notify.flatMap((written, index) => {
    const kinds = KINDS.filter((kind) => written[kind] !== undefined);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      problems.add(["watch", "notify", index], "value", `a receiver has one of ${KINDS.join(", ")}, and this one has ${kinds.join(" and ") || "none"}`);
      return [];
    }
    for (const [field, allowed] of Object.entries(FIELDS))
      if (written[field as keyof Written] !== undefined && !allowed.includes(kind))
        problems.add(["watch", "notify", index, field], "key", `${field} is not for ${kind}`, `it is for ${allowed.join(", ")}`);
    if (kind === "mail" && written.send === undefined)
      problems.add(
        ["watch", "notify", index],
        "value",
        "mail needs send: the server and the sender",
        "send: { host: …, from_addr: … }, as in the input of mail.send",
      );
    return [receiverOf(written, kind)];
  });
  return receivers.map((receiver, place) => ({ ...receiver, key: distinctKey(receivers, place) }));
}

/** The same address may be there twice, with other settings: each has notifications of its own. */
function distinctKey(receivers: readonly Receiver[], place: number): string {
  const { key } = receivers[place] as Receiver;
  const before = receivers.slice(0, place).filter((other) => other.key === key).length;
  return before === 0 ? key : `${key}-${before + 1}`;
}

function receiverOf(written: Written, kind: (typeof KINDS)[number]): Receiver {
  const { on, remind, to = "", alertmanager = "", mail = "", program = [], labels = {}, send = {}, timeout, wait } = written;
  const common = {
    on: new Set<string>(on ?? EVERY_CHANGE),
    remindMs: remind === undefined ? null : Math.max(LEAST_REMIND_MS, durationMs(remind) as number),
    waitMs: 0,
    most: MOST_TOGETHER,
  };
  const collects = { ...common, waitMs: durationMs(wait ?? USUAL_WAIT) as number };
  if (kind === "to") return { ...common, key: hashOf(withoutSettings(to)), most: 1, kind: "webhook", to };
  // It groups and repeats by itself.
  if (kind === "alertmanager")
    return { ...common, key: hashOf(`alertmanager:${withoutSettings(alertmanager)}`), kind, to: alertmanager, labels: labels as Record<string, string> };
  if (kind === "mail") return { ...collects, key: hashOf(`mail:${mail}`), kind, to: mail, send };
  const command = program as unknown as [string, ...string[]];
  return { ...collects, key: hashOf(`program:${JSON.stringify(command)}`), kind, command, timeoutMs: durationMs(timeout ?? USUAL_PROGRAM_TIMEOUT) as number };
}

/** What follows the # of a webhook's URL is for us. */
function withoutSettings(url: string): string {
  return url.replace(/#.*$/s, "");
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
