import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalise, readDocument, runCommand } from "./console.js";

// UPDATE_README=1 npm run test:slow -- test/docs writes what the commands really print into the document.
const DOCUMENT = resolve("README.md");
const CLI = resolve("dist/cli.cjs");

const markdown = await readFile(DOCUMENT, "utf8");
const { sessions, files } = readDocument(markdown);
let updated = markdown;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-readme-"));
  for (const { name, text } of files) await writeFile(join(folder, name), text);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  if (process.env.UPDATE_README === "1") await writeFile(DOCUMENT, updated);
});

describe("README: every command prints what it says", () => {
  for (const session of sessions) {
    for (const { command, output } of session.steps) {
      it(`line ${session.line}: ${command}`, { timeout: 60_000 }, async () => {
        const printed = await runCommand(command, folder, CLI);
        if (process.env.UPDATE_README === "1") updated = updated.replace(`$ ${command}\n${output}`, () => `$ ${command}\n${printed.trimEnd()}\n`);
        else expect(normalise(printed)).toBe(normalise(output));
      });
    }
  }
});

describe("README: what it shows", () => {
  it("runs more than a handful of commands", () => {
    expect(sessions.flatMap(({ steps }) => steps).length).toBeGreaterThan(5);
  });
});
