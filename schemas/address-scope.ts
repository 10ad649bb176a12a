/** The scope of an address. Only `global` ones can be a public mail server. */
export const ADDRESS_SCOPES = [
  "global",
  "this_network",
  "loopback",
  "private",
  "shared",
  "link_local",
  "documentation",
  "benchmarking",
  "multicast",
  "broadcast",
  "reserved",
  "v4_mapped",
  "v4_translated",
  "nat64",
  "six_to_four",
  "teredo",
  "discard",
] as const;
export type AddressScope = (typeof ADDRESS_SCOPES)[number];
