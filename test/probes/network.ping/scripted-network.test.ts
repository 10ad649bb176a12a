import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output } from "../../../probes/network.ping/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { echoOf, echoReply, type IpPacket, icmpError, isEchoRequest } from "../../support/ip-packet.js";
import { realServer } from "../../support/real-servers.js";
import { type Delivery, type Script, type ScriptedNetwork, startScriptedNetwork } from "../../support/scripted-network.js";

const TARGET = "10.91.0.9";
const ROUTER = "198.51.100.1";
/** After replies, ping waits for the last one twice as long as the slowest took: with a slow first reply, a busy machine is no loss. */
const SLOW_FIRST_MS = 700;

/** What is delivered in answer to an echo request, by its number from 1 in the order of sending. */
type Answer = (request: IpPacket, number: number) => readonly Delivery[];

function byNumber(answer: Answer): Script {
  const counted = new Map<number, number>();
  return (packet) => {
    if (!isEchoRequest(packet)) return [];
    const { id } = echoOf(packet);
    const number = (counted.get(id) ?? 0) + 1;
    counted.set(id, number);
    const deliveries = answer(packet, number);
    return number > 1 ? deliveries : deliveries.map(({ bytes, afterMs = 0 }) => ({ bytes, afterMs: afterMs + SLOW_FIRST_MS }));
  };
}

