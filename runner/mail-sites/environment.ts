import { RequestError } from "../support/request-error.js";

type Environment = Readonly<Record<string, string | undefined>>;

export interface RcptFields {
  helo_domain?: string;
  mail_from?: string;
  connect_timeout_ms?: number;
  command_timeout_ms?: number;
}

/** The fields of mail.rcpt's input that the environment sets. Its timeouts are in seconds and may have decimals. */
export function rcptInputFrom(env: Environment): RcptFields {
  const helo = env.SMTP_HELO_DOMAIN?.trim() ?? "";
  const from = env.SMTP_MAIL_FROM?.trim() ?? "";
  return {
    ...(helo === "" ? {} : { helo_domain: helo }),
    ...(from === "" ? {} : { mail_from: from }),
    ...milliseconds(env, "SMTP_CONNECT_TIMEOUT", "connect_timeout_ms"),
    ...milliseconds(env, "SMTP_COMMAND_TIMEOUT", "command_timeout_ms"),
  };
}

const MAX_SECONDS = 600;

function milliseconds(env: Environment, name: string, field: string): Record<string, number> {
  const written = env[name]?.trim() ?? "";
  if (written === "") return {};
  const seconds = /^\d+(?:\.\d+)?$/.test(written) ? Number(written) : Number.NaN;
  if (seconds > 0 && seconds <= MAX_SECONDS) return { [field]: Math.max(1, Math.round(seconds * 1000)) };
  throw new RequestError(`${name} must be seconds above 0 and at most ${MAX_SECONDS}, not ${JSON.stringify(written)}`, "usage", []);
}
