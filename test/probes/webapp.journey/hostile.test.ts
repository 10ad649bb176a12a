import { afterEach, expect, test } from "vitest";
import { listen } from "../../../runner/net/transport/listen.js";
import { certificate } from "../../support/certificates.js";
import { realServer } from "../../support/real-servers.js";
import { browserProcesses, type Input, type Pages, startPages, TEST_TIMEOUT_MS, walk } from "./journey.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function pages(all: Pages): Promise<string> {
  const server = await startPages(all);
  open.push(server);
  return server.origin;
}

interface Case {
  readonly pages: Pages;
  readonly input?: Input;
  readonly failure: { readonly phase: RegExp; readonly code: RegExp };
}

const html = (body: string) => `<title>x</title>${body}`;

// Each page does something without an end. The codes were chosen from the description of the failure codes, before a page was opened.
const CASES: Readonly<Record<string, Case>> = {
  "an endless loop": { pages: { "/": html("<script>for(;;);</script>") }, input: { step_timeout_ms: 3000 }, failure: { phase: /navigate/, code: /timeout/ } },
  "a loop that begins with a click": {
    pages: { "/": html("<button id=b onclick='for(;;);'>x</button>") },
    input: { steps: [{ click: "#b" }, { expect: { selector: "#b", visible: true } }], step_timeout_ms: 2000 },
    failure: { phase: /step/, code: /timeout/ },
  },
  "an endless response": {
    pages: {
      "/": (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write("<p>and so on</p>".repeat(4096)));
        };
        response.setHeader("content-type", "text/html");
        response.on("drain", more);
        more();
      },
    },
    input: { max_received_bytes: 5_000_000, step_timeout_ms: 30_000 },
    failure: { phase: /step|navigate/, code: /limit_exceeded/ },
  },
  "a response that never begins": { pages: { "/": () => undefined }, input: { step_timeout_ms: 2000 }, failure: { phase: /navigate/, code: /timeout/ } },
  "dialogs without end": {
    pages: { "/": html("<script>for(;;)alert(1)</script>") },
    input: { step_timeout_ms: 30_000 },
    failure: { phase: /step/, code: /limit_exceeded/ },
  },
  "redirects in a circle": {
    pages: { "/": (_, response) => void response.writeHead(302, { location: "/" }).end() },
    failure: { phase: /navigate/, code: /limit_exceeded/ },
  },
  "a page that reloads itself": {
    pages: { "/": html("<script>onload = () => location.replace('/?' + Math.random())</script>") },
    input: { steps: [{ wait: { selector: "#never" } }], step_timeout_ms: 40_000 },
    failure: { phase: /step|navigate/, code: /limit_exceeded/ },
  },
  "a download": {
    pages: {
      "/": (_, response) =>
        void response.writeHead(200, { "content-disposition": "attachment; filename=x.bin", "content-type": "application/octet-stream" }).end("data"),
    },
    failure: { phase: /navigate/, code: /unsupported/ },
  },
  "a response without content": { pages: { "/": (_, response) => void response.writeHead(204).end() }, failure: { phase: /navigate/, code: /unsupported/ } },
  "a memory eater": {
    pages: { "/": html("<script>const a = []; setInterval(() => a.push(new Uint8Array(3e7).fill(7)), 5)</script>") },
    input: { steps: [{ wait: { selector: "#never" } }], max_memory_bytes: 1_000_000_000, step_timeout_ms: 40_000 },
    failure: { phase: /step/, code: /limit_exceeded|closed/ },
  },
};

