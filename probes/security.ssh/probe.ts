import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { GROUP_EXCHANGES, GroupExchange } from "../../runner/net/ssh/group-exchange.js";
import { describeHostKey, HOST_KEY_ALGORITHMS, isSignedBy, keyTypeOf } from "../../runner/net/ssh/host-key.js";
import { type Algorithms, chosen, encodeKexInit, readKexInit } from "../../runner/net/ssh/kex-init.js";
import { KeyExchange, type KeyReply, METHODS, type Said } from "../../runner/net/ssh/key-exchange.js";
import { MESSAGE, SshTransport } from "../../runner/net/ssh/transport.js";
import { string, uint32 } from "../../runner/net/ssh/wire.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Attempt } from "../../schemas/network.js";
import { judge } from "./judge.js";
import { isPostQuantum, STRICT_KEY_EXCHANGE } from "./policy.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp">;

export default defineProbe({
  name: "security.ssh",
  summary: "Reads what an SSH server offers, verifies that it has its host key, and names weak algorithms.",
  needs: ["tcp"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  run,
});

const IDENTIFICATION = "SSH-2.0-probe_run";
/** RFC 4253, section 11.1: SSH_DISCONNECT_BY_APPLICATION. */
const BY_APPLICATION = 11;
/** Nothing is ever sent encrypted; a server only has to find something that it knows, too. */
const ENCRYPTIONS = [
  "chacha20-poly1305@openssh.com",
  "aes256-gcm@openssh.com",
  "aes128-gcm@openssh.com",
  "aes256-ctr",
  "aes192-ctr",
  "aes128-ctr",
  "aes256-cbc",
  "aes128-cbc",
  "3des-cbc",
];
const MACS = [
  "hmac-sha2-256-etm@openssh.com",
  "hmac-sha2-512-etm@openssh.com",
  "hmac-sha2-256",
  "hmac-sha2-512",
  "hmac-sha1",
  "umac-128@openssh.com",
  "hmac-md5",
];
const COMPRESSIONS = ["none", "zlib@openssh.com", "zlib"];

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  const failure = await ctx.attempt(async () => {
    // One connection unless more keys are asked for: servers punish clients that come often and never log in.
    const [first = HOST_KEY_ALGORITHMS, ...more] = input.host_key_algorithms?.map((name) => [name]) ?? [];
    await examine(ctx, input, first, evidence);
    for (const wanted of more)
      if (evidence.algorithms?.host_key.includes(wanted[0] as string)) await examine(ctx.part(wanted[0] as string), input, wanted, evidence);
    if (input.all_host_keys) for (const name of unseen(evidence)) await examine(ctx.part(name), input, [name], evidence);
    const groups = Object.keys(GROUP_EXCHANGES).filter((name) => evidence.algorithms?.key_exchange.includes(name));
    if (input.group_sizes && groups.length > 0 && evidence.group_exchange_bits === null)
      await examine(ctx.part("group exchange"), input, HOST_KEY_ALGORITHMS, evidence, groups);
  });
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

/** One algorithm for each type of host key that is offered and was not shown yet. */
function unseen({ algorithms, host_keys }: Evidence<Output>): string[] {
  const types = new Set(host_keys.map(({ type }) => type));
  return HOST_KEY_ALGORITHMS.filter((name) => {
    const type = keyTypeOf(name) as string;
    if (types.has(type) || !algorithms?.host_key.includes(name)) return false;
    types.add(type);
    return true;
  });
}

const KEY_EXCHANGES = [...Object.keys(METHODS), ...Object.keys(GROUP_EXCHANGES)];

/** One connection up to the server's signature. */
async function examine(
  ctx: Ctx,
  input: Input,
  hostKeys: readonly string[],
  evidence: Evidence<Output>,
  keyExchanges: readonly string[] = KEY_EXCHANGES,
): Promise<void> {
  const attempts: Attempt[] = evidence.banner === null ? evidence.attempts : [];
  const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, attempts);
  const transport = new SshTransport(connection, input.command_timeout_ms);
  try {
    transport.sendLine(IDENTIFICATION);
    const identification = await ctx.operation("identification", () => transport.identification());
    noteIdentification(evidence, identification.text, identification.linesBefore);
    const serverInit = await ctx.operation("KEXINIT", () => transport.message());
    const theirs = readKexInit(serverInit);
    noteAlgorithms(evidence, theirs);
    const ours = offer(hostKeys, keyExchanges);
    const clientInit = encodeKexInit(ours);
    transport.send(clientInit);
    const negotiated = negotiate(ours, theirs);
    evidence.negotiated ??= negotiated;
    const said = { clientIdentification: IDENTIFICATION, serverIdentification: identification.text, clientInit, serverInit };
    const { hostKey, signature, exchangeHash } = await exchangeKeys(ctx, transport, negotiated.key_exchange, said, evidence);
    const verified = isSignedBy(hostKey, negotiated.host_key, signature, exchangeHash);
    const described = describeHostKey(hostKey);
    if (!evidence.host_keys.some(({ sha256 }) => sha256 === described.sha256))
      evidence.host_keys.push({ ...described, verified, known: input.known_keys === undefined ? null : input.known_keys.includes(described.sha256) });
    transport.send(Buffer.concat([Buffer.from([MESSAGE.disconnect]), uint32(BY_APPLICATION), string("probe-run has seen enough"), string("")]));
  } finally {
    connection.close();
  }
}

