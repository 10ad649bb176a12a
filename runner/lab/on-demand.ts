import type { DnsServer, DnsServerOptions } from "./dns-server.js";
import type { ReceivedMessage, SmtpServer, SmtpServerOptions } from "./smtp-server.js";
import type { Transcript } from "./transcript.js";
import type { PlayOptions, TranscriptServer } from "./transcript-server.js";

export type { DnsServer, DnsServerOptions, PlayOptions, ReceivedMessage, SmtpServer, SmtpServerOptions, Transcript, TranscriptServer };

// The lab is loaded when it is asked for: whoever only runs probes does not pay for its servers.

/** Plays a transcript to every client that connects, on a free port of the loopback. */
export async function playTranscript(transcript: string | Transcript, options?: PlayOptions): Promise<TranscriptServer> {
  return (await import("./transcript-server.js")).playTranscript(transcript, options);
}

/** A small mail server for the loopback: it takes any message, keeps the last ones in memory and delivers none. */
export async function startSmtpServer(options?: SmtpServerOptions): Promise<SmtpServer> {
  return (await import("./smtp-server.js")).startSmtpServer(options);
}

/** A name server for the loopback: it answers as a resolver would that knows these zones (master files) and no others. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  return (await import("./dns-server.js")).startDnsServer(options);
}
