/** The known limits of a large receiver; null if none are known. */
export interface ProviderLimits {
  readonly name: string;
  /** Domains of its mail hosts. */
  readonly hosts: readonly string[];
  readonly sessions: number | null;
  readonly messagesPerSession: number | null;
  /** Where the limits are published. */
  readonly source: string;
}

const KUMO = "KumoMTA, assets/policy-extras/shaping.toml";

/** They only lower the configured limits. */
export const PROVIDERS: readonly ProviderLimits[] = [
  { name: "google", hosts: ["google.com", "googlemail.com", "smtp.goog"], sessions: 5, messagesPerSession: 50, source: KUMO },
  { name: "yahoo", hosts: ["yahoodns.net"], sessions: null, messagesPerSession: 20, source: KUMO },
  { name: "outlook", hosts: ["olc.protection.outlook.com"], sessions: 5, messagesPerSession: 50, source: KUMO },
  { name: "office365", hosts: ["mail.protection.outlook.com", "mx.microsoft"], sessions: 5, messagesPerSession: 50, source: KUMO },
  { name: "mimecast", hosts: ["mimecast.com", "mimecast.co.za", "mimecast-offshore.com"], sessions: 10, messagesPerSession: null, source: KUMO },
  { name: "orange", hosts: ["orange.fr"], sessions: 2, messagesPerSession: null, source: KUMO },
  { name: "comcast", hosts: ["comcast.net"], sessions: 25, messagesPerSession: null, source: KUMO },
];

/** Null if the mail hosts belong to no receiver in the table. */
export function providerOf(hosts: readonly string[]): ProviderLimits | null {
  const belongs = (host: string, ending: string): boolean => host === ending || host.endsWith(`.${ending}`);
  return PROVIDERS.find((provider) => hosts.some((host) => provider.hosts.some((ending) => belongs(host, ending)))) ?? null;
}
