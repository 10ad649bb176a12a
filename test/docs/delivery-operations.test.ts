import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newest } from "../../probes/mail.deliver/schema.js";
import type { Command } from "../../runner/cli/command.js";
import { COMMANDS } from "../../runner/cli/commands.js";
import { createDelivery } from "../../runner/delivery/create-delivery.js";
import { Ledger } from "../../runner/delivery/ledger/ledger.js";
import { deliveryOptionsFrom } from "../../runner/delivery/service/environment.js";
import { classifyReply } from "../../runner/replies/classify-reply.js";
import { DELIVERY_CLASSES } from "../../schemas/delivery-outcome.js";
import type { Phase } from "../../schemas/failure.js";
import { deliveryPages } from "./delivery-pages.js";

const run = promisify(execFile);
const section = (title: string): string => {
  const found = deliveryPages.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`docs/delivery.md has no section ${title}`);
  return found;
};
const TITLES = ["Suppression", "Warm-up", "Events and webhooks", "Metrics", "Block lists", "Before the first mail", "Through Gmail", "Through SendGrid"];
const operations = [...TITLES, "When a mail does not arrive"].map(section).join("\n");
const blocks = [...operations.matchAll(/^ *```(\w+)\n(.*?)^ *```$/gms)].map(([, language = "", text = ""]) => ({ language, text }));
const inLanguage = (language: string): string[] => blocks.filter((block) => block.language === language).map(({ text }) => text);
/** The cells of the rows below the head of each table of a text. */
const rows = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.trimStart().startsWith("| `"))
    .map((line) => line.trim().slice(2, -2).split(" | "));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-docs-delivery-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("what to do when a mail does not arrive", () => {
  const [replies = "", own = ""] = section("When a mail does not arrive").split("Messages from probe-run itself");

  test("covers many replies", () => {
    expect(rows(replies).length).toBeGreaterThan(25);
  });

  test.each(rows(replies))("%s at %s is of the class %s", (written, phase, found, meaning, remedy) => {
    const reply = (written as string).slice(1, -1);
    const classified = classifyReply({ phase: phase as Phase, reply: { code: Number(reply.slice(0, 3)), lines: [reply.slice(4)] } });
    expect(classified.class).toBe(found);
    expect([meaning, remedy].map((words) => (words ?? "").length > 5)).toEqual([true, true]);
  });

  test.each(rows(own))("%s is a message of probe-run, of the class %s", async (written, found) => {
    const folders = ["runner/delivery", "runner/net/dns"];
    const files = (await Promise.all(folders.map(async (folder) => (await readdir(folder, { recursive: true })).map((name) => join(folder, name))))).flat();
    const sources = await Promise.all(files.filter((name) => name.endsWith(".ts")).map((name) => readFile(name, "utf8")));
    expect(sources.join("\n")).toContain((written as string).slice(1, -1));
    expect(DELIVERY_CLASSES).toContain(found);
  });
});

describe("recipes", () => {
  const examples = inLanguage("json").map((text) => JSON.parse(text) as { relays: Record<string, unknown>[] });

  test("there are some, and each is an input that mail.deliver takes", () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
    for (const example of examples) expect(newest.input.faults(structuredClone(example))).toEqual([]);
  });

  test.each(["Through Gmail", "Through SendGrid"])("%s: the environment says the same as the input", async (title) => {
    const exports = [...section(title).matchAll(/^export (.*)$/gm)].flatMap(([, words = ""]) =>
      words.split(" ").map((word) => word.split("=") as [string, string]),
    );
    const env = { ...Object.fromEntries(exports), SMTP_PASSWORD: "correct-horse" };
    const [json = "{}"] = [...section(title).matchAll(/^```json\n(.*?)^```$/gms)].map(([, text]) => text);
    const { mode, relays } = JSON.parse(json) as Record<string, unknown>;
    expect(deliveryOptionsFrom(env)).toEqual({ mode, relays });
    await createDelivery({ env }).close();
  });
});

describe("commands and code", () => {
  test("every command that the text names takes the options that it names with it", async () => {
    const named = [...operations.matchAll(/`(?:probe-run )?(work|consume|suppress|dns plan|dkim check)((?: --?[a-z][^`]*)?)`/g)];
    expect(named.length).toBeGreaterThan(4);
    for (const [, words = "", options = ""] of named) {
      const name = words.split(" ")[0] as keyof typeof COMMANDS;
      const { default: command } = (await COMMANDS[name].load()) as { default: Command };
      for (const [, option = ""] of options.matchAll(/--([a-z-]+)/g)) expect(Object.keys(command.options)).toContain(option);
    }
  });

  test("the example in code works, and its event is stored", async () => {
    const [code = ""] = inLanguage("ts");
    const library = pathToFileURL(resolve("dist/delivery.js")).href;
    // No name server is there: that is a result, too.
    const offline = 'resolver: { servers: ["127.0.0.1:1"] }, query_timeout_ms: 50, lookup_timeout_ms: 100, events:';
    await writeFile(join(folder, "code.mjs"), code.replace('"probe-run/delivery"', JSON.stringify(library)).replace("events:", offline));
    const { stdout } = await run(process.execPath, ["code.mjs"], { cwd: folder, env: { PATH: process.env.PATH } });
    expect(stdout).toBe("ann@example.net failed routing may_be_tried\n");
    expect(await readdir(join(folder, ".probe-run"))).toContain("events.db");
  });
});

test("documents every metric, and no other", async () => {
  Ledger.create(join(folder, "delivery.db")).close();
  const delivery = createDelivery({
    env: {},
    ledger: join(folder, "delivery.db"),
    warm_up: true,
    blocklists: true,
    own_addresses: ["192.0.2.7"],
    resolver: { servers: ["127.0.0.1:1"] },
  });
  const there = new Set([...delivery.metrics().matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string));
  await delivery.close();
  const documented = rows(section("Metrics")).flatMap(([names = ""]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name as string));
  expect(documented.sort()).toEqual([...there].sort());
});
