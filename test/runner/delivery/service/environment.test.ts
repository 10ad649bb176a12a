import { describe, expect, test } from "vitest";
import { createDelivery } from "../../../../runner/delivery/create-delivery.js";
import { deliveryOptionsFrom } from "../../../../runner/delivery/service/environment.js";

describe("the environment", () => {
  test("without variables sets no option", () => {
    expect(deliveryOptionsFrom({})).toEqual({});
    expect(deliveryOptionsFrom({ SMTP_HOST: " ", SMTP_DELIVERY_MODE: "" })).toEqual({});
  });

  test("names a relay, and its password only by reference", () => {
    const env = {
      SMTP_HOSTNAME: "mail.example.org",
      SMTP_DELIVERY_MODE: "hybrid",
      SMTP_HOST: "smtp.example.net",
      SMTP_PORT: "587",
      SMTP_USER: "ada",
      SMTP_PASSWORD: "correct-horse",
      SMTP_USE_TLS: "true",
      SMTP_USE_SSL: "false",
    };
    const options = deliveryOptionsFrom(env);
    expect(options).toEqual({
      helo_domain: "mail.example.org",
      mode: "hybrid",
      relays: [{ host: "smtp.example.net", port: 587, tls: { mode: "starttls" }, auth: { username: "ada", password: { secret: "env:SMTP_PASSWORD" } } }],
    });
    expect(JSON.stringify(options)).not.toContain("correct-horse");
  });

  test.each([
    [{ SMTP_USE_SSL: "true" }, { mode: "implicit" }],
    [{ SMTP_USE_SSL: "yes", SMTP_USE_TLS: "yes" }, { mode: "implicit" }],
    [{ SMTP_USE_TLS: "0" }, { mode: "none" }],
    [{}, {}],
  ])("%j sets the TLS of the relay: %j", (env, tls) => {
    expect(deliveryOptionsFrom({ SMTP_HOST: "smtp.example.net", ...env }).relays?.[0]?.tls).toEqual(tls);
  });

  test("a folder of keys turns on DKIM signing", () => {
    expect(deliveryOptionsFrom({ SMTP_ENABLE_DKIM: "true", SMTP_DKIM_KEYS: "/etc/keys" })).toEqual({ dkim_folder: "/etc/keys" });
    expect(deliveryOptionsFrom({ SMTP_ENABLE_DKIM: "false", SMTP_DKIM_KEYS: "/etc/keys" })).toEqual({});
    expect(() => deliveryOptionsFrom({ SMTP_ENABLE_DKIM: "true" })).toThrow("SMTP_DKIM_KEYS");
  });

  test.each([
    ["SMTP_DELIVERY_MODE", "magic", {}],
    ["SMTP_PORT", "http", { SMTP_HOST: "smtp.example.net" }],
    ["SMTP_USE_TLS", "maybe", { SMTP_HOST: "smtp.example.net" }],
  ])("an invalid value of %s is reported with the variable's name", (name, value, env) => {
    expect(() => deliveryOptionsFrom({ ...env, [name]: value })).toThrow(new RegExp(`${name}.*${value}`));
  });

  test("options override the environment", async () => {
    const delivery = createDelivery({ env: { SMTP_DELIVERY_MODE: "relay", SMTP_HOST: "smtp.example.net" }, mode: "direct" });
    expect(delivery.stats().mode).toBe("direct");
    await delivery.close();
    expect(() => createDelivery({ env: { SMTP_DELIVERY_MODE: "relay" } })).toThrow(
      expect.objectContaining({ violations: [expect.objectContaining({ pointer: "/relays", hint: expect.stringContaining("SMTP_HOST") })] }),
    );
  });
});
