/**
 * The identity of a mail site, by which limits and experience are kept. Thousands of domains may share a site's hosts, and the hosts of one domain
 * usually share a machine room.
 */
export function siteOf(hosts: readonly string[], port = SMTP_PORT): string {
  const names = [...new Set(hosts.map((host) => familyOf(host.toLowerCase().replace(/\.$/, ""))))].sort();
  return `${names.join(",")}${port === SMTP_PORT ? "" : `:${port}`}`;
}

const SMTP_PORT = 25;

/** Providers that give each customer separate mail host names for the same machines, with the common suffix from the provider's documentation. */
const FAMILIES = [
  "mail.protection.outlook.com",
  "mx.microsoft",
  "l.google.com",
  "googlemail.com",
  "smtp.goog",
  "pphosted.com",
  "ppe-hosted.com",
  "mimecast.com",
  "mimecast.co.za",
  "yahoodns.net",
  "mail.icloud.com",
  "messagelabs.com",
  "iphmx.com",
  "barracudanetworks.com",
  "mailspamprotection.com",
  "antispamcloud.com",
  "zoho.com",
  "zoho.eu",
].map((family) => ({ family, suffix: `.${family}` }));

function familyOf(host: string): string {
  return FAMILIES.find(({ family, suffix }) => host === family || host.endsWith(suffix))?.family ?? host;
}
