/** How a site has behaved so far. It decides the timeouts of the next run. */
export const SITE_PROFILES = ["unknown", "normal", "fast", "tarpit", "refusing"] as const;
export type SiteProfile = (typeof SITE_PROFILES)[number];
