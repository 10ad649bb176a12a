import type { Status } from "../../schemas/carried.js";
import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";
import type { Attempt } from "../../schemas/network.js";
import type { StarttlsOutcome, TlsMode } from "../../schemas/service.js";
import type { TlsFacts, TlsInput } from "../../schemas/tls.js";
import type { Connection } from "../net/transport/connection.js";
import type { DialTarget, TcpGrant } from "../net/transport/dial.js";
import type { LineOddity } from "../net/transport/line-text.js";
import type { SecureOptions } from "../net/transport/secure-options.js";
import type { TlsGrant } from "../net/transport/tls.js";
import type { FailureError } from "../run/failure-error.js";
import type { Anomaly } from "./anomalies.js";
import type { Questions, SeenService } from "./expectations.js";
import type { Goodbye } from "./say-goodbye.js";

/** What a check needs of its run's ctx. */
export interface ServiceContext {
  readonly tcp: TcpGrant;
  readonly tls: TlsGrant;
  readonly clock: { now(): number };
  readonly signal: AbortSignal;
  attempt(conversation: () => Promise<void>): Promise<Failure | null>;
}

/** The common part of the inputs of service checks. */
export interface ServiceInput extends Omit<DialTarget, "host" | "port"> {
  readonly target_host: string;
  readonly target_port: number;
  readonly command_timeout_ms: number;
  readonly tls: TlsInput & { readonly mode?: TlsMode };
  readonly auth?: object;
  readonly expect?: object;
  readonly prefer?: object;
}

/** A capability is a keyword in upper case, with or without parameters. */
export type Offer = readonly (string | { readonly keyword: string })[];

/** The common part of the outputs. Filled in at once, so that no failure loses what was learned before. */
export interface ServiceEvidence {
  status: Status;
  failure: Failure | null;
  readonly target_host: string;
  readonly attempts: Attempt[];
  banner: string | null;
  /** In plain text until TLS is established, then those inside it. */
  capabilities: Offer | null;
  capabilities_before_tls: Offer | null;
  readonly capabilities_after_login?: Offer | null;
  starttls: StarttlsOutcome;
  tls: TlsFacts | null;
  auth: { accepted: boolean } | null;
  response_time_ms: number | null;
  readonly anomalies: Anomaly[];
  readonly findings: Finding[];
}

export interface ServiceSession {
  readonly connection: Connection;
  readonly parser: { readonly oddities: readonly LineOddity[]; readonly malformed: unknown };
  secure(options: SecureOptions): Promise<TlsFacts>;
}

export interface SessionTarget extends DialTarget {
  readonly command_timeout_ms: number;
}

/** What an expectation is checked against. */
export interface Observed<Evidence> extends SeenService {
  readonly evidence: Evidence;
  /** The current keywords: those after the login, if there was one. */
  readonly keywords: readonly string[];
}

type ExpectationsOf<Input extends ServiceInput> = NonNullable<Input["expect"]>;

/**
 * What one protocol adds to the common course: its verbs, and how its replies fill the evidence. Every step throws a FailureError if the server
 * refuses it, unless its description says otherwise.
 */
export interface Service<Session extends ServiceSession, Input extends ServiceInput, Evidence extends ServiceEvidence> {
  /** The port with implicit TLS (RFC 8314); null if the protocol has none. */
  readonly implicitTlsPort: number | null;
  /** CAPABILITY, or the protocol's name for it. */
  readonly capabilityVerb: string;
  /** NOOP is refused before a login: without one, `introduce` times the capabilities instead. */
  readonly noopNeedsLogin?: boolean;
  /** Capabilities that are expected to disappear inside TLS. */
  readonly clearTextOnly?: readonly string[];
  readonly starttls: {
    readonly verb: string;
    /** How a positive reply begins. */
    readonly expected: string;
    /** Whether the capabilities offer it, where the verb alone does not say so; also what to assume without capabilities. */
    isOffered?(offer: Offer | null, isRequired: boolean): boolean;
    /** The server's refusal, or null once the connection is secured. */
    ask(session: Session, options: SecureOptions): Promise<FailureError | null>;
    /** Why it cannot even be requested, as a finding; null if it can. */
    obstacle?(evidence: Evidence): Finding | null;
  };
  readonly goodbye: Goodbye<Session>;
  connect(ctx: ServiceContext, target: SessionTarget, attempts: Attempt[]): Promise<Session>;
  greet(session: Session, evidence: Evidence): Promise<void>;
  /** Requests the capabilities, and identifies us if the protocol requires that. */
  introduce(session: Session, input: Input, evidence: Evidence): Promise<void>;
  /** A refusal is in the evidence before it is thrown. */
  noop(session: Session): Promise<{ readonly duration_ms: number; readonly refusal: FailureError | null }>;
  logIn(session: Session, auth: NonNullable<Input["auth"]>, evidence: Evidence): Promise<void>;
  /** What this probe asks beyond the common course; null if the input asks for nothing more. */
  ask?(session: Session, input: Input, evidence: Evidence): Promise<void> | null;
  capabilitiesAfterLogin?(session: Session, evidence: Evidence): Promise<void>;
  anomalies?(session: Session, evidence: Evidence): Evidence["anomalies"];
  /** Called at the end of the conversation, before it is judged. */
  conclude?(evidence: Evidence): void;
  authMechanisms(evidence: Evidence): readonly string[];
  /** In addition to those that all services share. */
  readonly questions: Omit<Questions<ExpectationsOf<Input>, Observed<Evidence>>, keyof SharedExpectations>;
}

/** SERVICE_QUESTIONS answers them for every protocol. */
interface SharedExpectations {
  banner: unknown;
  starttls: unknown;
  auth_mechanisms: unknown;
  max_response_time_ms: unknown;
  max_duration_ms: unknown;
  min_tls_version: unknown;
  min_certificate_days: unknown;
}
