import type { Output } from "../../../probes/mail.roundtrip/schema.js";
import { type RunOptions, runReport } from "../../../runner/harness/run.js";
import { LAB_ACCOUNT } from "../../../runner/lab/imap-server.js";
import { type MailSystem, type MailSystemOptions, startMailSystem } from "../../../runner/lab/mail-system.js";

/** Where a mail system is, and who may use it. */
export interface Ends {
  send: { host: string; port: number } & Record<string, unknown>;
  receive: { host: string; port: number } & Record<string, unknown>;
}

/** A round trip, whose timeouts are for a server that hangs. */
export async function roundtrip(
  { send, receive }: Ends,
  { send: moreSend, receive: moreReceive, ...more }: Record<string, unknown> & { send?: object; receive?: object } = {},
  options: RunOptions = {},
): Promise<Output> {
  const sending = { from_addr: "monitor@example.org", to_addr: "alice@example.org", subject_prefix: "[roundtrip]", helo_domain: "probe.example.org" };
  const input = {
    send: { ...sending, timeout: 20, retry_delay: 0.2, ...send, ...moreSend },
    receive: { timeout: 20, ...receive, ...moreReceive },
    wait_ms: 20_000,
    duplicate_wait_ms: 0,
    ...more,
  };
  const { envelope } = await runReport("mail.roundtrip@1.0.0", input, options);
  return envelope.output as Output;
}

/** The lab's own mail system, in the clear. */
export async function labSystem(options: MailSystemOptions = {}): Promise<{ system: MailSystem; ends: Ends }> {
  const system = await startMailSystem({ ...options, smtp: { auth: LAB_ACCOUNT, ...options.smtp } });
  const login = { ...LAB_ACCOUNT, auth: { allow_plaintext: true } };
  return {
    system,
    ends: {
      send: { host: system.smtp.host, port: system.smtp.port, tls: "none", ...login },
      receive: { host: system.imap.host, port: system.imap.port, tls_mode: "none", ...login },
    },
  };
}

/** What each step was answered, in order. */
export function steps({ operations }: Pick<Output, "operations">): string[] {
  return operations.map(({ name, code }) => (code === null ? name : `${name} ${code}`));
}

export function reasons({ findings }: Pick<Output, "findings">): string[] {
  return findings.map(({ severity, reason }) => `${severity} ${reason}`);
}
