import { describe, expect, test } from "vitest";
import { exportSettings } from "../../../runner/formats/otlp/settings.js";
import { otlp } from "../../../runner/formats/otlp.js";
import { broken, ENDED_AT, failed, rendered, result, step, warned } from "./results.js";

interface Line {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { scope: { name: string }; spans: Record<string, unknown>[] }[] }[];
}
interface Attribute {
  key: string;
  value: object;
}

const lines = (text: string): Line[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
const spansOf = (line: Line): Record<string, unknown>[] => line.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
const nano = (milliseconds: number): string => `${BigInt(Math.round(milliseconds * 1000)) * 1000n}`;

test("a run is a root span, an operation one below it", () => {
  const [line] = lines(rendered(otlp({}), [result({ operations: [step("connect", 0, 25, null, "192.0.2.7 25"), step("EHLO", 50, 0.5, 250)] })]));
  const [root, connect, ehlo] = spansOf(line as Line);
  const began = ENDED_AT - 100.25;
  expect(root).toEqual({
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    name: "network.smtp",
    kind: 3,
    startTimeUnixNano: nano(began),
    endTimeUnixNano: nano(ENDED_AT),
    attributes: [
      { key: "probe_run.probe", value: { stringValue: "network.smtp" } },
      { key: "probe_run.version", value: { stringValue: "2.0.0" } },
      { key: "probe_run.target", value: { stringValue: "mx.example.org:25" } },
      { key: "probe_run.status", value: { stringValue: "ok" } },
      { key: "server.address", value: { stringValue: "mx.example.org" } },
      { key: "server.port", value: { intValue: "25" } },
      { key: "network.peer.address", value: { stringValue: "192.0.2.7" } },
    ],
    events: [],
    status: { code: 0 },
  });
  expect(connect).toMatchObject({ traceId: root?.traceId, parentSpanId: root?.spanId, name: "connect", kind: 1, startTimeUnixNano: nano(began) });
  expect(ehlo).toMatchObject({
    startTimeUnixNano: nano(began + 50),
    endTimeUnixNano: nano(began + 50.5),
    attributes: [{ key: "probe_run.code", value: { intValue: "250" } }],
  });
  expect(new Set(spansOf(line as Line).map(({ spanId }) => spanId)).size).toBe(3);
});

test("what failed has the status error and says why; an operation without an end lasts until the run's", () => {
  const [refused, stuck, warning] = lines(
    rendered(otlp({}), [failed("connect", "refused", "connection refused"), result({ status: "error", operations: [step("EHLO", 50, null)] }), warned("slow")]),
  );
  const [root] = spansOf(refused as Line);
  expect(root).toMatchObject({ status: { code: 2, message: "connection refused" } });
  expect(root?.attributes).toContainEqual({ key: "error.type", value: { stringValue: "refused" } });
  expect(spansOf(stuck as Line)[1]).toMatchObject({ endTimeUnixNano: nano(ENDED_AT), status: { code: 2 } });
  expect(spansOf(warning as Line)[0]).toMatchObject({ status: { code: 0 }, events: [{ name: "probe_run.finding" }] });
});

test("a run that could not be made has no trace", () => {
  expect(rendered(otlp({}), [broken("a bug")])).toBe("");
});

test("the resource has its name and attributes from the environment", () => {
  const environment = { OTEL_SERVICE_NAME: "mail watch", OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=pro%20duction,service.name=lost,nonsense" };
  const [line] = lines(rendered(otlp(environment), [result()]));
  const attributes = Object.fromEntries(line?.resourceSpans[0]?.resource.attributes.map(({ key, value }) => [key, value]) ?? []);
  expect(attributes["service.name"]).toEqual({ stringValue: "mail watch" });
  expect(attributes["deployment.environment"]).toEqual({ stringValue: "pro duction" });
});

describe("the variables of the exporter", () => {
  test("by default the collector of this machine", () => {
    expect(exportSettings({})).toEqual({ url: "http://localhost:4318/v1/traces", shown: "http://localhost:4318/v1/traces", headers: {}, timeoutMs: 10_000 });
  });

  test("the path is added to the endpoint of every signal, and not to that of traces", () => {
    expect(exportSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example.org/base/" }).url).toBe("https://otlp.example.org/base/v1/traces");
    const both = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a.example", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b.example/x?token=s" };
    expect(exportSettings(both)).toMatchObject({ url: "http://b.example/x?token=s", shown: "http://b.example/x" });
  });

  test("headers are percent-decoded", () => {
    expect(exportSettings({ OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc, x-scope = 1" }).headers).toEqual({
      authorization: "Bearer abc",
      "x-scope": "1",
    });
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "PROTOCOL"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4317" }, "ENDPOINT"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://user:geheim@a.example" }, "ENDPOINT"],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "x=geheim%0d%0ahost: evil" }, "HEADERS"],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "geheim" }, "HEADERS"],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: "10s" }, "TIMEOUT"],
  ])("%j cannot be used, and no secret is shown", (environment, name) => {
    expect(() => exportSettings(environment)).toThrow(`OTEL_EXPORTER_OTLP_${name} cannot be used`);
    expect(() => exportSettings(environment)).not.toThrow(/geheim/);
  });
});
