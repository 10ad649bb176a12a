import type { newest } from "../../../probes/mail.send/schema.js";
import { type RunOptions, runReport } from "../../../runner/harness/run.js";
import type { FilledOf, GivenOf } from "../../../schemas/contract.js";

export type SendInput = Partial<GivenOf<(typeof newest)["input"]>>;
export type SendOutput = FilledOf<(typeof newest)["output"]>;

/** The input of every test, unless it sets other values. */
export const SEND_INPUT = {
  host: "127.0.0.1",
  tls: "none",
  from_addr: "monitor@example.org",
  to_addr: "inbox@example.org",
  subject_prefix: "[monitor]",
  helo_domain: "probe.example.org",
  timeout: 5,
  retry_delay: 0,
} as const;

export async function send(port: number, input: SendInput = {}, options: RunOptions = {}): Promise<SendOutput> {
  const { envelope } = await runReport("mail.send@1.0.0", { ...SEND_INPUT, port, ...input }, options);
  return envelope.output as SendOutput;
}

/** What each step was answered, in order. */
export function steps({ operations }: Pick<SendOutput, "operations">): string[] {
  return operations.map(({ name, code }) => (code === null ? name : `${name} ${code}`));
}
