/** What a site was like so far: it decides how patient the next run is with it. */
export const SITE_PROFILES = ["unknown", "normal", "fast", "tarpit", "refusing"] as const;
export type SiteProfile = (typeof SITE_PROFILES)[number];
