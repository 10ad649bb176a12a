import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { KNOWN_LISTS } from "../../probes/mail.blocklist/known-lists.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { readSuite } from "../../runner/suite/read.js";
import { blocklistAnswerSchema } from "../../schemas/blocklist.js";
import { deliveryPages } from "./delivery-pages.js";

const section = deliveryPages.split(/^## /m).find((text) => text.startsWith("Block lists\n")) ?? "";
const example = (language: string): string => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(section)?.[1] ?? "";

test("documents every known list with its properties and results, and no other", () => {
  const rows = [...section.matchAll(/^\| `([\w.]+)` \| ([^|]*) \|/gm)].map(([, name = "", what = ""]) => ({ name, what }));
  const kinds = { ipv4: "IPv4", ipv6: "IPv6", domain: "domains" } as const;
  const lists = KNOWN_LISTS.map((list) => ({ name: list.zone, what: list.kinds.map((kind) => kinds[kind]).join(", ") }));
  expect(rows.slice(-lists.length)).toEqual(lists);
  expect(rows.slice(0, -lists.length).map(({ name }) => name)).toEqual(blocklistAnswerSchema.properties.result.enum);
});

test("the suite is one", async () => {
  const { checks } = await readSuite("docs/delivery.md", example("yaml"), {});
  expect(checks).toHaveLength(1);
});

test("the example in code works: it says which list has the address", async () => {
  const zone = "$ORIGIN zen.spamhaus.org.\n@ SOA ns h 1 1 1 1 1\n2.0.0.127 A 127.0.0.2\n7.2.0.192 A 127.0.0.4";
  const server = await startDnsServer({ zones: [zone] });
  const folder = await mkdtemp(join(tmpdir(), "probe-run-docs-blocklists-"));
  try {
    const library = pathToFileURL(resolve("dist/delivery.js")).href;
    const here = `resolver: ${JSON.stringify({ servers: server.servers })}, onTrouble:`;
    // The example looks at once; the first check takes a moment.
    const patient = 'while (!delivery.stats().blocklists?.checked_at) await new Promise((resolve) => setTimeout(resolve, 5));\nconsole.log("';
    const code = example("ts")
      .replace('"probe-run/delivery"', JSON.stringify(library))
      .replace("onTrouble:", here)
      .replace("console.log(", `${patient}checked", `);
    await writeFile(join(folder, "code.mjs"), code);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["code.mjs"], { cwd: folder, env: { PATH: process.env.PATH } });
    expect(stderr).toContain("192.0.2.7 zen.spamhaus.org");
    expect(stdout).toContain("checked");
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});
