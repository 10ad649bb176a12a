import { randomUUID } from "node:crypto";
import type { Mailbox } from "../net/smtp/mailbox.js";

/** A new Message-ID (RFC 5322, section 3.6.4), of its sender's domain: filters are wary of any other. */
export function newMessageId({ host: { kind, host } }: Pick<Mailbox, "host">, unique = randomUUID() as string): string {
  if (kind === "name") return `<${unique}@${host}>`;
  return `<${unique}@[${host.includes(":") ? `IPv6:${host}` : host}]>`;
}