realServer("ping over a scripted network", ["socat", "ip", "unshare", "nsenter", "ping"], () => {
  let network: ScriptedNetwork;
  const path = process.env.PATH;
  beforeAll(async () => {
    network = await startScriptedNetwork();
    process.env.PATH = `${network.programs}:${path}`;
  });
  afterAll(async () => {
    process.env.PATH = path;
    await network?.stop();
  });

  const plays = (answer: Answer): void => network.play(byNumber(answer));
  const ping = async (input: object = {}): Promise<Output> => {
    const { output } = await run("network.ping", { target_host: TARGET, ...input } as never);
    return output as Output;
  };
  const reply = (request: IpPacket, afterMs = 5): Delivery => ({ bytes: echoReply(request), afterMs });
  const outcomes = ({ packets }: Output): string => packets.map(({ outcome }) => outcome).join(" ");

  test("every packet is answered, with the times that ping printed", async () => {
    network.play((request) => (isEchoRequest(request) ? [{ bytes: echoReply(request, { ttl: 57 }), afterMs: 20 }] : []));
    const output = await ping({ count: 4, interval_ms: 1000 });
    expect(output).toMatchObject({ status: "ok", ip_address: TARGET, sent: 4, received: 4, duplicates: 0, errors: 0, loss_percent: 0 });
    const printed = [...network.printed("ping").matchAll(/icmp_seq=(\d+) ttl=57 time=([\d.]+) ms/g)].map(([, seq, time]) => [Number(seq), Number(time)]);
    expect(printed).toHaveLength(4);
    expect(output.packets.map(({ seq, rtt_ms }) => [seq, rtt_ms])).toEqual(printed);
    expect(output.packets.every(({ ttl, from, rtt_ms }) => ttl === 57 && from === TARGET && (rtt_ms as number) >= 19)).toBe(true);
    const [, min, avg, max] = /= ([\d.]+)\/([\d.]+)\/([\d.]+)\//.exec(network.printed("ping")) as RegExpExecArray;
    // Of a packet, ping prints three digits: whole milliseconds from 100 on.
    const precision = Number(max) < 99 ? 0.1 : 0.6;
    for (const [ours, its] of [
      [output.rtt.min_ms, min],
      [output.rtt.avg_ms, avg],
      [output.rtt.max_ms, max],
    ])
      expect(Math.abs(Number(ours) - Number(its))).toBeLessThan(precision);
  });

  test("all packets are lost", async () => {
    plays(() => []);
    const output = await ping({ count: 3, packet_timeout_ms: 300 });
    expect(output).toMatchObject({ status: "error", failure: null, sent: 3, received: 0, loss_percent: 100, rtt: { min_ms: null }, jitter_ms: null });
    expect(output.findings).toMatchObject([{ reason: "no_reply" }]);
    expect(outcomes(output)).toBe("lost lost lost");
  });

  test("some packets are lost", async () => {
    plays((request, number) => (number === 2 || number === 4 ? [] : [reply(request)]));
    const output = await ping({ expect: { max_loss_percent: 20 } });
    expect(output).toMatchObject({ status: "error", sent: 5, received: 3, loss_percent: 40, findings: [{ reason: "loss_too_high", actual: "40" }] });
    expect(outcomes(output)).toBe("reply lost reply lost reply");
  });

  test("duplicates", async () => {
    plays((request, number) => (number === 2 ? [reply(request), reply(request, 8), reply(request, 12)] : [reply(request)]));
    const output = await ping();
    expect(output).toMatchObject({ status: "ok", sent: 5, received: 5, duplicates: 2, loss_percent: 0 });
    expect(outcomes(output)).toBe("reply reply reply reply reply");
  });

  test("replies in another order", async () => {
    plays((request, number) => [reply(request, number === 2 ? 500 : 5)]);
    const output = await ping();
    expect(output).toMatchObject({ status: "ok", sent: 5, received: 5, duplicates: 0, loss_percent: 0 });
    expect(output.packets.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(output.packets[1]?.rtt_ms).toBeGreaterThan(499);
    expect(network.printed("ping")).toMatch(/no answer yet for icmp_seq=2/);
  });

  test("a reply that comes after the timeout is a loss", async () => {
    plays((request) => [reply(request, 3000)]);
    expect(await ping({ count: 1, packet_timeout_ms: 200 })).toMatchObject({ status: "error", sent: 1, received: 0, loss_percent: 100 });
  });

  test("after replies the last packet is waited for twice the longest round trip", async () => {
    plays((request, number) => [reply(request, number === 5 ? 20_000 : 5)]);
    const output = await ping({ packet_timeout_ms: 15_000 });
    expect(output).toMatchObject({ received: 4, packets: [{}, {}, {}, {}, { outcome: "lost" }] });
    expect(output.duration_ms).toBeLessThan(15_000);
  });

  test("a payload that comes back changed", async () => {
    plays((request, number) => [{ bytes: echoReply(request, { changesPayload: number === 3 }), afterMs: 5 }]);
    const output = await ping();
    expect(output).toMatchObject({ status: "warning", received: 5, findings: [{ reason: "corrupt_replies", actual: "1" }] });
    expect(outcomes(output)).toBe("reply reply corrupt reply reply");
  });

  test("a reply from another address", async () => {
    plays((request) => [{ bytes: echoReply(request, { from: "10.91.0.77" }), afterMs: 5 }]);
    const output = await ping({ count: 2, packet_timeout_ms: 300 });
    expect(output).toMatchObject({ sent: 2, duplicates: 0 });
    expect(output.packets.map(({ outcome }) => outcome)).not.toContain("reply");
  });

  test.each<[what: string, input: object, type: number, code: number]>([
    ["no route to the network", {}, 3, 0],
    ["no route to the host", {}, 3, 1],
    ["administratively prohibited", {}, 3, 13],
    ["the ttl is too small", { ttl: 2 }, 11, 0],
  ])("a router reports: %s", async (_, input, type, code) => {
    plays((request) => [{ bytes: icmpError(request, ROUTER, type, code), afterMs: 5 }]);
    const output = await ping({ count: 2, packet_timeout_ms: 10_000, ...input });
    expect(output).toMatchObject({ status: "error", failure: null, sent: 2, received: 0, errors: 2, loss_percent: 100 });
    for (const packet of output.packets) expect(packet).toMatchObject({ outcome: "error", from: ROUTER, icmp_type: type, icmp_code: code, rtt_ms: null });
  });

  test("a router that cannot forward large packets reports the size it takes", async () => {
    const ROUTED = "192.0.2.50";
    plays((request) => (request.bytes.length > 1400 ? [{ bytes: icmpError(request, ROUTER, 3, 4, 1400) }] : [reply(request)]));
    const large = await ping({ target_host: ROUTED, count: 3, size: 1450, dont_fragment: true, packet_timeout_ms: 10_000 });
    expect(large).toMatchObject({ status: "error", sent: 3, received: 0, errors: 3 });
    expect(large.packets[0]).toMatchObject({ outcome: "error", from: ROUTER, icmp_type: 3, icmp_code: 4, mtu: 1400 });
    // From then on the system itself knows the size, and sends nothing larger.
    expect(large.packets.map(({ mtu }) => mtu)).toEqual([1400, 1400, 1400]);
    expect(await ping({ target_host: ROUTED, count: 2, size: 1300, dont_fragment: true })).toMatchObject({ status: "ok", received: 2 });
  });

  test("a black hole swallows large packets and says nothing", async () => {
    plays((request) => (request.bytes.length > 1400 ? [] : [reply(request)]));
    const input = { target_host: "192.0.2.51", count: 2, dont_fragment: true };
    const large = await ping({ ...input, size: 1450, packet_timeout_ms: 300 });
    expect(large).toMatchObject({ status: "error", received: 0, errors: 0, loss_percent: 100 });
    expect(large.packets.map(({ mtu }) => mtu)).toEqual([null, null]);
    expect(await ping({ ...input, size: 1300 })).toMatchObject({ status: "ok", received: 2 });
  });

  test("this machine refuses a packet that its own link cannot take", async () => {
    plays((request) => [reply(request)]);
    const output = await ping({ count: 2, size: 2000, dont_fragment: true, packet_timeout_ms: 300 });
    expect(output).toMatchObject({ status: "error", received: 0, errors: 2 });
    expect(output.packets[0]).toMatchObject({ outcome: "error", mtu: 1500, message: expect.stringContaining("message too long") });
  });

  test("a name that has only an IPv6 address", async () => {
    plays((request) => [reply(request)]);
    const names = await startDnsServer({ zones: ["$ORIGIN six.test.\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\nhost AAAA fd91::9\n"] });
    const output = await ping({ target_host: "host.six.test", resolver: { servers: names.servers }, count: 2 });
    await names.close();
    expect(output).toMatchObject({ status: "ok", ip_address: "fd91::9", sent: 2, received: 2, packets: [{ from: "fd91::9" }, { from: "fd91::9" }] });
  });

  test("the end of the run keeps the packets so far", async () => {
    plays((request) => [reply(request)]);
    const output = await ping({ count: 100, timeout_ms: 4000 });
    expect(output).toMatchObject({ status: "error", failure: { code: "timeout" }, duplicates: 0 });
    expect(output.received).toBeGreaterThan(1);
    expect(output.sent).toBeLessThan(100);
  });
});

realServer("ping beside fping over a scripted network", ["socat", "ip", "unshare", "nsenter", "ping", "fping"], () => {
  test("both count the same packets on a link that loses one in ten and doubles one in ten", async () => {
    const network = await startScriptedNetwork();
    const path = process.env.PATH;
    process.env.PATH = `${network.programs}:${path}`;
    try {
      network.play(
        byNumber((request, number) => {
          const answer = { bytes: echoReply(request), afterMs: 20 };
          return number % 10 === 3 ? [] : number % 10 === 5 ? [answer, { ...answer, afterMs: 30 }] : [answer];
        }),
      );
      const beside = fping(network);
      const { output } = (await run("network.ping", { target_host: TARGET, count: 30 })) as unknown as { output: Output };
      expect(output).toMatchObject({ sent: 30, received: 27, duplicates: 3, loss_percent: 10 });
      expect(network.printed("ping")).toContain("30 packets transmitted, 27 received, +3 duplicates, 10% packet loss");
      // fping leaves duplicates out.
      expect(await beside).toEqual({ sent: 30, received: 27 });
      // ping takes duplicates into its average; ours is of the replies that count.
      const times = [...network.printed("ping").matchAll(/time=([\d.]+) ms$/gm)].map(([, time]) => Number(time));
      expect(times).toHaveLength(27);
      expect(Math.abs((output.rtt.avg_ms as number) - times.reduce((sum, time) => sum + time, 0) / 27)).toBeLessThan(0.1);
    } finally {
      process.env.PATH = path;
      await network.stop();
    }
  });
});

async function fping(network: ScriptedNetwork): Promise<{ sent: number; received: number }> {
  const [command, arguments_] = network.commandOf("fping", ["-c", "30", "-p", "200", "-t", "2000", TARGET]);
  // It ends with 1 if a packet was lost.
  const { stderr } = await promisify(execFile)(command, [...arguments_]).catch((error: { stderr: string }) => error);
  const [, sent, received] = /xmt\/rcv\/%loss = (\d+)\/(\d+)/.exec(stderr) ?? [];
  return { sent: Number(sent), received: Number(received) };
}