realServer("webapp.journey and pages without an end", ["chromium"], () => {
  test.each(Object.entries(CASES))("%s", { timeout: TEST_TIMEOUT_MS }, async (_, { pages: all, input, failure }) => {
    const output = await walk({ url: `${await pages(all)}/`, ...input });
    expect(output.status).toBe("error");
    expect(output.failure?.phase).toMatch(failure.phase);
    expect(output.failure?.code).toMatch(failure.code);
    expect(output.failure?.message).toContain("step ");
    await expect.poll(() => browserProcesses().length, { timeout: 5000 }).toBe(0);
  });

  test("a download by a click is declined, and the journey goes on", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({
      "/": html("<a id=d href=/file download>x</a>"),
      "/file": (_, response) => void response.writeHead(200, { "content-type": "application/octet-stream" }).end("data"),
    });
    const output = await walk({ url: `${origin}/`, steps: [{ click: "#d" }, { wait: { wait_ms: 500 } }, { expect: { title: "x" } }] });
    expect(output).toMatchObject({ status: "ok", downloads: [`${origin}/file`] });
  });

  test("windows that a click opens are closed, and counted", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({ "/": html("<button id=b onclick=\"window.open('/other')\">x</button>"), "/other": html("other") });
    const output = await walk({ url: `${origin}/`, steps: [{ click: "#b" }, { click: "#b" }, { expect: { title: "x" } }], settle_ms: 1000 });
    expect(output).toMatchObject({ status: "ok", popup_count: 2, final_url: `${origin}/` });
  });

  test("a page that asks whether to leave it is left", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({
      "/": html("<input id=i><script>onbeforeunload = (e) => { e.preventDefault(); return 'stay'; }</script>"),
      "/other": html("other"),
    });
    const output = await walk({ url: `${origin}/`, steps: [{ fill: { selector: "#i", value: "x" } }, { click: "#i" }, { goto: `${origin}/other` }] });
    expect(output).toMatchObject({ status: "ok", final_url: `${origin}/other`, dialogs: [{ type: "beforeunload" }] });
  });

  test("a crash of the page's process is a failure", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({ "/": html("<p id=here>") });
    const running = walk({ url: `${origin}/`, steps: [{ wait: { selector: "#never", state: "attached" } }], step_timeout_ms: 40_000 });
    let hasLoaded = false;
    await expect
      .poll(
        () => {
          const renderers = browserProcesses().filter(({ words }) => words.includes("--type=renderer"));
          if (hasLoaded) for (const { pid } of renderers) process.kill(pid, "SIGKILL");
          hasLoaded ||= renderers.length > 0;
          return renderers.length === 0 && hasLoaded;
        },
        { timeout: 60_000, interval: 1500 },
      )
      .toBe(true);
    const output = await running;
    expect(output).toMatchObject({ status: "error", failure: { code: expect.stringMatching(/^(closed|unsupported)$/) } });
  });

  test("floods of console errors, requests and dialogs are counted, and listed within limits", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({
      "/": html("<script>for (let i = 0; i < 500; i++) { console.error('x'.repeat(5000)); fetch('/r' + i).catch(() => 0); }</script>"),
    });
    const output = await walk({ url: `${origin}/`, settle_ms: 3000 });
    expect(output.console_errors).toHaveLength(50);
    expect(output.console_errors.every(({ text }) => text.length <= 1000)).toBe(true);
    expect(output.console_error_count).toBeGreaterThanOrEqual(500);
    expect(output.waterfall.length).toBeLessThanOrEqual(200);
    expect(output.request_count).toBeGreaterThan(200);
  });

  test("hosts that cannot be reached are reported as what they are", { timeout: TEST_TIMEOUT_MS }, async () => {
    const gone = await listen(() => undefined);
    await gone.close();
    expect(await walk({ url: `http://127.0.0.1:${gone.port}/` })).toMatchObject({
      failure: { phase: "connect", code: "refused", retryable: true },
      ip_address: null,
      connected_time: null,
      final_url: expect.anything(),
    });
    expect(await walk({ url: "http://nothing.invalid/" })).toMatchObject({
      failure: { phase: "resolve", code: expect.stringMatching(/^dns_/) },
      ip_address: null,
    });
  });

  test("a peer of another protocol, and one that closes at once", { timeout: TEST_TIMEOUT_MS }, async () => {
    const wrong = await listen((socket) => void socket.resume().end("\x00\x01 no protocol that you know\r\n"));
    const closing = await listen((socket) => void socket.end());
    open.push(wrong, closing);
    expect((await walk({ url: `http://127.0.0.1:${wrong.port}/` })).failure).toMatchObject({ code: expect.stringMatching(/^(protocol_violation|closed)$/) });
    expect((await walk({ url: `http://127.0.0.1:${closing.port}/` })).failure).toMatchObject({ code: expect.stringMatching(/^(closed|reset)$/) });
  });

  test("an untrusted certificate is a failure, unless it is ignored", { timeout: TEST_TIMEOUT_MS }, async () => {
    const server = await startPages({ "/": html("secure") }, { certificate: certificate("localhost") });
    open.push(server);
    const url = server.origin.replace("127.0.0.1", "localhost");
    expect(await walk({ url: `${url}/` })).toMatchObject({ status: "error", failure: { phase: "tls", code: "tls_certificate", retryable: false } });
    expect(await walk({ url: `${url}/`, ignore_certificates: true })).toMatchObject({ status: "ok", steps: [{ status: 200 }] });
  });

  test("a run whose time is up while the browser starts ends with it", { timeout: TEST_TIMEOUT_MS }, async () => {
    expect(await walk({ url: "http://127.0.0.1:1/", timeout_ms: 50 })).toMatchObject({
      status: "error",
      failure: { phase: "probe", code: "timeout" },
      browser: null,
    });
    await expect.poll(() => browserProcesses().length, { timeout: 10_000 }).toBe(0);
  });
});
