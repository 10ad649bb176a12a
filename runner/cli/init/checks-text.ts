import { loadProbe } from "../../harness/registry.js";
import { type InputSchema, inputFromTarget } from "../../harness/target.js";
import { UsageError } from "../usage-error.js";

export interface Answers {
  readonly targets: readonly string[];
  readonly every: string;
  /** A webhook's URL or an e-mail address; null for nowhere. */
  readonly notify: string | null;
}

/** The probe of a well-known port; others are checked by network.tcp. */
const PROBES: Readonly<Record<string, string>> = {
  "21": "network.ftp",
  "22": "security.ssh",
  "25": "network.smtp",
  "110": "network.pop3",
  "143": "network.imap",
  "587": "network.smtp",
  "6379": "data.redis",
};

/** A suite for these answers, and what is left to do. */
export async function checksText({ targets, every, notify }: Answers): Promise<{ readonly text: string; readonly next: readonly string[] }> {
  if (targets.length === 0) throw new UsageError("there is nothing to watch", "give a URL, HOST:PORT or a host");
  const checks = await Promise.all([...new Set(targets)].map(checkLine));
  const receiver = notify === null ? null : receiverOf(notify);
  const lines = [
    "name: my checks",
    "watch:",
    `  every: ${JSON.stringify(every)}`,
    "  fire_after: 3              # failures in a row that open an incident",
    "  clear_after: 2             # successes in a row that close it",
    "  confirm_after: 15s         # after a first failure, run again soon",
    ...(receiver === null ? [] : ["  notify:", `    - ${receiver.line}`]),
    "checks:",
    ...checks,
  ];
  return { text: `${lines.join("\n")}\n`, next: receiver?.next ?? [] };
}

async function checkLine(target: string): Promise<string> {
  const probe = probeOf(target);
  const loaded = await loadProbe(probe);
  const schema = loaded.probe.versions[loaded.versions[0] as string]?.input.schema as InputSchema;
  const input = loaded.probe.target === undefined ? {} : inputFromTarget(loaded.probe.target, schema, target);
  const fields = Object.entries(input).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `  - { probe: ${probe}, name: ${JSON.stringify(target)}, input: { ${fields.join(", ")} } }`;
}

function probeOf(target: string): string {
  if (/^https?:\/\//i.test(target)) return "webapp.http";
  const port = /^(?:\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(target)?.[1];
  return port === undefined ? "network.ping" : (PROBES[port] ?? "network.tcp");
}

function receiverOf(notify: string): { readonly line: string; readonly next: readonly string[] } {
  if (/^https?:\/\//i.test(notify)) {
    if (notify.includes("#")) return { line: `{ to: ${JSON.stringify(notify)} }`, next: [] };
    return { line: `{ to: ${JSON.stringify(`${notify}#secret=env:HOOK_SECRET`)} }`, next: ["  Set HOOK_SECRET to the secret that signs the notifications."] };
  }
  const line = `{ mail: ${JSON.stringify(notify)}, send: { host: "127.0.0.1", port: 25, from_addr: ${JSON.stringify(notify)} } }`;
  return { line, next: ["  Set the mail server under notify in checks.yaml: it is that of this machine."] };
}
