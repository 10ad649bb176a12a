import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import { startTnsListener } from "../../../runner/lab/tns-listener.js";
import { addressesByServers } from "../../../runner/net/dns/addresses-by-servers.js";
import { askServers } from "../../../runner/net/dns/ask-servers.js";
import { parseServer, serverAt } from "../../../runner/net/dns/server-address.js";
import { openTls } from "../../../runner/net/dns/tls.js";
import { readReplyTo, writeQuery } from "../../../runner/net/dns/wire/message.js";
import { newExchange } from "../../../runner/net/http/exchange.js";
import { send } from "../../../runner/net/http/send.js";
import { idle, isNewMail } from "../../../runner/net/imap/idle.js";
import { MqttSession } from "../../../runner/net/mqtt/session.js";
import { loadOracle } from "../../../runner/net/tns/library.js";
import { OracleSession } from "../../../runner/net/tns/session.js";
import { fullHandshake } from "../../../runner/net/transport/full-handshake.js";
import { type AcceptedSocket, listen, serveTls } from "../../../runner/net/transport/listen.js";
import { reaches } from "../../../runner/net/transport/port-check.js";
import { resolveHost } from "../../../runner/net/transport/resolve.js";
import type { FailureError } from "../../../runner/run/failure-error.js";
import { openPolicySources } from "../../../runner/tls-policy/policy-sources.js";
import type { Attempt } from "../../../schemas/network.js";
import { certificate } from "../../support/certificates.js";
import { greetedImap } from "../../support/imap-context.js";
import { POLICY_AUTHORITY, policyCertificate, startPolicyHost } from "../../support/policy-host.js";
import { testRun } from "../../support/smtp-context.js";

// A process that is held up finds its timers due first, and only then what its peers sent in time.

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

const ZONE = "$ORIGIN example.\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\nmx A 127.0.0.1\n";
const TIMEOUT_MS = 250;

function holdUp(): void {
  for (const until = performance.now() + 1.4 * TIMEOUT_MS; performance.now() < until; );
}

async function connected(serve: (socket: AcceptedSocket) => void) {
  const listener = await listen(serve);
  open.push(listener);
  const run = testRun();
  const target = { host: "127.0.0.1", port: listener.port, address_family: "any", connect_timeout_ms: TIMEOUT_MS } as const;
  const connecting = run.context.tcp.connect(target);
  return { run, connecting };
}

test("a connection that the peer took in time is no timeout", async () => {
  const { run, connecting } = await connected(() => undefined);
  holdUp();
  const connection = await connecting;
  expect(connection.remoteAddress).toBe("127.0.0.1");
  connection.close();
  run.state.deadline.release();
});

test("a reply that came in time is no timeout, and the connection can be used on", async () => {
  const sockets: AcceptedSocket[] = [];
  const { run, connecting } = await connected((socket) => void sockets.push(socket));
  const connection = await connecting;
  await expect.poll(() => sockets.length).toBe(1);
  const heard: string[] = [];
  connection.readBy({
    received(text) {
      heard.push(text);
      connection.waitNoMore();
    },
    broken: ({ code }) => void heard.push(code),
  });
  connection.waitAtMost(TIMEOUT_MS);
  sockets[0]?.write("250 ok");
  holdUp();
  await expect.poll(() => heard).toEqual(["250 ok"]);
  expect(connection.isWritable).toBe(true);
  // One that does not come is one.
  connection.waitAtMost(TIMEOUT_MS);
  await expect.poll(() => heard).toEqual(["250 ok", "timeout"]);
  run.state.deadline.release();
});

test("an answer of a name server that came in time is no timeout", async () => {
  const server = await startDnsServer({
    zones: [ZONE],
    behave: () => {
      // The reply leaves before the process goes on to its timers.
      setImmediate(holdUp);
      return {};
    },
  });
  open.push(server);
  const answer = await new Promise<{ outcome: string }>((resolve) => {
    const timeouts = { tryTimeoutMs: TIMEOUT_MS, timeoutMs: TIMEOUT_MS, tries: 1 };
    askServers(server.servers.map(parseServer), { name: "mx.example", type: "A" }, timeouts, resolve);
  });
  expect(answer.outcome).toBe("found");
});

