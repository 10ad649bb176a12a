import type { Attempt } from "../../../schemas/network.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { monotonic } from "../../run/clock.js";
import type { FailureError } from "../../run/failure-error.js";
import { type ReplyContext, type ReplyProtocol, ReplySession, type SessionOptions, type Timed } from "../transport/reply-session.js";
import type { SecureOptions } from "../transport/secure-options.js";
import { AUTH_TLS } from "./auth-tls.js";
import { failureReply, isPositive, type Reply, ReplyParser, rejected, replyLine } from "./reply.js";

/** One line of FEAT (RFC 2389, section 3.2). */
export interface Feature {
  keyword: string;
  parameters: string[];
}

/** The protocol's name in TLS (RFC 7301's registry). vsftpd ends a connection that offers another one. */
const FTP_ALPN = ["ftp"] as const;

/** The server closes the control connection after 221, and after 421. */
const ENDS_SESSION: ReadonlySet<number> = new Set([221, 421]);

/** The control connection of FTP (RFC 959, RFC 2389, RFC 4217). It changes nothing on the server. */
export class FtpSession extends ReplySession<Reply> {
  /** From the last FEAT; null before it, and if the server does not know it. */
  features: readonly Feature[] | null = null;
  /** Of the handshake of this connection, whose session a data connection resumes. */
  secureOptions: SecureOptions | null = null;

  static async connect(context: ReplyContext, options: SessionOptions, attempts: Attempt[] = []): Promise<FtpSession> {
    return new FtpSession(protocol(), context, await context.tcp.connect(options, attempts), options);
  }

  async feat(): Promise<Timed<Reply>> {
    const reply = await this.command("FEAT", "command", "FEAT");
    // The first and the last line are words for people.
    this.features = reply.code === 211 ? reply.lines.slice(1, -1).flatMap(featureIn) : null;
    return reply;
  }

  /** The refusal, or null once the connection is secured. */
  async authTls(options: SecureOptions): Promise<FailureError | null> {
    const refusal = await this.upgrade(AUTH_TLS.command, ({ code }) => code === AUTH_TLS.goAhead, options);
    return refusal === null ? null : rejected("starttls", refusal);
  }

  override async secure(options: SecureOptions): Promise<TlsFacts> {
    this.secureOptions = { ...options, alpn: FTP_ALPN };
    const facts = await super.secure({ ...this.secureOptions, keepsSession: true });
    // What was offered in plain text may have been written by anyone.
    this.features = null;
    return facts;
  }

  /** The server answers twice to a command that transfers data: that it begins, and, once `completion()` is called, how it ended. */
  beginTransfer(line: string): Promise<Timed<Reply>> {
    const [verb] = line.split(" ") as [string];
    return this.command(verb, "transfer", line, { holds: true });
  }

  completion(): Promise<Timed<Reply>> {
    const reply = this.owed("completion", "transfer", {});
    this.resume();
    // It may have arrived before the end of the data.
    this.received("", monotonic());
    return reply;
  }

  quit(): Promise<Timed<Reply>> {
    return this.leave("QUIT");
  }
}

function featureIn(line: string): Feature[] {
  const [keyword, ...parameters] = line.trim().split(/[ \t]+/);
  return keyword === undefined || keyword === "" ? [] : [{ keyword: keyword.toUpperCase(), parameters }];
}

function protocol(): ReplyProtocol<Reply> {
  const whole = ({ code, lines }: Reply): string => `${code}${lines.length > 1 ? "-" : " "}${lines.join("\n")}`.trimEnd();
  return {
    parser: new ReplyParser(),
    line: replyLine,
    whole,
    shown: asSent,
    isFarewell: ({ code }) => code === 421,
    endsSession: ({ code }) => ENDS_SESSION.has(code),
    isChallenge: () => false,
    failureReply,
  };
}

/** With the code on the last line, which ends the reply, and on every other line that would end it (RFC 959, section 4.2). */
function asSent({ code, lines }: Reply): string {
  if (lines.length < 2) return `${code} ${lines.join("")}`.trimEnd();
  const [first, ...inner] = lines.slice(0, -1);
  const between = inner.map((line) => (line.startsWith(String(code)) ? `${code}-${line}` : line));
  return [`${code}-${first}`, ...between, `${code} ${lines.at(-1)}`.trimEnd()].join("\n");
}

/** The reply, or an error if the server did not do what was asked. */
export function accepted(phase: "auth" | "command" | "transfer", reply: Timed<Reply>): Timed<Reply> {
  if (!isPositive(reply)) throw rejected(phase, reply);
  return reply;
}
