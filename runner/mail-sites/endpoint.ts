import type { MailHost } from "../../schemas/mx.js";

/** One address of a mail host or a relay. */
export interface Endpoint {
  readonly host: string;
  /** Null for a relay given by name: its addresses are looked up and tried together. */
  readonly ipAddress: string | null;
  readonly port: number;
}

export interface MailHostEndpoint extends Endpoint {
  readonly ipAddress: string;
}

/** The addresses of mail hosts that may be dialled, in the order of the hosts; those of one host together (RFC 5321, section 5.1). */
export function endpointsOf(hosts: readonly MailHost[], port: number): MailHostEndpoint[] {
  return hosts.flatMap(({ host, addresses }) =>
    addresses.filter(({ may_be_dialled: mayBeDialled }) => mayBeDialled).map(({ ip_address: ipAddress }) => ({ host, ipAddress, port })),
  );
}
