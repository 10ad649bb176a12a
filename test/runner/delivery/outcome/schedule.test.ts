import { describe, expect, test } from "vitest";
import { waitMs } from "../../../../runner/delivery/outcome/schedule.js";
import { PROVIDERS, providerOf } from "../../../../runner/delivery/route/providers.js";

const RETRY = { first_ms: 300_000, most_ms: 14_400_000, give_up_after_ms: 432_000_000 };
const decision = (retryAfterMs: number | null) => ({ retryAfterMs }) as Parameters<typeof waitMs>[0];

describe("delays", () => {
  test("double from five minutes to four hours", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((tries) => waitMs(decision(null), tries, RETRY, () => 0.5) / 60_000);
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 240, 240, 240]);
  });

  test("have a jitter of plus or minus a fifth", () => {
    expect(waitMs(decision(null), 1, RETRY, () => 0)).toBe(240_000);
    expect(waitMs(decision(null), 1, RETRY, () => 0.999_999)).toBeGreaterThan(359_990);
  });

  test("are never shorter than the server asks for", () => {
    expect(waitMs(decision(900_000), 1, RETRY, () => 0.5)).toBe(900_000);
    expect(waitMs(decision(60_000), 1, RETRY, () => 0.5)).toBe(300_000);
  });
});

describe("providers", () => {
  test.each([
    ["aspmx.l.google.com", "google"],
    ["example-com.mail.protection.outlook.com", "office365"],
    ["hotmail-com.olc.protection.outlook.com", "outlook"],
    ["mta5.am0.yahoodns.net", "yahoo"],
    ["eu-smtp-inbound-1.mimecast.com", "mimecast"],
    ["smtp-in.orange.fr", "orange"],
  ])("%s belongs to %s", (host, name) => {
    expect(providerOf([host])?.name).toBe(name);
  });

  test("a name that only looks similar belongs to no provider", () => {
    expect(providerOf(["notgoogle.com", "google.com.example.org"])).toBeNull();
  });

  test("each has the source of its limits", () => {
    expect(PROVIDERS.filter(({ source, hosts }) => source === "" || hosts.length === 0)).toEqual([]);
  });
});
