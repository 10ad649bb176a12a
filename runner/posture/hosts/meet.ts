import type { X509Certificate } from "node:crypto";
import type { Failure } from "../../../schemas/failure.js";
import type { MailHost } from "../../../schemas/mx.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { hello, heloDomain } from "../../net/smtp/commands.js";
import { leave } from "../../net/smtp/leave.js";
import { replyText } from "../../net/smtp/reply.js";
import { expectAccepted, type SmtpContext, SmtpSession } from "../../net/smtp/session.js";
import { upgrade } from "../../net/smtp/upgrade.js";
import { peerChainOf } from "../../net/transport/peer-chain.js";
import { FailureError } from "../../run/failure-error.js";
import type { RunView } from "../../run/run-state.js";
import { hostTurns } from "./turns.js";

export const STARTTLS_STATES = ["secured", "not_offered", "refused", "broken", "unknown"] as const;

/** What a mail host showed in one conversation. */
export interface HostFacts {
  readonly host: string;
  readonly ip_address: string | null;
  /** The name that the host gives itself in its greeting. */
  readonly name: string | null;
  /** refused: it offers STARTTLS and answers 4yz or 5yz. broken: the handshake failed. unknown: it was not reached. */
  readonly starttls: (typeof STARTTLS_STATES)[number];
  readonly tls: TlsFacts | null;
  /** As it was sent, the host's own certificate first. */
  readonly chain: readonly X509Certificate[];
  /** Why the conversation ended early; null when it did not. */
  readonly failure: Failure | null;
}

export interface MeetOptions {
  readonly port: number;
  /** Of the run: a conversation waits for its turn no longer. */
  readonly deadline: Pick<RunView["deadline"], "onEnd">;
  readonly helo_domain?: string | undefined;
  readonly connect_timeout_ms: number;
  readonly command_timeout_ms: number;
  /** PEM, beside the system's. */
  readonly ca: string | undefined;
}

/** More addresses of one host are not tried: hosts limit how often a client may connect. */
const MAX_ADDRESSES = 2;

/** Greets a mail host, upgrades to TLS if it offers that, and leaves. Network outcomes are in the facts. */
export async function meetHost(context: SmtpContext, { host, addresses }: MailHost, options: MeetOptions): Promise<HostFacts> {
  const allowed = addresses.filter(({ may_be_dialled: mayBeDialled }) => mayBeDialled).slice(0, MAX_ADDRESSES);
  let met: HostFacts = nothingYet(host, null);
  for (const { ip_address: address } of allowed) {
    met = await meetAddress(context, host, address, options);
    if (met.failure?.phase !== "connect") return met;
  }
  return met;
}

async function meetAddress(context: SmtpContext, host: string, address: string, options: MeetOptions): Promise<HostFacts> {
  const facts: { -readonly [Field in keyof HostFacts]: HostFacts[Field] } = nothingYet(host, address);
  const { port, deadline, connect_timeout_ms, command_timeout_ms, ca } = options;
  let session: SmtpSession | null = null;
  let endTurn = (): void => {};
  try {
    endTurn = await hostTurns().take(`${address} ${port}`, deadline);
    session = await SmtpSession.connect(context, { host: address, port, address_family: "any", connect_timeout_ms, command_timeout_ms });
    const greeting = await session.greet();
    expectAccepted("greeting", greeting);
    facts.name = nameIn(replyText(greeting));
    await hello(session, heloDomain(options.helo_domain, session.connection));
    const upgraded = await upgrade(session, { host, min_version: "TLSv1", ...(ca === undefined ? {} : { ca }) });
    facts.starttls = upgraded.kind;
    if (upgraded.kind === "refused") facts.failure = upgraded.refusal.failure;
    if (upgraded.kind === "broken") facts.failure = upgraded.error.failure;
    if (upgraded.kind === "secured") {
      facts.tls = upgraded.tls;
      facts.chain = peerChainOf(session.connection);
    }
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    facts.failure = error.failure;
  } finally {
    if (session !== null) await leave(session);
    endTurn();
  }
  return facts;
}

/** RFC 5321, 4.2: the greeting begins with the host's name. */
function nameIn(greeting: string): string | null {
  const [word = ""] = greeting.trim().split(/\s/, 1);
  return /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(word) && word.includes(".") ? word.toLowerCase() : null;
}

function nothingYet(host: string, address: string | null): HostFacts {
  return { host, ip_address: address, name: null, starttls: "unknown", tls: null, chain: [], failure: null };
}
