import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output } from "../../../probes/network.traceroute/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { icmpError, portUnreachable } from "../../support/ip-packet.js";
import { realServer } from "../../support/real-servers.js";
import { type ScriptedNetwork, startScriptedNetwork } from "../../support/scripted-network.js";
import { answerOf, flowOf, scriptedPath } from "../../support/scripted-path.js";

const TARGET = "192.0.2.9";
const [FIRST, SECOND, THIRD, OTHER] = ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.33"] as const;

realServer("traceroute over a scripted network", ["socat", "ip", "unshare", "nsenter", "traceroute"], () => {
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
  const trace = async (input: object = {}): Promise<Output> => {
    const { output } = await run("network.traceroute", { target_host: TARGET, max_ttl: 8, packet_timeout_ms: 2000, ...input } as never);
    return output as Output;
  };
  const addresses = ({ hops }: Output): string[] => hops.map((hop) => hop.addresses.join(" ") || "*");

  test.each(["udp", "icmp", "tcp"])("by %s: each router, the target, and the times that traceroute printed", async (protocol) => {
    network.play(scriptedPath([FIRST, SECOND, THIRD]));
    const output = await trace({ protocol });
    expect(output).toMatchObject({ status: "ok", failure: null, reached: true, hop_count: 4, loops: [], findings: [] });
    expect(addresses(output)).toEqual([FIRST, SECOND, THIRD, TARGET]);
    const printed = [...network.printed("traceroute").matchAll(/ ([\d.]+) ms/g)].map(([, time]) => Number(time));
    expect(output.hops.flatMap(({ probes }) => probes.map(({ rtt_ms }) => rtt_ms))).toEqual(printed);
    expect(printed).toHaveLength(12);
  });

  test("routers that stay silent are no loss", async () => {
    network.play(scriptedPath([FIRST, null, null, SECOND]));
    const output = await trace({ expect: { max_loss_percent: 0 } });
    expect(addresses(output)).toEqual([FIRST, "*", "*", SECOND, TARGET]);
    expect(output).toMatchObject({ status: "ok", hop_count: 5, findings: [] });
  });

  test("a target that stays silent", async () => {
    network.play(scriptedPath([FIRST, SECOND], () => []));
    const output = await trace({ max_ttl: 4 });
    expect(output).toMatchObject({ status: "error", failure: null, reached: false, hop_count: null });
    expect(output.findings).toMatchObject([{ reason: "reached", message: expect.stringContaining(`${SECOND} at hop 2`) }]);
    expect(addresses(output)).toEqual([FIRST, SECOND, "*", "*"]);
  });

  test("a router that limits its answers is no loss of the target", async () => {
    let answers = 0;
    network.play(scriptedPath([FIRST, () => (answers++ % 3 === 0 ? SECOND : null), THIRD]));
    const output = await trace({ expect: { max_loss_percent: 0 } });
    expect(output).toMatchObject({ status: "ok", hop_count: 4 });
    expect(output.hops.map(({ loss_percent }) => loss_percent)).toEqual([0, 66.667, 0, 0]);
  });

  test("a target that loses packets is judged", async () => {
    let asked = 0;
    network.play(scriptedPath([FIRST], (packet) => (asked++ % 3 === 1 ? [] : answerOf(packet))));
    expect(await trace({ expect: { max_loss_percent: 10 } })).toMatchObject({ status: "error", reached: true, findings: [{ reason: "loss_too_high" }] });
  });

  test("packets go round", async () => {
    network.play(scriptedPath([FIRST, SECOND, THIRD, SECOND, THIRD, SECOND, THIRD, SECOND]));
    const output = await trace();
    expect(output).toMatchObject({ status: "error", reached: false, loops: [SECOND, THIRD] });
    expect(output.findings.map(({ reason }) => reason)).toEqual(["reached", "loop", "loop"]);
  });

  test("a path that grows during the run", async () => {
    let seen = 0;
    // From the twelfth packet on, there is one router more.
    network.play((packet) => (packet.family === 6 ? [] : scriptedPath(++seen > 11 ? [FIRST, OTHER, SECOND, THIRD] : [FIRST, SECOND, THIRD])(packet)));
    const output = await trace({ expect: { max_loss_percent: 0 } });
    expect(output).toMatchObject({ status: "ok", reached: true, findings: [] });
    // The packets of this hop took both paths.
    expect(output.hops[3]).toMatchObject({ ttl: 4, addresses: expect.arrayContaining([TARGET, THIRD]), loss_percent: 0 });
  });

  test("an answer from another address than the target's", async () => {
    network.play(scriptedPath([FIRST], (packet) => [{ bytes: portUnreachable(packet, OTHER) }]));
    const output = await trace({ max_ttl: 4 });
    expect(output).toMatchObject({ status: "error", reached: false, hop_count: null });
    expect(addresses(output)).toContain(OTHER);
  });

  test("routers with private addresses", async () => {
    network.play(scriptedPath(["10.91.7.1", "192.168.1.1", "100.64.0.1"]));
    expect(addresses(await trace())).toEqual(["10.91.7.1", "192.168.1.1", "100.64.0.1", TARGET]);
  });

  test("a router that prohibits", async () => {
    network.play(scriptedPath([FIRST], (packet) => [{ bytes: icmpError(packet, SECOND, 3, 13) }]));
    const output = await trace({ max_ttl: 4 });
    expect(output).toMatchObject({ status: "error", reached: false, findings: [{ reason: "reached", message: expect.stringContaining("prohibited") }] });
    expect(output.hops[1]?.probes[0]).toMatchObject({ address: SECOND, message: "communication administratively prohibited" });
  });

  test("the size that a router on the path takes", async () => {
    const forward = scriptedPath([FIRST, SECOND]);
    network.play((packet) => (packet.ttl > 1 && packet.bytes.length > 1400 ? [{ bytes: icmpError(packet, FIRST, 3, 4, 1400) }] : forward(packet)));
    expect(await trace({ target_host: "192.0.2.60", find_mtu: true, probes: 1 })).toMatchObject({ status: "ok", reached: true, path_mtu_bytes: 1400 });
  });

  test("a black hole for large packets: the target is reached only by small ones", async () => {
    const forward = scriptedPath([FIRST, SECOND]);
    network.play((packet) => (packet.ttl > 1 && packet.bytes.length > 1400 ? [] : forward(packet)));
    const input = { target_host: "192.0.2.61", max_ttl: 4 };
    const large = await trace({ ...input, find_mtu: true, probes: 1 });
    expect(large).toMatchObject({ status: "error", reached: false });
    expect(addresses(large)).toEqual([FIRST, "*", "*", "*"]);
    expect(await trace(input)).toMatchObject({ status: "ok", reached: true, hop_count: 3 });
  });

  test.each(["udp", "tcp"])("two paths of equal length, each with its flows: %s", async (protocol) => {
    const seen = new Set<string>();
    const spread = scriptedPath([FIRST, (packet) => (flowOf(packet).sourcePort % 2 === 0 ? SECOND : OTHER), THIRD]);
    network.play((packet) => {
      if (packet.destination === TARGET) seen.add(`${flowOf(packet).sourcePort} ${flowOf(packet).targetPort}`);
      return spread(packet);
    });
    const output = await trace({ protocol, flows: 4 });
    expect(output).toMatchObject({ status: "ok", reached: true, hop_count: 4, loops: [] });
    expect(output.hops[1]?.addresses.toSorted()).toEqual([SECOND, OTHER]);
    // All packets of a flow had the same ports.
    expect(seen.size).toBe(4);
    expect(output.paths.map(({ source_port }) => source_port % 2 === 0)).toEqual(output.paths.map(({ addresses: [, second] }) => second === SECOND));
    expect(output.paths.map((path) => path.addresses.length)).toEqual([4, 4, 4, 4]);
    expect(new Set(output.paths.map(({ path_hash }) => path_hash)).size).toBe(2);
    // The same flows take the same paths again.
    expect((await trace({ protocol, flows: 4 })).paths).toEqual(output.paths);
  });

  test("names and origin AS from given name servers", async () => {
    network.play(scriptedPath([FIRST, SECOND]));
    const head = (origin: string): string => `$ORIGIN ${origin}.\n@ SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n@ NS ns.test.\n`;
    const names = await startDnsServer({
      zones: [
        `${head("100.51.198.in-addr.arpa")}1 PTR edge.example.net.\n`,
        `${head("2.0.192.in-addr.arpa")}9 PTR www.example.net.\n`,
        `${head("origin.test")}1.100.51.198 TXT "64500 | 198.51.100.0/24 | DE | ripencc | 2020-01-01"\n9.2.0.192 TXT "64501 64502 | 192.0.2.0/24 | US | arin | "\n`,
      ],
    });
    const output = await trace({ resolve_names: true, as_zones: { ipv4: "origin.test" }, resolver: { servers: names.servers } });
    await names.close();
    expect(output.routers).toEqual([
      { address: FIRST, names: ["edge.example.net"], as_number: 64500, as_prefix: "198.51.100.0/24" },
      { address: SECOND, names: [], as_number: null, as_prefix: null },
      { address: TARGET, names: ["www.example.net"], as_number: 64501, as_prefix: "192.0.2.0/24" },
    ]);
    expect((await trace()).routers).toEqual([]);
  });

  test("echo requests have no flows", async () => {
    await expect(trace({ protocol: "icmp", flows: 2 })).rejects.toMatchObject({ name: "RequestError" });
  });

  test("the same hops as traceroute itself prints", async () => {
    network.play(scriptedPath([FIRST, null, THIRD]));
    const [command, arguments_] = network.commandOf("traceroute", ["-n", "-q", "2", "-w", "1", TARGET]);
    const { stdout } = await promisify(execFile)(command, [...arguments_]);
    const theirs = [...stdout.matchAll(/^ ?\d+ {2}(\S+)/gm)].map(([, address]) => address);
    expect(addresses(await trace({ probes: 2 }))).toEqual(theirs);
  });
});

