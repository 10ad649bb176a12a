import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { calledBy, parseCall } from "../../runner/cli/cli.js";
import { builtInNames, labOf } from "../../runner/harness/registry.js";
import { documentedLines } from "./command-lines.js";

const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md", ...documents()];
const lines = pages.flatMap((page) => documentedLines(page, readFileSync(page, "utf8")));

test("command lines are found in blocks, in text, behind pipes and over several lines", () => {
  const markdown = "```sh\na | npx probe-run run 'x y' --set \\\n  k=\"v\" | cat # probe-run no\n```\nSee `probe-run list` and `probe-run describe <probe>`.";
  expect(documentedLines("page.md", markdown).map(({ argv, isWhole }) => [argv, isWhole])).toEqual([
    [["run", "x y", "--set", "k=v"], true],
    [["list"], false],
  ]);
});

describe("every command line of the documents is one that we take", () => {
  test.each(lines)("$page:$line $text", async ({ argv, isWhole }) => {
    const called = await calledBy(argv);
    let words: readonly string[] = [];
    try {
      ({ words } = parseCall(called));
    } catch (error) {
      if (isWhole || !/^missing argument|needs a value/.test((error as Error).message)) throw error;
    }
    if (called.name === "run" && words[0] !== undefined) await expectProbe(words[0], argv);
  });

  test("there are many", () => {
    expect(lines.filter(({ isWhole }) => isWhole).length).toBeGreaterThan(60);
  });
});

function documents(): string[] {
  return readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`);
}

/** A built-in probe, with its lab's server if one is named; or the file of a third-party one. */
async function expectProbe(asked: string, argv: readonly string[]): Promise<void> {
  const [name = ""] = asked.split("@");
  if (/^\.{0,2}\//.test(name) || name === "my.banner") return;
  expect(builtInNames()).toContain(name);
  const server = argv.find((word) => word.startsWith("--lab="))?.slice("--lab=".length);
  if (server === undefined) return;
  const running = await (await labOf(name))?.start(() => 0);
  await running?.close();
  expect(running?.servers.map((each) => each.name)).toContain(server);
}
