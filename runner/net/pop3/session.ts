import type { Attempt } from "../../../schemas/network.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { type Expected, type ReplyContext, type ReplyProtocol, ReplySession, type SessionOptions, type Timed } from "../transport/reply-session.js";
import type { SecureOptions } from "../transport/secure-options.js";
import type { Capability } from "./capabilities.js";
import { failureReply, type Reply, ReplyParser, replyLine } from "./reply.js";

export type TimedReply = Timed<Reply>;

/** The protocol's name in TLS (the registry of RFC 7301). */
const ALPN = ["pop3"] as const;

/** A POP3 session. Its farewell is a -ERR that nothing asked for. */
export class Pop3Session extends ReplySession<Reply> {
  /** From the last CAPA; null before it, and if the server does not know it. */
  capabilities: readonly Capability[] | null = null;

  /** A connection on which nothing was read yet. greet() comes next; secure() before it if TLS comes first. */
  static async connect(context: ReplyContext, options: SessionOptions, attempts: Attempt[] = []): Promise<Pop3Session> {
    return new Pop3Session(protocol(), context, await context.tcp.connect(options, attempts), options);
  }

  override async secure(options: SecureOptions): Promise<TlsFacts> {
    const facts = await super.secure({ ...options, alpn: ALPN });
    // What was offered in plain text may have been written by anyone (RFC 2595, section 4).
    this.capabilities = null;
    return facts;
  }
}

function protocol(): ReplyProtocol<Reply> {
  return {
    parser: new ReplyParser(),
    line: replyLine,
    whole: (reply) => [replyLine(reply), ...reply.lines].join("\n"),
    shown: shownReply,
    isFarewell: ({ status }) => status === "ERR",
    // A -ERR refuses one command, and as a greeting it leaves room for QUIT.
    endsSession: () => false,
    isChallenge: ({ status }) => status === "continue",
    failureReply,
  };
}

/** As it came, with the dots that were put before lines, and the one that ends them. */
function shownReply(reply: Reply, expected: Expected | null): string {
  if (expected === null || !expected.isLong || reply.status !== "OK") return replyLine(reply);
  return [replyLine(reply), ...reply.lines.map((line) => (line.startsWith(".") ? `.${line}` : line)), "."].join("\n");
}
