import type { Attempt } from "../../../schemas/network.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { monotonic } from "../../run/clock.js";
import { type ReplyContext, type ReplyProtocol, ReplySession, type SessionOptions, type Timed } from "../transport/reply-session.js";
import type { SecureOptions } from "../transport/secure-options.js";
import { accepted, failureReply, type Reply, ReplyParser, rejected, replyLine } from "./reply.js";

export type TimedReply = Timed<Reply>;

/** One line of the capabilities (RFC 5804, section 1.7). */
export interface Capability {
  keyword: string;
  parameters: string[];
}

/** Whose value is a list of words; the others are one text. */
const LISTS = new Set(["SASL", "SIEVE", "NOTIFY"]);

function wordsOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(" ").filter((word) => word !== ""));
}

/** The protocol's name in TLS (the registry of RFC 7301). */
const ALPN = ["managesieve"] as const;

/** A ManageSieve session (RFC 5804). Its farewell is a BYE that nothing asked for. */
export class SieveSession extends ReplySession<Reply> {
  /** From the greeting, from the server after TLS, or from the last CAPABILITY. */
  capabilities: readonly Capability[] = [];

  static async connect(context: ReplyContext, options: SessionOptions, attempts: Attempt[] = []): Promise<SieveSession> {
    return new SieveSession(protocol(), context, await context.tcp.connect(options, attempts), options);
  }

  note(reply: TimedReply): TimedReply {
    this.capabilities = reply.lines.flatMap(([keyword, ...parameters]) =>
      keyword === undefined ? [] : [{ keyword: keyword.toUpperCase(), parameters: LISTS.has(keyword.toUpperCase()) ? wordsOf(parameters) : parameters }],
    );
    return reply;
  }

  async capability(): Promise<TimedReply> {
    return this.note(accepted("command", await this.command("CAPABILITY", "command", "CAPABILITY")));
  }

  /** After TLS the server sends its capabilities without being asked (section 2.2): they may have arrived before this is called. */
  async capabilitiesAfterTls(): Promise<TimedReply> {
    const reply = this.owed("capabilities", "command", {});
    this.received("", monotonic());
    return this.note(accepted("command", await reply));
  }

  /** Resolves with the refusal, or null when the connection is secured. */
  async starttls(options: SecureOptions) {
    const refusal = await this.upgrade("STARTTLS", ({ status }) => status === "OK", options);
    return refusal === null ? null : rejected("starttls", refusal);
  }

  override async secure(options: SecureOptions): Promise<TlsFacts> {
    const facts = await super.secure({ ...options, alpn: ALPN });
    this.capabilities = [];
    return facts;
  }

  logout(): Promise<TimedReply> {
    return this.leave("LOGOUT");
  }
}

function protocol(): ReplyProtocol<Reply> {
  const whole = (reply: Reply): string => [...reply.lines.map((strings) => strings.map((text) => JSON.stringify(text)).join(" ")), replyLine(reply)].join("\n");
  return {
    parser: new ReplyParser(),
    line: replyLine,
    whole,
    shown: whole,
    isFarewell: ({ status }) => status === "BYE",
    // RFC 5804, section 1.3: the server closes the connection after it.
    endsSession: ({ status }) => status === "BYE",
    isChallenge: ({ status }) => status === "continue",
    failureReply,
  };
}
