/** Selectors cannot be listed: these are the usual ones of mail services and of servers' manuals. */
export const USUAL_SELECTORS: readonly string[] = [
  "google",
  "selector1",
  "selector2",
  "s1",
  "s2",
  "k1",
  "k2",
  "k3",
  "default",
  "dkim",
  "mail",
  "fm1",
  "fm2",
  "fm3",
  "protonmail",
  "protonmail2",
  "protonmail3",
  "sig1",
  "zmail",
  "mandrill",
  "pm",
  "cf2024-1",
];

/** A selector that no domain has: an answer to it is a wildcard's. */
export const RANDOM_SELECTOR = "probe-run-no-such-selector";