realServer("traceroute beside mtr over a scripted network", ["socat", "ip", "unshare", "nsenter", "traceroute", "mtr"], () => {
  test("both see the same routers, and no loss at the target behind a router that answers every other time", async () => {
    const network = await startScriptedNetwork();
    const path = process.env.PATH;
    process.env.PATH = `${network.programs}:${path}`;
    try {
      let answers = 0;
      network.play(scriptedPath([FIRST, null, () => (answers++ % 2 === 0 ? THIRD : null)]));
      const { output } = (await run("network.traceroute", { target_host: TARGET, probes: 4, packet_timeout_ms: 1000 })) as unknown as { output: Output };
      const [command, arguments_] = network.commandOf("mtr", ["-n", "-j", "-c", "4", "-i", "0.5", TARGET]);
      const { stdout } = await promisify(execFile)(command, [...arguments_]);
      const { hubs } = JSON.parse(stdout).report as { hubs: { host: string; "Loss%": number }[] };
      expect(hubs.map(({ host }) => host)).toEqual(output.hops.map((hop) => hop.addresses[0] ?? "???"));
      expect(hubs.map(({ host }) => host)).toEqual([FIRST, "???", THIRD, TARGET]);
      expect([hubs.at(-1)?.["Loss%"], output.hops.at(-1)?.loss_percent]).toEqual([0, 0]);
      expect([hubs[2]?.["Loss%"], output.hops[2]?.loss_percent]).toEqual([50, 50]);
    } finally {
      process.env.PATH = path;
      await network.stop();
    }
  });
});
