import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { CLI } from "../cli/command-line.js";
import { folder, probeRunTest, withoutVitest } from "./probe-run-test.js";

// Each test starts vitest.
vi.setConfig({ testTimeout: 60_000 });

/** A mail server that is too busy for its first clients. */
async function busyServer(refusals: number): Promise<number> {
  let clients = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    clients += 1;
    if (clients <= refusals) {
      socket.end(`421 busy.example.org client ${clients} is one too many\r\n`);
      return;
    }
    socket.write("220 busy.example.org ESMTP\r\n");
    socket.on("data", (data) => void socket.write(data.toString().startsWith("QUIT") ? "221 bye\r\n" : "250 busy.example.org\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("--report writes a page of the run: several targets, tries, and what failed at its line", async () => {
  const lab = await startSmtpServer();
  onTestFinished(() => lab.close());
  const busy = await busyServer(2);
  const targets = [`fine: { target_port: ${lab.port} }`, `busy: { target_port: ${busy} }`, "gone: { target_port: 1 }"].map((each) => `  ${each}\n`).join("");
  const cwd = folder({
    "mail.yaml": `name: three <servers>\ndefaults: { retries: 2, input: { target_host: 127.0.0.1 } }\ntargets:\n${targets}checks:\n  - probe: network.smtp@2\n    name: greets\n`,
  });
  const { code, err } = await probeRunTest(["mail.yaml", "--report", "out/report.html"], cwd);
  expect(err).toContain("FAILED (3 tries)");
  expect(code).toBe(1);
  const page = readFileSync(join(cwd, "out", "report.html"), "utf8");
  expect(page).toContain("<h1>three &lt;servers&gt;</h1>");
  expect(page).toContain("✘ 1 of 3 checks failed.");
  expect(page).toMatch(/✘ gone network\.smtp@2 greets<\/h3> <span class="soft">mail\.yaml:8:12/);
  expect(page).toMatch(/<a href="#passed-\d">✔ [\d.]+ ms \(3 tries\)<\/a>/);
  // The server's own words, of each try.
  expect(page).toMatch(/Try 1, [\d.]+ ms:<p class="reason">status: [^<]*client 1 is one too many/);
  expect(page).toMatch(/Try 2, [\d.]+ ms:<p class="reason">status: [^<]*client 2 is one too many/);
  expect(page).not.toMatch(/<script|https?:\/\//);

  // An earlier report is replaced.
  writeFileSync(
    join(cwd, "mail.yaml"),
    "name: one check\nchecks:\n  - { probe: network.tcp, input: { target_host: 127.0.0.1, target_port: 1 }, expect: { status: error } }\n",
  );
  expect((await probeRunTest(["mail.yaml", "--report", "out/report.html"], cwd)).code).toBe(0);
  expect(readFileSync(join(cwd, "out", "report.html"), "utf8")).toContain("✔ The check passed.");
});

test("--report does not overwrite what is no report, and takes no part in --watch: nothing is run", async () => {
  const suite = "name: x\nchecks:\n  - { probe: network.tcp, input: { target_host: 127.0.0.1, target_port: 1 } }\n";
  const cwd = folder({ "mail.yaml": suite, "notes.html": "<p>my notes</p>\n" });
  const taken = await probeRunTest(["mail.yaml", "--report", "notes.html"], cwd);
  expect(taken).toMatchObject({ code: 2, out: "", err: expect.stringContaining("--report would overwrite notes.html, which is not a report") });
  expect(readFileSync(join(cwd, "notes.html"), "utf8")).toBe("<p>my notes</p>\n");
  const watched = await probeRunTest(["mail.yaml", "--report", "new.html", "--watch"], cwd);
  expect(watched).toMatchObject({ code: 2, out: "", err: expect.stringContaining("--report cannot be used with --watch") });
  expect(existsSync(join(cwd, "new.html"))).toBe(false);
});

test("a report that cannot be written ends with 3, and the results are printed all the same", async () => {
  const cwd = folder({
    "mail.yaml": "name: x\nchecks:\n  - { probe: network.tcp, input: { target_host: 127.0.0.1, target_port: 1 }, expect: { status: error } }\n",
  });
  // Files of at most 1 kB: the report is larger.
  const child = spawnSync("prlimit", ["--fsize=1024:1024", process.execPath, CLI, "test", "mail.yaml", "--report", "report.html"], {
    cwd,
    encoding: "utf8",
    env: withoutVitest(),
  });
  expect(child).toMatchObject({ status: 3, stderr: expect.stringContaining("the report cannot be written: EFBIG") });
  expect(child.stdout).toMatch(/Tests.+1 passed/);
  // Nothing is left of it. Vite has its cache there.
  expect(readdirSync(cwd).filter((name) => name !== "node_modules")).toEqual(["mail.yaml"]);
});
