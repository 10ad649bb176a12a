import type { OutputOf } from "../../harness/probe-types.js";
import { runReport } from "../../harness/run.js";
import { siteOf } from "../../mail-sites/site.js";
import { parseMailbox } from "../../net/smtp/mailbox.js";

/** Input fields that both probes share: servers and timeouts. */
const SHARED = ["address_family", "resolver", "query_timeout_ms", "lookup_timeout_ms", "cache", "allow_private_addresses"] as const;

/** Finds the mail site of an address. Looked up once per domain; the probe then finds it in the cache. */
export class Destinations {
  readonly #known = new Map<string, Promise<string>>();

  constructor(
    readonly input: Readonly<Record<string, unknown>>,
    readonly signal: AbortSignal,
  ) {}

  siteOf(email: string): Promise<string> {
    const port = typeof this.input.mx_port === "number" ? this.input.mx_port : undefined;
    if (typeof this.input.mx_host === "string") return Promise.resolve(siteOf([this.input.mx_host], port));
    const mailbox = parseMailbox(email);
    // These lookups need no rate limit.
    if ("problem" in mailbox) return Promise.resolve("");
    if (mailbox.host.kind === "address") return Promise.resolve(siteOf([mailbox.host.host], port));
    const domain = mailbox.host.host.toLowerCase();
    const known = this.#known.get(domain) ?? this.#lookUp(domain, port);
    this.#known.set(domain, known);
    return known;
  }

  async #lookUp(domain: string, port: number | undefined): Promise<string> {
    const shared = Object.fromEntries(SHARED.flatMap((name) => (this.input[name] === undefined ? [] : [[name, this.input[name]]])));
    const { envelope } = await runReport("mail.mx@1.0.0", { ...shared, domain }, { signal: this.signal });
    const { hosts } = envelope.output as OutputOf<"mail.mx@1.0.0">;
    return hosts.length === 0
      ? domain
      : siteOf(
          hosts.map(({ host }) => host),
          port,
        );
  }
}
