import type { DnsServer, DnsServerOptions } from "./dns-server.js";
import type { ImapBehaviour, ImapCommand, ImapServer, ImapServerOptions } from "./imap-server.js";
import type { DeliveryPlan, MailSystem, MailSystemOptions } from "./mail-system.js";
import type { ReceivedMessage, SmtpServer, SmtpServerOptions } from "./smtp-server.js";
import type { Transcript } from "./transcript.js";
import type { PlayOptions, TranscriptServer } from "./transcript-server.js";

export type {
  DeliveryPlan,
  DnsServer,
  DnsServerOptions,
  ImapBehaviour,
  ImapCommand,
  ImapServer,
  ImapServerOptions,
  MailSystem,
  MailSystemOptions,
  PlayOptions,
  ReceivedMessage,
  SmtpServer,
  SmtpServerOptions,
  Transcript,
  TranscriptServer,
};

// The lab is loaded on demand: running a probe does not load its servers.

/** Plays a transcript (its text, or the path of its file) to every client that connects, on a free port of the loopback. */
export async function playTranscript(transcript: string | URL | Transcript, options?: PlayOptions): Promise<TranscriptServer> {
  return (await import("./transcript-server.js")).playTranscript(transcript, options);
}

/** A small mail server for the loopback: it takes any message, keeps the last ones in memory and delivers none. */
export async function startSmtpServer(options?: SmtpServerOptions): Promise<SmtpServer> {
  return (await import("./smtp-server.js")).startSmtpServer(options);
}

/** A small IMAP server for the loopback: one mailbox with an INBOX and a folder for spam, kept in memory. */
export async function startImapServer(options?: ImapServerOptions): Promise<ImapServer> {
  return (await import("./imap-server.js")).startImapServer(options);
}

/** A complete mail system on the loopback: messages to anyone that its SMTP server accepts arrive in the one mailbox of its IMAP server. */
export async function startMailSystem(options?: MailSystemOptions): Promise<MailSystem> {
  return (await import("./mail-system.js")).startMailSystem(options);
}

/** A name server for the loopback: it answers as a resolver would that knows these zones (master files) and no others. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  return (await import("./dns-server.js")).startDnsServer(options);
}
