import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { run } from "../../runner/harness/run.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import type { RcptVerdict } from "../../schemas/rcpt.js";
import { type RcptOutput, rcptInput } from "./rcpt-behaviours.js";

/** A labelled server of fixtures/mail.rcpt/corpus.json; its fields are described in fixtures/README.md. */
export interface CorpusEntry {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly hosts: readonly CorpusHost[];
  readonly truth: "exists" | "missing" | "undecidable";
  readonly acceptable: readonly RcptVerdict[];
  readonly disputed?: boolean;
}

interface CorpusHost {
  readonly connect?: "refused";
  readonly banner: string | null;
  readonly ehlo: string | null;
  readonly mail_from_reply: string | null;
  readonly rcpt_reply: string | null;
  readonly random_rcpt_reply: string | null;
  readonly rcpt_sequence?: readonly string[];
  readonly after_refusal?: string;
  readonly close_after?: "rcpt" | "random_rcpt" | "second_rcpt";
}

export function rcptCorpus(): CorpusEntry[] {
  return JSON.parse(readFileSync(new URL("../../fixtures/mail.rcpt/corpus.json", import.meta.url), "utf8")) as CorpusEntry[];
}

/** Serves the hosts of an entry on loopback addresses of its own, at one port, and runs the probe against them. */
export async function checkEntry(entry: CorpusEntry, index: number): Promise<RcptOutput> {
  const domain = entry.recipient.slice(entry.recipient.lastIndexOf("@") + 1);
  const addresses = entry.hosts.map((_, at) => `127.${40 + (index >> 8)}.${index & 255}.${at + 1}`);
  const servers: Server[] = [];
  let port = 0;
  const records = addresses.flatMap((address, at) => [`@ MX ${(at + 1) * 10} mx${at + 1}`, `mx${at + 1} A ${address}`]);
  const zone = `$ORIGIN ${domain}.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n${records.join("\n")}\n`;
  const dns = await startDnsServer({ zones: [zone] });
  try {
    // The first free port is found by a host that listens; one that does not then refuses at it.
    for (const [at, host] of entry.hosts.entries()) {
      if (host.connect === "refused") continue;
      const server = await serve(host, entry, addresses[at] as string, port);
      servers.push(server);
      port = (server.address() as { port: number }).port;
    }
    const { mx_host: _, ...common } = rcptInput(port);
    // Every entry has a name server of its own for the same domain: of an earlier one at the same port, nothing may be cached.
    const input = {
      ...common,
      resolver: { servers: dns.servers },
      cache: "off",
      command_timeout_ms: 1500,
      email: entry.recipient,
      mail_from: entry.sender || "<>",
    };
    return (await run("mail.rcpt@1.0.0", input)).output as RcptOutput;
  } finally {
    for (const server of servers) await new Promise((closed) => server.close(closed));
    await dns.close();
  }
}

function serve(host: CorpusHost, entry: CorpusEntry, address: string, port: number): Promise<Server> {
  const server = createServer((socket) => converse(socket, host, entry));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => resolve(server));
  });
}

function converse(socket: Socket, host: CorpusHost, { recipient, sender }: CorpusEntry): void {
  let rest = "";
  let asked = 0;
  let hasRefused = false;
  let from = sender;
  const say = (reply: string | null, rcpt = recipient): void => {
    if (reply !== null) socket.write(`${reply.replaceAll("{rcpt}", rcpt).replaceAll("{sender}", from).replaceAll("\n", "\r\n")}\r\n`);
  };
  const answerRcpt = (rcpt: string): void => {
    const isAsked = rcpt.toLowerCase() === recipient.toLowerCase();
    const usual = host.rcpt_sequence?.[asked] ?? (isAsked ? host.rcpt_reply : host.random_rcpt_reply);
    const reply = hasRefused && host.after_refusal !== undefined ? host.after_refusal : usual;
    asked += 1;
    hasRefused ||= reply?.startsWith("5") === true;
    say(reply, rcpt);
    const ends = { rcpt: isAsked, random_rcpt: !isAsked, second_rcpt: asked >= 2 };
    if (reply?.startsWith("421") || (host.close_after !== undefined && ends[host.close_after])) socket.end();
  };
  const answer = (line: string): void => {
    const [, verb = "", path = ""] = /^(\w+)(?: \w+:<([^>]*)>)?/.exec(line) ?? [];
    if (verb === "EHLO") say(host.ehlo);
    else if (verb === "HELO") say("250 hello");
    else if (verb === "MAIL") {
      from = path;
      say(host.mail_from_reply);
    } else if (verb === "RCPT") answerRcpt(path);
    else if (verb === "QUIT") {
      say("221 2.0.0 bye");
      socket.end();
    } else say(verb === "RSET" ? "250 2.0.0 ok" : "502 5.5.1 not implemented");
  };
  socket.on("error", () => {});
  socket.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\r\n");
    rest = lines.pop() as string;
    for (const line of lines) if (socket.writable) answer(line);
  });
  say(host.banner);
}
