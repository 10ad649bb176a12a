import type { Failure } from "../../../schemas/failure.js";
import type { HttpVersion } from "../../../schemas/http.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import type { WireRun } from "../../run/run-state.js";
import type { SecureOptions } from "../transport/secure-options.js";
import type { ReadReply } from "./udp.js";

export type TlsOptions = Omit<SecureOptions, "host"> & { readonly servername?: string; readonly verify: "ignore" | "report" | "require" };

export interface EncryptedOptions {
  readonly tls: TlsOptions;
  /** For the connection, and for each reply. */
  readonly timeoutMs: number;
  /** The path of the service over HTTPS (RFC 8484, section 4.1: each server has its own). */
  readonly httpsPath?: string | undefined;
}

export interface Replied<Reply> {
  readonly reply: Reply | Failure;
  readonly tls: TlsFacts | null;
  /** Null without a response over HTTPS. */
  readonly httpVersion: HttpVersion | null;
}

/** An encrypted connection to a name server, which several questions share. */
export interface Channel {
  /** False once it takes no more questions. */
  readonly isOpen: boolean;
  /** Asks within `run`, which ends the question and not the connection. */
  ask<Reply extends object>(run: WireRun, query: Buffer, read: ReadReply<Reply>, timeoutMs: number): Promise<Replied<Reply>>;
  close(): void;
}
