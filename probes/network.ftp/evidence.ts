import type { Evidence } from "../../runner/harness/define-probe.js";
import type { Feature } from "../../runner/net/ftp/session.js";
import type { FtpTransfer } from "../../schemas/ftp.js";
import type { Input, Output } from "./schema.js";

/** The course of a service check knows features as capabilities. */
export interface FtpEvidence extends Omit<Evidence<Output>, "features" | "features_before_tls"> {
  capabilities: Feature[] | null;
  capabilities_before_tls: Feature[] | null;
}

/** Every field before anything has happened. */
export function nothingYet({ target_host, target_port }: Input): FtpEvidence {
  const service = { target_host, target_port, attempts: [], banner: null, capabilities: null, capabilities_before_tls: null };
  const login = { tls: null, response_time_ms: null, auth: null, system: null, data_protection: null };
  return { status: "ok", failure: null, ...service, starttls: "not_tried", ...login, list: null, download: null, anomalies: [], findings: [] };
}

/** In the order of the contract. */
export function inContract({ capabilities, capabilities_before_tls, ...evidence }: FtpEvidence): Evidence<Output> {
  const { status, failure, target_host, target_port, attempts, banner, ...rest } = evidence;
  return { status, failure, target_host, target_port, attempts, banner, features: capabilities, features_before_tls: capabilities_before_tls, ...rest };
}

export function noTransfer(command: string): FtpTransfer {
  return { command, passive: null, tls: null, first_byte_ms: null, transfer_ms: null, bytes: 0, is_truncated: false, is_complete: false };
}
