import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startJourneySite } from "../../../runner/lab/journey-site.js";
import { RunTargets } from "../../../runner/run/run-targets.js";
import { realServer } from "../../support/real-servers.js";
import { FILES, startNginx } from "../../support/web-servers.js";
import { type BrowserProcess, browserProcesses, type Pages, startPages, TEST_TIMEOUT_MS, walk } from "./journey.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function pages(all: Pages): Promise<string> {
  const server = await startPages(all);
  open.push(server);
  return server.origin;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "probe-run-artifacts-"));
  open.push({ close: () => rmSync(path, { recursive: true }) });
  return path;
}

/** Where the profiles of these processes are: other tests start browsers at the same time. */
function profilesOf(processes: readonly BrowserProcess[]): string[] {
  return [...new Set(processes.flatMap(({ words }) => /--user-data-dir=(\S+)/.exec(words)?.[1] ?? []))];
}

realServer("webapp.journey in Chromium", ["chromium"], () => {
  test("a form is filled in and sent, with the times of every step and document", { timeout: TEST_TIMEOUT_MS }, async () => {
    const site = await startJourneySite();
    open.push(site);
    process.env.JOURNEY_TEST_PASSWORD = "correct-horse-battery";
    const output = await walk({
      steps: [
        { goto: `${site.origin}/` },
        { expect: { selector: "#ready", text: "Ready.", visible: true, count: 1 } },
        { click: "text=Sign in" },
        { fill: { selector: "#user", value: "ann" } },
        { expect: { selector: "#user", value: "ann" } },
        { fill: { selector: "#password", value: { secret: "env:JOURNEY_TEST_PASSWORD" } } },
        { press: { key: "Enter", selector: "#password" } },
        { wait: { url: { matches: "/account$" } } },
        { name: "signed in", expect: { title: "Your account", url: `${site.origin}/account`, selector: "#orders", text: { contains: "3 orders" } } },
      ],
      expect: { max_console_errors: 0, max_failed_requests: 0, max_third_party_hosts: 0 },
    });
    expect(output.findings).toEqual([]);
    expect(output).toMatchObject({ status: "ok", failure: null, ip_address: "127.0.0.1", url: `${site.origin}/`, final_url: `${site.origin}/account` });
    expect(output.connected_time).not.toBeNull();
    expect(output.browser).toMatch(/^\w*Chrome\/\d+/);
    expect(output.steps.map(({ outcome }) => outcome)).toEqual(new Array(9).fill("passed"));
    expect(output.steps[0]).toMatchObject({ name: `goto ${site.origin}/`, action: "goto", status: 200, message: null, screenshot: null });
    expect(output.steps.every(({ at_ms, duration_ms }) => (at_ms as number) > 0 && (duration_ms as number) >= 0)).toBe(true);
    expect(output.documents.map(({ url }) => new URL(url).pathname)).toEqual(["/", "/sign-in", "/account"]);
    for (const document of output.documents) {
      expect(document.first_byte_ms).toBeGreaterThan(0);
      expect(document.load_ms as number).toBeGreaterThanOrEqual(document.first_byte_ms as number);
    }
    expect(output.waterfall.map(({ url, status }) => [new URL(url).pathname, status])).toEqual(
      expect.arrayContaining([
        ["/", 200],
        ["/picture.svg", 200],
        ["/app.js", 200],
        ["/sign-in", 303],
        ["/account", 200],
      ]),
    );
    expect(output.operations.map(({ name }) => name)).toEqual(["start browser", ...output.steps.map(({ name }) => name)]);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
    expect(output).toMatchObject({ har: null, dialogs: [], downloads: [], popup_count: 0, third_parties: [], failed_requests: [] });
  });

  test("LCP, layout shifts and interactions are measured, and judged", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({
      "/": `<title>x</title><h1 style="font-size:80px">A large heading</h1><div id=gap></div><p>text<p>text<button id=b>Go</button>
        <script>
          setTimeout(() => { gap.style.height = "300px"; }, 300);
          b.onclick = () => { const until = performance.now() + 200; while (performance.now() < until); b.textContent = "Done"; };
        </script>`,
    });
    const limits = { max_largest_contentful_paint_ms: 0.001, max_cumulative_layout_shift: 0, max_interaction_to_next_paint_ms: 100 };
    const output = await walk({
      url: `${origin}/`,
      steps: [{ wait: { wait_ms: 1000 } }, { click: "#b" }, { expect: { selector: "#b", text: "Done" } }],
      settle_ms: 1000,
      prefer: limits,
    });
    const [document] = output.documents;
    expect(document?.largest_contentful_paint_ms).toBeGreaterThan(0);
    expect(document?.first_contentful_paint_ms).toBeGreaterThan(0);
    expect(document?.cumulative_layout_shift).toBeGreaterThan(0.01);
    expect(document?.interaction_to_next_paint_ms).toBeGreaterThanOrEqual(200);
    expect(output.status).toBe("warning");
    expect(output.findings.map(({ reason }) => reason)).toEqual(["paint_late", "layout_shifts", "interaction_slow"]);
  });

  test("without an interaction there is no INP, and an empty page has no layout shift", { timeout: TEST_TIMEOUT_MS }, async () => {
    const output = await walk({ url: `${await pages({ "/": "<title>empty</title>" })}/` });
    expect(output.documents).toMatchObject([{ interaction_to_next_paint_ms: null, largest_contentful_paint_ms: null, cumulative_layout_shift: null }]);
  });

  test("console errors, exceptions, failed requests and third parties are reported", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({
      "/": `<title>x</title><script>console.error("first", 1); console.log("no error"); setTimeout(() => { throw new Error("second") });</script>
        <img src="/missing.png"><img src="http://third-party.invalid/pixel.png">`,
    });
    const output = await walk({ url: `${origin}/`, settle_ms: 500 });
    expect(output.console_errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: "console", text: "first 1", url: `${origin}/`, line: 1 }),
        expect.objectContaining({ kind: "exception", text: "second" }),
      ]),
    );
    expect(output.console_error_count).toBe(output.console_errors.length);
    expect(output.failed_requests).toMatchObject([
      { url: "http://third-party.invalid/pixel.png", resource_type: "image", error: expect.stringMatching(/^net::ERR_/) },
    ]);
    expect(output.third_parties).toEqual([{ host: "third-party.invalid", requests: 1, received_bytes: 0 }]);
    expect(output.waterfall.find(({ url }) => url.endsWith("/missing.png"))).toMatchObject({ status: 404, third_party: false });
  });

  test("with a folder, pictures and a HAR are written for their owner only, and nothing is overwritten", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({ "/": "<title>x</title><h1>Hello</h1>" });
    const artifacts = folder();
    const output = await walk(
      { url: `${origin}/`, steps: [{ screenshot: { full_page: true } }, { click: "#nothing", step_timeout_ms: 1_000 }] },
      { artifacts },
    );
    expect(output).toMatchObject({ status: "error", failure: { phase: "step", code: "timeout", message: expect.stringContaining("step 2 (click #nothing)") } });
    const [, first, failed] = output.steps;
    const names = [first?.screenshot, failed?.screenshot, output.har] as string[];
    expect(names.every((name) => /^webapp\.journey-\d{8}T\d{6}(-step-\d+)?\.(png|har)$/.test(name))).toBe(true);
    expect(readdirSync(artifacts).sort()).toEqual([...names].sort());
    for (const name of names) expect(statSync(join(artifacts, name)).mode & 0o777).toBe(0o600);
    expect(
      readFileSync(join(artifacts, names[0] as string))
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
    const har = JSON.parse(readFileSync(join(artifacts, names[2] as string), "utf8"));
    expect(har.log).toMatchObject({ version: "1.2", entries: [{ request: { method: "GET", url: `${origin}/` }, response: { status: 200 } }] });
  });

  test("a secret that the page sends back is in no output, trace, file or file name", { timeout: TEST_TIMEOUT_MS }, async () => {
    process.env.JOURNEY_TEST_SECRET = "k3y-of-the-journey";
    const origin = await pages({
      "/": `<title>x</title><form action=/echo><input id=f name=q></form>
        <script>f.oninput = () => { console.error("typed " + f.value); document.title = f.value; fetch("/log?typed=" + f.value + "&again=" + btoa(f.value)); };</script>`,
      "/echo": (request, response) => {
        response.setHeader("x-echo", request.url ?? "");
        response.setHeader("content-type", "text/html");
        response.end(`<title>${request.url}</title><script>alert(${JSON.stringify(request.url)}); throw new Error(location.href)</script>`);
      },
      "/log": (_, response) => void response.end(),
    });
    const artifacts = folder();
    const seen: unknown[] = [];
    const secret = { secret: "env:JOURNEY_TEST_SECRET" };
    const output = await walk(
      {
        url: `${origin}/`,
        steps: [
          { fill: { selector: "#f", value: secret } },
          { press: { key: "Enter", selector: "#f" } },
          { wait: { url: { contains: "/echo" } } },
          { screenshot: {} },
          { expect: { title: "another", url: "another" }, step_timeout_ms: 3_000 },
        ],
        settle_ms: 300,
      },
      { artifacts, trace: (event) => seen.push(event) },
    );
    const written = readdirSync(artifacts).map((name) => (name.endsWith(".har") ? `${name} ${readFileSync(join(artifacts, name), "utf8")}` : name));
    const shown = JSON.stringify([output, seen, written]);
    expect(shown).toContain("[secret]");
    for (const form of ["k3y-of-the-journey", Buffer.from("k3y-of-the-journey").toString("base64")]) expect(shown).not.toContain(form);
    expect(output.dialogs).toMatchObject([{ type: "alert", message: expect.stringContaining("[secret]") }]);
    expect(written).toHaveLength(3);
  });

  test("what is not as expected in time is a finding, and later steps are not reached", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({ "/": "<title>Shop</title><p id=a>closed" });
    const output = await walk({
      url: `${origin}/`,
      steps: [{ expect: { title: "Shop", selector: "#a", text: "open" }, step_timeout_ms: 3_000 }, { click: "#a" }],
    });
    expect(output).toMatchObject({
      ...{ status: "error", failure: null },
      steps: [
        { outcome: "passed" },
        { outcome: "failed", message: expect.stringContaining('expected "open", got "closed"') },
        { outcome: "not_reached", at_ms: null, duration_ms: null },
      ],
      findings: [{ reason: "expectation_failed", severity: "error" }],
    });
  });

  test("a page that is not there is an error, unless it is expected", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({});
    expect(await walk({ url: `${origin}/` })).toMatchObject({
      status: "error",
      failure: null,
      steps: [{ status: 404 }],
      findings: [{ reason: "status_unexpected", actual: "404" }],
    });
    expect(await walk({ url: `${origin}/`, expect: { status: [404] } })).toMatchObject({ status: "ok", findings: [] });
  });

  test("other hosts are reached only at public addresses, unless the input allows it", { timeout: TEST_TIMEOUT_MS }, async () => {
    let hits = 0;
    const other = await startPages({
      "/x.png": (_, response) => {
        hits++;
        response.end();
      },
    });
    open.push(other);
    const foreign = `http://localhost:${other.port}/x.png`;
    const origin = await pages({
      "/": `<title>x</title><img src="${foreign}">`,
      "/away": (_, response) => void response.writeHead(302, { location: "http://169.254.169.254/latest/" }).end(),
    });
    const output = await walk({ url: `${origin}/` });
    expect(output.failed_requests).toMatchObject([{ url: foreign }]);
    expect(hits).toBe(0);
    expect(await walk({ url: `${origin}/`, allow_private: true })).toMatchObject({ failed_requests: [], third_parties: [{ host: "localhost" }] });
    expect(hits).toBe(1);
    expect(await walk({ url: `${origin}/`, allow_private: true, allowed_hosts: ["*.example.org"] })).toMatchObject({ failed_requests: [{ url: foreign }] });
    expect(hits).toBe(1);
    expect(await walk({ url: `${origin}/away` })).toMatchObject({
      status: "error",
      failure: { phase: "connect", code: "not_permitted", message: expect.stringContaining("169.254.169.254") },
    });
  });

  test("the address policy of a queue holds in the browser", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({ "/": "<title>x</title>" });
    const targets = new RunTargets({ key: "none", refusalOf: (address) => `${address} is not allowed here` });
    expect(await walk({ url: `${origin}/` }, { targets })).toMatchObject({
      status: "error",
      failure: { code: "not_permitted", message: expect.stringContaining("is not allowed here") },
      ip_address: null,
    });
  });

  test("WebRTC sends nothing past the proxy", { timeout: TEST_TIMEOUT_MS }, async () => {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    open.push(socket);
    let datagrams = 0;
    socket.on("message", () => datagrams++);
    const origin = await pages({
      "/": `<title>x</title><p id=s>gathering<script>
        const c = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:${socket.address().port}" }] });
        c.createDataChannel("x"); c.onicegatheringstatechange = () => { s.textContent = c.iceGatheringState; };
        c.createOffer().then((o) => c.setLocalDescription(o));</script>`,
    });
    const output = await walk({ url: `${origin}/`, steps: [{ expect: { selector: "#s", text: "complete" }, step_timeout_ms: 20_000 }] });
    expect(output.status).toBe("ok");
    expect(datagrams).toBe(0);
  });

  test("the browser runs in its sandbox, as another user than root, and all of it ends with the run", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({ "/": "<title>x</title>" });
    const running = walk({ url: `${origin}/`, steps: [{ wait: { wait_ms: 8000 } }] });
    // A renderer enters its sandbox only after it has started.
    const renderers = (): BrowserProcess[] => browserProcesses().filter(({ words }) => words.includes("--type=renderer"));
    await expect.poll(() => renderers().length > 0 && renderers().every(({ seccomp }) => seccomp === 2), { timeout: 60_000 }).toBe(true);
    const seen = browserProcesses();
    expect(seen.filter(({ words }) => words.includes("--no-sandbox"))).toEqual([]);
    const own = seen.filter(({ words }) => words.includes("--type="));
    expect(own.map(({ uid }) => uid)).toEqual(own.map(() => (process.getuid?.() === 0 ? 65534 : process.getuid?.())));
    expect((await running).status).toBe("ok");
    await expect.poll(() => browserProcesses().length, { timeout: 5000 }).toBe(0);
    expect(profilesOf(seen)).toEqual([expect.stringContaining(join(tmpdir(), "probe-run-browser-"))]);
    expect(profilesOf(seen).filter((profile) => existsSync(dirname(profile)))).toEqual([]);
  });

  test("a cancelled run ends at once, with all of its processes", { timeout: TEST_TIMEOUT_MS }, async () => {
    const origin = await pages({ "/": "<title>x</title>" });
    const cancel = new AbortController();
    const running = walk({ url: `${origin}/`, steps: [{ wait: { wait_ms: 50_000 }, step_timeout_ms: 60_000 }] }, { signal: cancel.signal });
    await expect.poll(() => browserProcesses().some(({ words }) => words.includes("--type=renderer")), { timeout: 30_000 }).toBe(true);
    cancel.abort();
    expect(await running).toMatchObject({ status: "error", failure: { code: "cancelled" } });
    await expect.poll(() => browserProcesses().length, { timeout: 5000 }).toBe(0);
  });

  test("a recording of Chrome's Recorder is walked through", { timeout: TEST_TIMEOUT_MS }, async () => {
    const site = await startJourneySite();
    open.push(site);
    process.env.JOURNEY_TEST_PASSWORD = "correct-horse-battery";
    const recording = JSON.parse(
      readFileSync(new URL("../../../fixtures/webapp.journey/recording.json", import.meta.url), "utf8").replaceAll("SITE", site.origin),
    );
    const output = await walk({ recording, recording_values: [{ step: 5, value: { secret: "env:JOURNEY_TEST_PASSWORD" } }] });
    expect(output.steps.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      "goto passed",
      "click passed",
      "click passed",
      "fill passed",
      "fill passed",
      "click passed",
      "wait passed",
    ]);
    expect(output).toMatchObject({ status: "ok", final_url: `${site.origin}/account` });
    expect(JSON.stringify(output)).not.toContain("correct-horse");
  });
});

realServer("webapp.journey against nginx", ["chromium", "nginx"], () => {
  test("status, type and size are those of the files", { timeout: TEST_TIMEOUT_MS }, async () => {
    const server = await startNginx();
    open.push({ close: () => server.stop() });
    const output = await walk({ url: `${server.http}/old` });
    expect(output).toMatchObject({ status: "ok", final_url: `${server.http}/index.html`, steps: [{ status: 200 }] });
    expect(output.waterfall.filter(({ resource_type }) => resource_type === "document").map(({ status }) => status)).toEqual([301, 200]);
    const size = (FILES["index.html"] as string).length;
    const document = output.waterfall.find(({ url }) => url.endsWith("/index.html"));
    expect(document?.received_bytes).toBeGreaterThan(size);
    expect(document?.received_bytes).toBeLessThan(size + 1000);
  });
});
