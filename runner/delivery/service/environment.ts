import { DELIVERY_MODES, type DeliveryMode } from "../../../schemas/delivery-route.js";
import { RequestError } from "../../support/request-error.js";
import type { GivenOptions } from "./options.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Delivery options from the environment, under their established names. */
export function deliveryOptionsFrom(env: Environment): GivenOptions {
  const helo = textOf(env, "SMTP_HOSTNAME");
  const mode = modeOf(env);
  const relay = relayOf(env);
  const folder = textOf(env, "SMTP_DKIM_KEYS");
  const signs = flagOf(env, "SMTP_ENABLE_DKIM");
  const ledger = textOf(env, "PROBE_RUN_DELIVERY");
  const routes = textOf(env, "PROBE_RUN_ROUTES");
  if (signs === true && folder === null) {
    throw new RequestError("SMTP_ENABLE_DKIM needs keys: name their folder in SMTP_DKIM_KEYS", "usage", []);
  }
  return {
    ...(helo === null ? {} : { helo_domain: helo }),
    ...(mode === null ? {} : { mode }),
    ...(relay === null ? {} : { relays: [relay] }),
    ...(folder === null || signs === false ? {} : { dkim_folder: folder }),
    ...(ledger === null ? {} : { ledger }),
    ...(routes === null ? {} : { routes }),
  };
}

function modeOf(env: Environment): DeliveryMode | null {
  const written = textOf(env, "SMTP_DELIVERY_MODE");
  if (written === null) return null;
  const mode = DELIVERY_MODES.find((each) => each === written.toLowerCase());
  if (mode !== undefined) return mode;
  throw new RequestError(`SMTP_DELIVERY_MODE must be one of ${DELIVERY_MODES.join(", ")}, not ${JSON.stringify(written)}`, "usage", []);
}

function relayOf(env: Environment): NonNullable<GivenOptions["relays"]>[number] | null {
  const host = textOf(env, "SMTP_HOST");
  if (host === null) return null;
  const isImplicit = flagOf(env, "SMTP_USE_SSL") === true;
  const isUpgraded = flagOf(env, "SMTP_USE_TLS");
  const port = portOf(env);
  const username = textOf(env, "SMTP_USER");
  const hasPassword = textOf(env, "SMTP_PASSWORD") !== null;
  return {
    host,
    ...(port === null ? {} : { port }),
    tls: isImplicit ? { mode: "implicit" } : isUpgraded === null ? {} : { mode: isUpgraded ? "starttls" : "none" },
    // By reference, so that the text itself is in no queue and no result.
    ...(username === null ? {} : { auth: { username, ...(hasPassword ? { password: { secret: "env:SMTP_PASSWORD" } } : {}) } }),
  };
}

function portOf(env: Environment): number | null {
  const written = textOf(env, "SMTP_PORT");
  if (written === null) return null;
  const port = /^\d{1,5}$/.test(written) ? Number(written) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new RequestError(`SMTP_PORT must be a port from 1 to 65535, not ${JSON.stringify(written)}`, "usage", []);
}

const WORDS: Readonly<Record<string, boolean>> = { true: true, "1": true, yes: true, on: true, false: false, "0": false, no: false, off: false };

function flagOf(env: Environment, name: string): boolean | null {
  const written = textOf(env, name);
  if (written === null) return null;
  const flag = WORDS[written.toLowerCase()];
  if (flag !== undefined) return flag;
  throw new RequestError(`${name} must be true or false, not ${JSON.stringify(written)}`, "usage", []);
}

function textOf(env: Environment, name: string): string | null {
  const written = env[name]?.trim() ?? "";
  return written === "" ? null : written;
}
