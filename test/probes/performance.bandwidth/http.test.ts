import { afterEach, describe, expect, test } from "vitest";
import type { newest, Output } from "../../../probes/performance.bandwidth/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startBandwidthServer } from "../../../runner/lab/bandwidth-server.js";
import { listenHttp, type RequestHandler } from "../../../runner/net/http/listen.js";
import { listen } from "../../../runner/net/transport/listen.js";
import type { GivenOf } from "../../../schemas/contract.js";
import { realServer } from "../../support/real-servers.js";
import { FILES, startNginx, type WebServer } from "../../support/web-servers.js";

type Input = GivenOf<(typeof newest)["input"]>;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function measure(input: Input): Promise<Output> {
  return (await run("performance.bandwidth", { test_seconds: 1, latency: "none", ...input })).output as Output;
}

async function site(handle: RequestHandler): Promise<string> {
  const server = await listenHttp(handle);
  open.push(server);
  return `${server.origin}/`;
}

async function lab(): Promise<string> {
  const server = await startBandwidthServer();
  open.push(server);
  return `${server.origin}/`;
}

test("both directions keep to the permitted rate and to their time", async () => {
  const url = await lab();
  const output = await measure({ url, direction: "both", max_bits_per_second: 16_000_000, latency: "auto" });
  expect(output).toMatchObject({ status: "ok", failure: null, ip_address: "127.0.0.1", mode: "http", target: url, findings: [] });
  for (const transfer of [output.down, output.up]) {
    expect(transfer).toMatchObject({ requests: 1, status_codes: [200], streams: 1, retransmits: null, udp: null, sent_bits_per_second: null });
    // Never faster; slower if this machine is busy. What a connection reads before its reader runs may be ahead: 256 KiB, and one read of 64 KiB.
    expect(transfer?.bits_per_second).toBeLessThanOrEqual(16_000_000 + 320 * 1024 * 8);
    expect(transfer?.duration_ms).toBeGreaterThanOrEqual(1000);
    expect(transfer?.intervals.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(transfer?.bytes as number);
    expect(transfer?.latency?.received).toBeGreaterThan(0);
  }
  expect(output.latency).toMatchObject({ method: "tcp", error: null, idle: { sent: 5, received: 5 } });
  expect(output.latency.increase_ms).not.toBeNull();
  expect(output.bytes_used).toBe((output.down?.bytes ?? 0) + (output.up?.bytes ?? 0));
});

test.each(["down", "up"] as const)("%s stops at the number of bytes, over all streams", async (direction) => {
  const output = await measure({ url: await lab(), direction, streams: 4, max_bytes: 1_000_000, max_bits_per_second: 10_000_000_000 });
  const transfer = output[direction];
  expect(transfer).toMatchObject({ bytes: 1_000_000, streams: 4, requests: 4 });
  expect(output[direction === "down" ? "up" : "down"]).toBeNull();
});

test("without an upload URL nothing is uploaded", async () => {
  const methods: (string | undefined)[] = [];
  const url = await site((request, response) => {
    methods.push(request.method);
    response.end(Buffer.alloc(100_000));
  });
  expect(await measure({ url, max_bytes: 100_000 })).toMatchObject({ up: null, down: { bytes: 100_000 } });
  expect(methods).toEqual(["GET"]);
});

test("a short body is requested again, at most twenty times, and is reported as too little", async () => {
  let count = 0;
  const url = await site((_, response) => {
    count++;
    response.end("short");
  });
  // More time than twenty requests need on a busy machine.
  const output = await measure({ url, test_seconds: 60 });
  expect(output).toMatchObject({ status: "warning", down: { requests: 20, bytes: 100 }, findings: [{ reason: "too_little_data" }] });
  expect(count).toBe(20);
});

test("the upload arrives as it is counted", async () => {
  let arrived = 0;
  const headers: unknown[] = [];
  const url = await site((request, response) => {
    headers.push(request.headers);
    request.on("data", (bytes: Buffer) => {
      arrived += bytes.length;
    });
    request.on("end", () => response.end("thanks"));
  });
  const output = await measure({ url, upload_url: url, direction: "up", upload_method: "PUT", max_bytes: 3_000_000, headers: { "X-One": "1" } });
  expect(output.up).toMatchObject({ bytes: 3_000_000, status_codes: [200] });
  expect(arrived).toBe(3_000_000);
  expect(headers).toMatchObject([{ "transfer-encoding": "chunked", "content-type": "application/octet-stream", "x-one": "1" }]);
});

describe("broken servers", () => {
  test("one that refuses the upload early", async () => {
    const url = await site((_, response) => {
      response.writeHead(413, { connection: "close" }).end("too large");
    });
    const output = await measure({ url, direction: "up", max_bits_per_second: 1_000_000 });
    expect(output.status).toBe("error");
    expect(output.failure?.code ?? "none").toMatch(/^(none|reset|closed)$/);
    expect(output.up?.status_codes).toEqual([413]);
    expect(output.findings).toMatchObject([{ reason: "status_unexpected", actual: "413" }]);
  });

  test("one that answers with an error page", async () => {
    const url = await site((_, response) => void response.writeHead(404).end("nothing here"));
    expect(await measure({ url })).toMatchObject({ status: "error", failure: null, down: { requests: 1, status_codes: [404] } });
  });

  test("a redirect is not followed: it would measure another host", async () => {
    const url = await site((_, response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end());
    expect(await measure({ url, direction: "down" })).toMatchObject({
      status: "error",
      failure: null,
      findings: [{ reason: "status_unexpected", actual: "302" }],
    });
  });

  test("one that stalls ends as a timeout, and what came before it is kept", async () => {
    const url = await site((_, response) => void response.write(Buffer.alloc(50_000)));
    const output = await measure({ url, command_timeout_ms: 300 });
    expect(output).toMatchObject({ status: "error", failure: { phase: "body", code: "timeout" }, down: { bytes: 50_000 }, bytes_used: 50_000 });
  });

  test("one that breaks off", async () => {
    const url = await site((_, response) => {
      response.writeHead(200, { "content-length": 1_000_000 });
      response.write(Buffer.alloc(50_000), () => response.destroy());
    });
    const output = await measure({ url });
    expect(output.failure?.phase).toBe("body");
    expect(output.failure?.code).toMatch(/^(closed|reset)$/);
  });

  test("one that reads nothing of an upload ends as a timeout", async () => {
    const silent = await listen((socket) => void socket.pause());
    open.push(silent);
    const output = await measure({
      url: `http://127.0.0.1:${silent.port}/`,
      direction: "up",
      command_timeout_ms: 300,
      max_bits_per_second: 10_000_000_000,
      max_bytes: 1e9,
    });
    expect(output).toMatchObject({ status: "error", failure: { code: "timeout" } });
  });
});

test("two measurements of one host wait for each other", async () => {
  let now = 0;
  let most = 0;
  const url = await site((_, response) => {
    most = Math.max(most, ++now);
    response.on("close", () => void now--);
    response.write(Buffer.alloc(50_000));
    setTimeout(() => response.end(), 100);
  });
  await Promise.all([1, 2, 3].map(() => measure({ url, max_bytes: 50_001, command_timeout_ms: 5000 })));
  expect(most).toBe(1);
});

test("a measurement that waits for another ends with its run", async () => {
  const url = await site((_, response) => void response.write("x"));
  const first = measure({ url, timeout_ms: 1500 });
  const second = await measure({ url, timeout_ms: 300 });
  expect(second).toMatchObject({
    status: "error",
    failure: { phase: "probe", code: "timeout", message: expect.stringMatching(/another run of performance.bandwidth/) },
  });
  await first;
});

test("expectations are judged", async () => {
  const url = await lab();
  const expect_ = { min_down_bits_per_second: 1e11, max_loaded_latency_ms: 3_600_000, max_idle_latency_ms: 0 };
  const output = await measure({ url, max_bytes: 500_000, latency: "tcp", expect: expect_, prefer: { max_retransmits: 1 } });
  expect(output.findings.map(({ severity, reason }) => `${severity} ${reason}`)).toEqual([
    "error download_slow",
    "warning retransmits_too_many",
    "error idle_latency_too_high",
  ]);
});

test.each<[what: string, input: Input, pointers: string[]]>([
  ["http without a url", {}, ["/url"]],
  ["udp over http", { url: "http://127.0.0.1/", udp: true }, ["/udp"]],
  ["iperf3 without a host, whose own port would be pinged", { mode: "iperf3", latency: "tcp", ping_port: 5201 }, ["/target_host", "/ping_port"]],
])("%s is refused, and nothing is sent", async (_, input, pointers) => {
  const error = await measure(input).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "invalid_input", violations: pointers.map((pointer) => ({ pointer })) });
});

realServer("performance.bandwidth against nginx", ["nginx"], () => {
  let server: WebServer;
  afterEach(() => server?.stop());

  test("a file is downloaded again and again, as often as it takes", async () => {
    server = await startNginx();
    const size = (FILES["large.txt"] as string).length;
    const output = await measure({ url: `${server.http}/large.txt`, max_bytes: size * 3 });
    expect(output).toMatchObject({ status: "ok", down: { bytes: size * 3, requests: 3, status_codes: [200] } });
  });
});
