import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.dns/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { type DnsBehaviour, type DnsQuestion, startDnsServer } from "../../../runner/lab/dns-server.js";
import { EncryptedConnections } from "../../../runner/net/dns/encrypted-connections.js";
import { serverAt } from "../../../runner/net/dns/server-address.js";
import { readReplyTo, writeQuery } from "../../../runner/net/dns/wire/message.js";
import { type AcceptedSocket, type Listener, listen, serveTls } from "../../../runner/net/transport/listen.js";
import { Deadline } from "../../../runner/run/deadline.js";
import { Recorder } from "../../../runner/run/recorder.js";
import type { WireRun } from "../../../runner/run/run-state.js";
import { SecretKeeper } from "../../../runner/run/secret-keeper.js";
import { certificate, testAuthority } from "../../support/certificates.js";

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];
const ZONE = `$ORIGIN example.
$TTL 300
@ SOA ns hostmaster 7 3600 600 86400 60
${NAMES.map((name, index) => `${name} A 192.0.2.${index + 1}`).join("\n")}
`;
const TLS = { ca: testAuthority(), servername: "localhost" };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

interface Relay extends Listener {
  /** Ends the connections that are open now. */
  cut(): void;
}

/** Passes connections on, and counts them: over TLS to a server that speaks none, or as they are. */
async function relay(port: number, transport: "tls" | "https"): Promise<Relay> {
  const sockets = new Set<AcceptedSocket>();
  const listener = await listen((socket) => {
    const outside = transport === "tls" ? serveTls(socket, certificate("localhost")) : socket;
    const inside = connect(port, "127.0.0.1");
    sockets.add(socket);
    for (const each of [outside, inside]) each.on("error", () => socket.destroy()).on("close", () => [socket, inside].map((other) => other.destroy()));
    outside.pipe(inside).pipe(outside);
  });
  open.push(listener);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return Object.assign(Object.create(listener), { cut });
}

async function served(transport: "tls" | "https", behave: (question: DnsQuestion) => DnsBehaviour | undefined = () => undefined): Promise<Relay> {
  const server = await startDnsServer({ zones: [ZONE], https: { certificate: certificate("localhost") }, behave });
  open.push(server);
  return await relay(transport === "tls" ? server.port : Number((server.httpsServers[0] as string).split(":")[1]), transport);
}

async function run(server: Relay, transport: string, input: object = {}): Promise<Output> {
  const questions = NAMES.map((name) => ({ name: `${name}.example`, type: "A" }));
  return (await runReport("network.dns", { questions, servers: [`127.0.0.1:${server.port}`], transport, tls: TLS, ...input })).envelope.output as Output;
}

function newRun(timeoutMs: number): WireRun {
  return { recorder: new Recorder(null), deadline: new Deadline(timeoutMs, undefined), secrets: new SecretKeeper(), targets: null };
}

describe.each(["tls", "https"] as const)("questions over %s share a connection", (transport) => {
  test("one for all of them, which ends with the run", async () => {
    const server = await served(transport);
    const { answers, status } = await run(server, transport);
    expect(status).toBe("ok");
    expect(answers.map(({ records }) => records[0]?.data)).toEqual(NAMES.map((_, index) => `192.0.2.${index + 1}`));
    for (const { tls } of answers) expect(tls).toMatchObject({ authorised: true });
    expect(server.connections).toBe(1);
    await expect.poll(() => server.openSockets).toBe(0);
  });

  test("a question without an answer times out alone, and holds no other up", async () => {
    const server = await served(transport, ({ name }) => (name === "a.example" ? { drop: true } : undefined));
    const { answers, failure } = await run(server, transport, { query_timeout_ms: 4000 });
    expect(failure).toBeNull();
    expect(answers.map(({ failure: own }) => own?.code ?? null)).toEqual(["timeout", ...NAMES.slice(1).map(() => null)]);
  });

  test("one that the server has closed meanwhile is replaced", async () => {
    const server = await served(transport);
    const state = newRun(60_000);
    const connections = new EncryptedConnections(state);
    const address = { ...serverAt("127.0.0.1", server.port), transport };
    const ask = async (name: string): Promise<unknown> => {
      const query = writeQuery(0, name, 1, { recursion: true, dnssec: false, checkingDisabled: false, ednsBytes: null });
      const options = { tls: { ...TLS, verify: "require", min_version: "TLSv1.2" } as const, timeoutMs: 20_000 };
      const { reply } = await connections.ask(state, address, query, options, (message) => readReplyTo(query, message));
      return "answers" in reply ? reply.answers[0]?.text : reply;
    };
    expect(await ask("a.example")).toBe("192.0.2.1");
    server.cut();
    expect(await ask("b.example")).toBe("192.0.2.2");
    expect(server.connections).toBe(2);
    expect(await ask("c.example")).toBe("192.0.2.3");
    expect(server.connections).toBe(2);
    connections.close();
    state.deadline.release();
    await expect.poll(() => server.openSockets).toBe(0);
  });

  test("a question whose run ends leaves the connection to the others", async () => {
    const server = await served(transport, ({ name }) => (name === "a.example" ? { drop: true } : undefined));
    const [state, brief] = [newRun(60_000), newRun(300)];
    const connections = new EncryptedConnections(state);
    const address = { ...serverAt("127.0.0.1", server.port), transport };
    const options = { tls: { ...TLS, verify: "require", min_version: "TLSv1.2" } as const, timeoutMs: 20_000 };
    const ask = (run: WireRun, name: string) => {
      const query = writeQuery(0, name, 1, { recursion: true, dnssec: false, checkingDisabled: false, ednsBytes: null });
      return connections.ask(run, address, query, options, (message) => readReplyTo(query, message));
    };
    expect((await ask(state, "b.example")).reply).toMatchObject({ rcode: 0 });
    expect((await ask(brief, "a.example")).reply).toMatchObject({ code: "timeout" });
    expect((await ask(state, "c.example")).reply).toMatchObject({ rcode: 0 });
    expect(server.connections).toBe(1);
    connections.close();
    for (const each of [state, brief]) each.deadline.release();
  });
});

test("a server that answers what was not asked breaks the connection over TLS", async () => {
  const server = await listen((socket) => {
    const secure = serveTls(socket, certificate("localhost"));
    // The length, the id of the question with its bits turned, and a header without a question.
    secure.once("data", (bytes: Buffer) =>
      secure.write(Buffer.from([0, 12, ~(bytes[2] as number) & 255, bytes[3] as number, 0x81, 0x80, 0, 0, 0, 0, 0, 0, 0, 0])),
    );
  });
  open.push(server);
  const { answers } = await run(server as Relay, "tls", { questions: [{ name: "a.example", type: "A" }] });
  expect(answers[0]?.failure).toMatchObject({ phase: "query", code: "protocol_violation" });
});
