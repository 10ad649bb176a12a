import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { playTranscript } from "../../runner/lab/transcript-server.js";
import { programPath } from "../support/programs.js";
import { realServer } from "../support/real-servers.js";
import { install, node, pack } from "./install.js";

const execute = promisify(execFile);

/** Each changes the title of the page if it is not shown as text. */
const IMAGE = "<img src=x onerror=document.title='changed'>";
const SCRIPT = "</script><script>document.title='changed'</script><svg/onload=document.title='changed'>";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".gz": "application/octet-stream" };

realServer("hostile texts in the HTML reporter of vitest", ["chromium"], () => {
  test("are shown as text: names of a suite, and what a server says", { timeout: 600_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-html-"));
    const server = await playTranscript(`S: 220 ${IMAGE}\\x1b[31m${SCRIPT}\n@close\n`);
    const site = createServer((request, response) => {
      const path = join(folder, "out", (request.url ?? "/").split(/[?#]/)[0] as string);
      try {
        response.setHeader("content-type", TYPES[extname(path)] ?? "text/plain").end(readFileSync(path));
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, "127.0.0.1");
    const pageAt = async (path: string) => domOf(folder, `http://127.0.0.1:${(site.address() as AddressInfo).port}/${path}`);
    try {
      writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
      await install(folder, await pack(folder), "vitest@~4.1.0");
      await install(folder, "@vitest/ui@~4.1.0");
      const target = JSON.stringify({ target_host: "127.0.0.1", target_port: server.port });
      const check = JSON.stringify({ probe: "network.smtp", name: `c${SCRIPT}`, expect: { status: "ok", output: { banner: { contains: IMAGE } } } });
      writeFileSync(
        join(folder, "suite.yaml"),
        `name: ${JSON.stringify(IMAGE)}\ntargets:\n  ${JSON.stringify(`t${IMAGE}`)}: ${target}\nchecks:\n  - ${check}\n`,
      );
      const command = join(folder, "node_modules/probe-run/bin/probe-run.cjs");
      await node(folder, command, "test", "suite.yaml", "--reporter", "html", "--outputFile.html", "out/index.html").catch(() => undefined);

      // What a page looks like that shows them as HTML.
      writeFileSync(join(folder, "out/control.html"), `<title>Vitest</title>${IMAGE}`);
      expect(titleOf(await pageAt("control.html"))).toBe("changed");

      const [, file] = /"(-?\d+)_0_0"/.exec(gunzipSync(readFileSync(join(folder, "out/html.meta.json.gz"))).toString()) ?? [];
      // The list of tests and a test with its error and its output; the source of the suite.
      for (const view of [`#/?file=${file}&test=${file}_0_0`, `#/?file=${file}&view=editor`]) {
        const page = await pageAt(`index.html${view}`);
        expect(titleOf(page), view).toBe("Vitest");
        expect(page, view).toContain("&lt;img src=x onerror=");
        expect(page, view).not.toMatch(/<img src="?x|<svg onload/);
      }
    } finally {
      await server.close();
      site.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** The page after its scripts have run. */
async function domOf(folder: string, url: string): Promise<string> {
  const options = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`, "--virtual-time-budget=10000", "--dump-dom"];
  return (await execute(programPath("chromium") as string, [...options, url], { maxBuffer: 64 * 1024 * 1024, timeout: 180_000 })).stdout;
}

function titleOf(page: string): string | undefined {
  return /<title>([^<]*)/.exec(page)?.[1];
}
