import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import lab from "../../probes/mail.receive/lab.js";
import { type Input, newest } from "../../probes/mail.receive/schema.js";

const markdown = await readFile(resolve("docs/mail.md"), "utf8");
const section = /^## mail\.receive.*?(?=^## |$(?![\s\S]))/ms.exec(markdown)?.[0] ?? "";

describe("docs/mail.md on mail.receive", () => {
  test("its input fits", () => {
    const [, json = ""] = /^```json\n(.*?)^```$/ms.exec(section) ?? [];
    expect(newest.input.faults(JSON.parse(json))).toEqual([]);
  });

  test("the defaults that it names are those of the contract", () => {
    const input = { host: "imap.example.org", username: "ada", password: "x", token: "1ab0c4" } as unknown as Input;
    expect(newest.input.validator(input)).toBe(true);
    expect(input).toMatchObject({ port: 993, tls_mode: "implicit", folder: "INBOX", folders: ["\\Junk"], max_age_minutes: 30, timeout: 30, retries: 2 });
    expect(input).toMatchObject({ retry_delay: 10, no_recent_message_severity: "critical", spam_severity: "warning", delete_after_check: false });
  });

  test("the lab has the servers that it names", async () => {
    const [, named = ""] = /--lab=arrives.*; also (.*)$/m.exec(section) ?? [];
    const running = await lab.start(() => 0);
    await running.close();
    expect(["arrives", ...named.split(", ")].sort()).toEqual(running.servers.map(({ name }) => name).sort());
  });

  test("every field and every finding that it names is one", async () => {
    const findings = await Promise.all(["judge", "delete-matches"].map((file) => readFile(resolve(`probes/mail.receive/${file}.ts`), "utf8")));
    const fields = JSON.stringify([newest.input.schema, newest.output.schema]) + findings.join("");
    const named = [...section.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name as string);
    expect(named.filter((name) => !fields.includes(`"${name}"`))).toEqual([]);
  });
});
