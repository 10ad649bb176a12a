import { UsageError } from "./usage-error.js";

/** The address to listen on: HOST:PORT, [::1]:PORT, or :PORT for all addresses. */
export function listenAddress(written: string): { host: string; port: number } {
  const [, bracketed, plain = "", port = ""] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(written) ?? [];
  if (port === "" || Number(port) > 65_535)
    throw new UsageError(`--listen requires HOST:PORT, not ${JSON.stringify(written)}`, "for example --listen 127.0.0.1:9464");
  return { host: bracketed ?? (plain === "" ? "::" : plain), port: Number(port) };
}
