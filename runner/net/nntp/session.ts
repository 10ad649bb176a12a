import type { Attempt } from "../../../schemas/network.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import type { FailureError } from "../../run/failure-error.js";
import { type ReplyContext, type ReplyProtocol, ReplySession, type SessionOptions, type Timed } from "../transport/reply-session.js";
import type { SecureOptions } from "../transport/secure-options.js";
import { failureReply, type Reply, ReplyParser, rejected, replyLine } from "./reply.js";

/** One line of the capabilities (RFC 3977, section 3.3.1). */
export interface Capability {
  keyword: string;
  parameters: string[];
}

/** The protocol's name in TLS (the registry of RFC 7301). */
const ALPN = ["nntp"] as const;

/** Section 3.2.1.1: the server ends the session, or access to it is denied. */
const ENDS_SESSION: ReadonlySet<number> = new Set([205, 400]);

/** An NNTP session (RFC 3977, RFC 4642, RFC 4643). It reads no article. */
export class NntpSession extends ReplySession<Reply> {
  capabilities: readonly Capability[] | null = null;

  static async connect(context: ReplyContext, options: SessionOptions, attempts: Attempt[] = []): Promise<NntpSession> {
    return new NntpSession(protocol(), context, await context.tcp.connect(options, attempts), options);
  }

  /** A server of RFC 977 does not know the command: it has no capabilities then. */
  async listCapabilities(): Promise<Timed<Reply>> {
    const reply = await this.command("CAPABILITIES", "command", "CAPABILITIES", { isLong: true });
    this.capabilities = reply.code === 101 ? reply.lines.flatMap(capabilityIn) : null;
    return reply;
  }

  /** The refusal, or null when the connection is secured. */
  async starttls(options: SecureOptions): Promise<FailureError | null> {
    const refusal = await this.upgrade("STARTTLS", ({ code }) => code === 382, options);
    return refusal === null ? null : rejected("starttls", refusal);
  }

  override async secure(options: SecureOptions): Promise<TlsFacts> {
    const facts = await super.secure({ ...options, alpn: ALPN });
    // RFC 4642, section 2.2.2: what was learned in plain text is discarded.
    this.capabilities = null;
    return facts;
  }

  quit(): Promise<Timed<Reply>> {
    return this.leave("QUIT");
  }
}

function capabilityIn(line: string): Capability[] {
  const [keyword, ...parameters] = line.split(/[ \t]/).filter((word) => word !== "");
  return keyword === undefined ? [] : [{ keyword: keyword.toUpperCase(), parameters }];
}

function asSent(reply: Reply): string {
  return [replyLine(reply), ...reply.lines.map((line) => (line.startsWith(".") ? `.${line}` : line)), "."].join("\n");
}

function protocol(): ReplyProtocol<Reply> {
  const whole = (reply: Reply): string => [replyLine(reply), ...reply.lines].join("\n");
  return {
    parser: new ReplyParser(),
    line: replyLine,
    whole,
    // A list ends with a dot, and a line that begins with one has another before it (RFC 3977, section 3.1.1).
    shown: (reply, expected) => (expected?.isLong === true && reply.code < 300 ? asSent(reply) : whole(reply)),
    isFarewell: ({ code }) => code === 400,
    endsSession: ({ code }) => ENDS_SESSION.has(code),
    isChallenge: () => false,
    failureReply,
  };
}