/** What waits for the network in these sets a timer, which fires when the test says so: never because the machine is busy. */
describe("what came before the timer fired is read before the timeout is judged", () => {
  /** Longer than any test waits. */
  const TIMEOUT_MS = 3_600_000;
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  /** Waits until the code under test has set its timer, beside those that were set before. */
  async function waiting(before = 0): Promise<void> {
    await expect.poll(() => vi.getTimerCount(), { interval: 1 }).toBeGreaterThan(before);
  }

  /** The first socket that a listener accepted. */
  async function acceptedBy(serve: (socket: AcceptedSocket) => void = () => undefined): Promise<{ port: number; accepted: () => Promise<AcceptedSocket> }> {
    const sockets: AcceptedSocket[] = [];
    const listener = await listen((socket) => {
      serve(socket);
      sockets.push(socket);
    });
    open.push(listener);
    const accepted = async (): Promise<AcceptedSocket> => {
      await expect.poll(() => sockets.length, { interval: 1 }).toBe(1);
      return sockets[0] as AcceptedSocket;
    };
    return { port: listener.port, accepted };
  }

  /** Passes bytes on, and keeps back what the server says from `hold` to `deliver`. */
  async function relayTo(port: number) {
    let held: Buffer[] | null = null;
    let outside: AcceptedSocket | null = null;
    const hasEnough = (): boolean => Buffer.concat(held ?? []).length >= enough;
    let enough = 1;
    const listener = await listen((socket) => {
      outside = socket;
      const inside = connect(port, "127.0.0.1");
      for (const each of [socket, inside]) each.on("error", () => undefined).on("close", () => [socket, inside].map((other) => other.destroy()));
      socket.pipe(inside);
      inside.on("data", (bytes) => {
        if (held === null) socket.write(bytes);
        else held.push(bytes);
      });
    });
    open.push(listener);
    return {
      port: listener.port,
      /** From now on, until at least this many bytes are there. */
      hold(bytes = 1) {
        held = [];
        enough = bytes;
      },
      async deliverLate(): Promise<void> {
        await expect.poll(hasEnough, { interval: 1 }).toBe(true);
        for (const bytes of held ?? []) outside?.write(bytes);
        held = null;
        vi.advanceTimersByTime(TIMEOUT_MS);
      },
    };
  }

  async function connectedTo(port: number) {
    const run = testRun(2 * TIMEOUT_MS);
    const connection = await run.context.tcp.connect({ host: "127.0.0.1", port, address_family: "any", connect_timeout_ms: 2 * TIMEOUT_MS });
    open.push({ close: () => [connection.close(), run.state.deadline.release()] });
    return { run, connection };
  }

  test("a response over HTTP/2", async () => {
    const body = "x".repeat(10_000);
    const server = await startHttpServer(
      () => {
        relay.hold(body.length);
        return { body };
      },
      { certificate: certificate("localhost") },
    );
    open.push(server);
    const relay = await relayTo(server.port);
    const { context, state } = testRun(2 * TIMEOUT_MS);
    const exchange = newExchange({ method: "GET", url: new URL(`https://127.0.0.1:${relay.port}/`), fields: [], body: null, version: "2" });
    const options = { address_family: "any", connect_timeout_ms: TIMEOUT_MS, command_timeout_ms: TIMEOUT_MS } as const;
    const tls = { verify: "ignore", min_version: "TLSv1.2" } as const;
    const sent = send(context, exchange, { ...options, tls, body: () => ({ most_bytes: 20_000, kept_bytes: 20_000 }) });
    await Promise.all([sent, relay.deliverLate()]);
    expect(exchange.body?.bytes).toBe(body.length);
    state.deadline.release();
  });

  test("a reply of a name server over TLS", async () => {
    // Longer than the session tickets, which may come just before it.
    const long = Array.from({ length: 16 }, () => `"${"x".repeat(250)}"`).join(" ");
    const server = await startDnsServer({ zones: [`${ZONE}long TXT ${long}\n`], behave: () => void relay.hold(4000) });
    const encrypting = await listen((socket) => {
      const inside = connect(server.port, "127.0.0.1");
      const outside = serveTls(socket, certificate("localhost"));
      for (const each of [outside, inside]) each.on("error", () => undefined).on("close", () => [socket, inside].map((other) => other.destroy()));
      outside.pipe(inside).pipe(outside);
    });
    open.push(server, encrypting);
    const relay = await relayTo(encrypting.port);
    const run = testRun(2 * TIMEOUT_MS);
    const tls = { verify: "ignore", min_version: "TLSv1.2", servername: "localhost" } as const;
    const channel = await openTls(run.state, serverAt("127.0.0.1", relay.port), { tls, timeoutMs: TIMEOUT_MS });
    const query = writeQuery(7, "long.example", 16, { recursion: true, ednsBytes: null, dnssec: false, checkingDisabled: false });
    const asked = channel.ask(run.state, query, (message) => readReplyTo(query, message), TIMEOUT_MS);
    await Promise.all([asked, relay.deliverLate()]);
    expect((await asked).reply).toMatchObject({ answers: [{ name: "long.example" }] });
    // A server that answers gets the next question on the same connection.
    expect(channel.isOpen).toBe(true);
    channel.close();
    run.state.deadline.release();
  });

  test("the addresses of a host", async () => {
    const server = await startDnsServer({ zones: [ZONE], behave: () => void setImmediate(() => vi.advanceTimersByTime(TIMEOUT_MS)) });
    open.push(server);
    const { state } = testRun(2 * TIMEOUT_MS);
    const host = { kind: "name", host: "mx.example" } as const;
    const found = await resolveHost(state, host, { address_family: "ipv4", resolver: { servers: [...server.servers] } }, TIMEOUT_MS);
    expect(found).toEqual([{ address: "127.0.0.1", family: 4 }]);
    state.deadline.release();
  });

  test("a full TLS handshake, and the ticket after it", async () => {
    const { port } = await acceptedBy((socket) => void serveTls(socket, certificate("localhost")).on("error", () => undefined));
    const relay = await relayTo(port);
    const { connection } = await connectedTo(relay.port);
    relay.hold();
    const shaking = fullHandshake(connection, { servername: "localhost" }, TIMEOUT_MS);
    await relay.deliverLate();
    relay.hold();
    await relay.deliverLate();
    const { socket, session } = await shaking;
    expect(socket.getProtocol()).toBe("TLSv1.3");
    expect(session).not.toBeNull();
    socket.destroy();
  });

  test("the policy of a domain that uses MTA-STS", async () => {
    const policy = `version: STSv1\nmode: enforce\n${"mx: mx.example\n".repeat(50)}max_age: 604800\n`;
    const answer = (_request: unknown, response: ServerResponse): void => {
      relay.hold(policy.length);
      response.writeHead(200, { "content-type": "text/plain" }).end(policy);
    };
    const host = await startPolicyHost({ certificate: policyCertificate("mta-sts.example"), answer });
    const names = await startDnsServer({ zones: [`${ZONE}_mta-sts TXT "v=STSv1; id=1;"\nmta-sts A 127.0.0.1\n`] });
    const relay = await relayTo(host.port);
    const access = { policyPort: relay.port, ca: POLICY_AUTHORITY, allowPrivate: true, policyTimeoutMs: TIMEOUT_MS };
    const sources = openPolicySources({ servers: names.servers, validates: false, file: null, ...access });
    open.push(host, names, sources);
    const [found] = await Promise.all([sources.findSts("example"), relay.deliverLate()]);
    expect(found).toMatchObject({ policy: { mode: "enforce" }, problem: null });
  });

  test("the refusal of an Oracle listener", async () => {
    const listener = await startTnsListener();
    open.push(listener);
    const relay = await relayTo(listener.port);
    relay.hold();
    await loadOracle();
    const run = testRun(2 * TIMEOUT_MS);
    const session = new OracleSession(run.state, TIMEOUT_MS);
    const login = { connectString: `127.0.0.1:${relay.port}/shop`, username: "alice", password: "correct-horse" };
    const refused = session.logIn(login).catch((error: FailureError) => error.failure);
    await relay.deliverLate();
    expect(await refused).toMatchObject({ message: expect.stringContaining("shop") });
    run.state.deadline.release();
  });

  test("a message that an MQTT client listens for", async () => {
    const { port, accepted } = await acceptedBy();
    const { run, connection } = await connectedTo(port);
    const session = new MqttSession(connection, TIMEOUT_MS);
    const socket = await accepted();
    const before = vi.getTimerCount();
    const listening = session.listen(TIMEOUT_MS, (message) => message !== null);
    await waiting(before);
    // PUBLISH of version 5 at the quality of service 0: a topic, no properties, a payload.
    socket.write(Buffer.from("300600016100686f", "hex"));
    vi.advanceTimersByTime(TIMEOUT_MS);
    await listening;
    expect(session.messages).toMatchObject([{ topic: "a" }]);
    run.state.deadline.release();
  });

  test("a message that an IMAP server announces", async () => {
    const { port, accepted } = await acceptedBy((socket) => {
      socket.write("* OK ready\r\n");
      socket.on("data", (bytes: Buffer) => void socket.write(bytes.includes("DONE") ? "a1 OK done\r\n" : "+ idling\r\n"));
    });
    const run = testRun(2 * TIMEOUT_MS);
    const session = await greetedImap(run, { host: "127.0.0.1", port });
    const before = vi.getTimerCount();
    const idling = idle(session, { until: isNewMail, timeoutMs: 600_000 });
    await waiting(before);
    (await accepted()).write("* 1 EXISTS\r\n");
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(await idling).toMatchObject({ reason: "announced" });
    session.close();
    run.state.deadline.release();
  });

  test("the address of the other family", async () => {
    const zone = `${ZONE}mx AAAA ::1\n`;
    const server = await startDnsServer({ zones: [zone], behave: ({ type }) => (type === "AAAA" ? { delayMs: 100 } : undefined) });
    open.push(server);
    const wanted = { servers: [...server.servers], families: [4, 6], timeoutMs: TIMEOUT_MS, signal: new AbortController().signal } as const;
    const looking = addressesByServers("mx.example", wanted);
    // AAAA waits for its delay, and the A record has been read: the other timers are those of the look-up of AAAA, and of the wait for it.
    while (server.questions.length < 2) await turn();
    while (vi.getTimerCount() !== 4) await turn();
    vi.advanceTimersByTime(1000);
    expect((await looking).map(({ family }) => family).sort()).toEqual([4, 6]);
  });

  test("a connection, beside which no second attempt is made", async () => {
    const server = await startDnsServer({ zones: [`${ZONE}mx A 127.0.0.2\n`] });
    const listener = await listen(() => undefined, { host: "0.0.0.0" });
    open.push(server, listener);
    const run = testRun(2 * TIMEOUT_MS);
    const attempts: Attempt[] = [];
    const target = { host: "mx.example", port: listener.port, address_family: "ipv4", connect_timeout_ms: TIMEOUT_MS } as const;
    const connecting = run.context.tcp.connect({ ...target, resolver: { servers: [...server.servers] } }, attempts);
    while (attempts.length === 0) await turn();
    vi.advanceTimersByTime(1000);
    (await connecting).close();
    expect(attempts).toMatchObject([{ outcome: "connected" }]);
    run.state.deadline.release();
  });

  test("a host that a check of this network's connections reaches", async () => {
    const { port } = await acceptedBy();
    const reached = reaches([{ host: "127.0.0.1", port }], TIMEOUT_MS);
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(await reached).toBe(true);
  });
});
