import { FORMAT_NAMES } from "../../formats/formats.js";
import type { Arguments } from "../arguments.js";
import { serverNameOption } from "../server-names.js";
import { shortSecretsOption } from "../short-secrets.js";

export const DEFAULT_HISTORY = ".probe-run/history.db";

export const watchOptions = {
  once: { description: "Run every check once, print what came of it, and end. Nothing is stored or sent." },
  format: { value: "FORMAT", choices: FORMAT_NAMES, description: "With --once: what is printed, pretty by default; docs/formats.md says what reads each." },
  history: { value: "FILE", description: `The SQLite file for results, incidents and notifications (${DEFAULT_HISTORY}).` },
  queue: {
    value: "URL",
    description: "Let workers of this queue on Redis run the checks (`probe-run work`), at the places of watch.locations. Several watches may share it.",
  },
  concurrency: { value: "N", description: "Simultaneous runs (1000; with --once the suite's concurrency)." },
  listen: { value: "HOST:PORT", description: "Serve the status page, /healthz, /metrics and the API there." },
  ...serverNameOption,
  "tls-cert": { value: "FILE", description: "With --listen: serve by TLS, with this certificate and its chain (PEM)." },
  "tls-key": { value: "FILE", description: "The certificate's key (PEM)." },
  public: { description: "The page and the API show names and states only, no inputs, addresses or reasons; all of it after a login, if watch.page has one." },
  export: { value: "FOLDER", description: "Write the status page as files there, every minute: into a new or an empty folder, or that of an earlier export." },
  ...shortSecretsOption,
} as const;

export type WatchOptions = Arguments<typeof watchOptions>["options"];