async function exchangeKeys(ctx: Ctx, transport: SshTransport, name: string, said: Said, evidence: Evidence<Output>): Promise<KeyReply> {
  const hash = GROUP_EXCHANGES[name];
  if (hash === undefined) {
    const exchange = new KeyExchange(METHODS[name] as (typeof METHODS)[string], said);
    transport.send(exchange.request);
    return exchange.readReply(await ctx.operation("key exchange", () => transport.message()));
  }
  const exchange = new GroupExchange(hash, said);
  transport.send(exchange.request);
  evidence.group_exchange_bits = exchange.readGroup(await ctx.operation("group", () => transport.message()));
  transport.send(exchange.init);
  return exchange.readReply(await ctx.operation("key exchange", () => transport.message()));
}

function noteIdentification(evidence: Evidence<Output>, text: string, linesBefore: readonly string[]): void {
  const [, version, software] = /^SSH-([^-]+)-(\S*)/.exec(text) ?? [];
  evidence.banner = text;
  evidence.lines_before = [...linesBefore];
  if (version === undefined)
    throw failureError("greeting", "protocol_violation", `the identification ${JSON.stringify(text.slice(0, 60))} names no version and software`);
  evidence.protocol_version = version;
  evidence.software = software ?? null;
  if (version !== "2.0" && version !== "1.99") throw failureError("greeting", "unsupported", `the server speaks SSH ${version} only`);
}

function noteAlgorithms(evidence: Evidence<Output>, theirs: Algorithms): void {
  evidence.algorithms ??= theirs;
  evidence.strict_key_exchange = theirs.key_exchange.includes(STRICT_KEY_EXCHANGE);
  evidence.post_quantum = theirs.key_exchange.some(isPostQuantum);
}

function offer(hostKeys: readonly string[], keyExchanges: readonly string[]): Algorithms {
  const both = { encryption_to_server: ENCRYPTIONS, encryption_to_client: ENCRYPTIONS, mac_to_server: MACS, mac_to_client: MACS };
  return { key_exchange: [...keyExchanges], host_key: [...hostKeys], ...both, compression_to_server: COMPRESSIONS, compression_to_client: COMPRESSIONS };
}

function negotiate(ours: Algorithms, theirs: Algorithms): { key_exchange: string; host_key: string } {
  const common = (kind: "key_exchange" | "host_key", words: string): string => {
    const name = chosen(ours[kind], theirs[kind]);
    if (name === null)
      throw failureError("key_exchange", "unsupported", `the server offers no ${words} that is known here: ${theirs[kind].slice(0, 8).join(", ")}`);
    return name;
  };
  return { key_exchange: common("key_exchange", "key exchange"), host_key: common("host_key", "host key algorithm") };
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const greeting = { banner: null, protocol_version: null, software: null, lines_before: [] };
  const facts = { algorithms: null, negotiated: null, strict_key_exchange: null, post_quantum: null, group_exchange_bits: null, host_keys: [] };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...greeting, ...facts, findings: [] };
}
