import type { X509Certificate } from "node:crypto";
import type { Failure } from "../../schemas/failure.js";
import type { MailHost, MailRoute } from "../../schemas/mx.js";
import type { TlsFacts, TlsInput } from "../../schemas/tls.js";
import type { TlsResult, TlsRule } from "../../schemas/tls-policy.js";
import type { Answer } from "../net/dns/answer.js";
import type { DataOf, RecordType } from "../net/dns/records.js";
import type { Ending } from "../net/dns/single-flight.js";
import type { StsFinding } from "./sts/policy.js";
import type { PolicyViolation } from "./violation.js";

export type Tlsa = DataOf<"TLSA">;

/** What is to be known of a route: `fillRoute()` gives more. */
export interface PolicyRoute extends Pick<MailRoute, "ascii_domain"> {
  /** configured: a relay, to which no look-up led. */
  readonly kind: MailRoute["kind"] | "configured";
  readonly hosts: readonly Pick<MailHost, "host">[];
  /** 25 by default; TLSA records belong to a port. */
  readonly port?: number;
}

/** What a message wants (RFC 8689): the REQUIRETLS parameter, or the header field `TLS-Required: No`. */
export type RequestedTls = "as_published" | "require_tls" | "tls_required_no";

/** What the operator demands of a destination, overriding what it publishes. */
export type ConfiguredTls =
  | { readonly level: "none" | "may" | "encrypt" }
  /** The certificate must be trusted for the mail host, for the recipient's domain, or for one of these names. */
  | { readonly level: "verify"; readonly names: "host" | "domain" | readonly string[] }
  /** SHA-256 of the certificate, in hexadecimal digits. */
  | { readonly level: "fingerprint"; readonly sha256: readonly string[] }
  /** Nothing but DANE: a host without TLSA records gets no mail. */
  | { readonly level: "dane" };

/** The TLS that a delivery to a domain must use, by host. */
export interface TlsPolicy {
  readonly domain: string;
  /** In the route's order. */
  readonly hosts: readonly HostTls[];
  /** What went wrong with the policy itself, for the domain's TLS report. */
  readonly problems: readonly TlsResult[];
}

export interface HostTls extends TlsRule {
  /** In small A-labels, without its last dot. */
  readonly host: string;
  /** use: dial it. skip: this message must not go there. defer: its policy is unknown at present; it is never sent in the clear instead. */
  readonly outcome: "use" | "skip" | "defer";
  /** Why it is not used; null when it is. */
  readonly failure: Failure | null;
  /** For the handshake: what to send as SNI and to verify. */
  readonly servername: string;
  readonly minVersion: TlsInput["min_version"];
  /** The certificate must be for one of them; empty if the name does not matter. */
  readonly referenceNames: readonly string[];
  /** The usable ones; empty where DANE does not decide. */
  readonly tlsa: readonly Tlsa[];
  readonly fingerprints: readonly string[];
  /** The server must offer REQUIRETLS inside TLS, too, and MAIL FROM says it (RFC 8689, section 4.2.1). */
  readonly requireTls: boolean;
  /** What breaks the policy before anything is dialled; null when nothing does. */
  readonly violation: PolicyViolation | null;
  /** What a session's result begins with. */
  readonly report: Pick<TlsResult, "policy_type" | "policy_domain" | "policy_string" | "mx_host">;
}

/** What was met at a host. The chain begins with the host's own certificate. */
export type TlsSession =
  | { readonly kind: "secured"; readonly facts: TlsFacts; readonly chain: readonly X509Certificate[] }
  /** EHLO did not offer STARTTLS, or the server refused the command. */
  | { readonly kind: "not_offered" }
  /** The handshake failed: nothing may be said in the clear on that connection. */
  | { readonly kind: "broken"; readonly failure: Failure };

export interface TlsJudgement {
  /** Mail may be sent in this session. */
  readonly satisfied: boolean;
  /** Why not; null when it may. */
  readonly problem: Failure | null;
  /** If `broken` happened: another connection may continue without TLS. */
  readonly mayGoPlain: boolean;
  readonly result: TlsResult;
}

/** How policies are found, for all deliveries of a process: see `openPolicySources()`. */
export interface PolicySourceOptions {
  /** Asks these name servers instead of the system's. */
  readonly servers?: readonly string[];
  /** They validate, and the path to them is secure: their AD bit is trusted. False disables DANE. */
  readonly validates: boolean;
  /** Where policies are served; 443 but in a lab. */
  readonly policyPort?: number;
  /** The timeout for fetching a policy; one minute by default. */
  readonly policyTimeoutMs?: number;
  /** A SQLite file of MTA-STS policies that processes share; null keeps them in memory. */
  readonly file: string | null;
  /** Certificates (PEM) that policy hosts may have beside the system's. */
  readonly ca?: string;
  /** Policy hosts may have addresses that are not global. */
  readonly allowPrivate?: boolean;
  /** Whether a policy host may have this address; without it, every address that `allowPrivate` leaves. */
  readonly mayConnect?: (address: string) => boolean;
  /** Null if a domain requires nothing. */
  readonly configured?: (domain: string) => ConfiguredTls | null;
}

export interface PolicySources {
  readonly validates: boolean;
  /** One question, with DNSSEC OK. */
  ask<Type extends RecordType>(name: string, type: Type, ending?: Ending): Promise<Answer<Type>>;
  findSts(domain: string, ending?: Ending): Promise<StsFinding>;
  configured(domain: string): ConfiguredTls | null;
  close(): void;
}
