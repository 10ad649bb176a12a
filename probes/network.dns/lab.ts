import { defineLab } from "../../runner/harness/define-lab.js";
import { type DnsBehaviour, startDnsServer } from "../../runner/lab/dns-server.js";
import { selfSigned } from "../../runner/lab/self-signed.js";

const ZONE = `
$ORIGIN example.
$TTL 300
@         SOA   ns.example. hostmaster.example. 1 3600 600 86400 60
@         NS    ns
ns        A     192.0.2.53
www       CNAME web
web       A     192.0.2.80
web       AAAA  2001:db8::80
mail      MX    10 mx
mx        A     192.0.2.25
text      TXT   "v=spf1 -all"
`;
/** A secondary that has missed an update. */
const OLD_ZONE = ZONE.replace("hostmaster.example. 1 ", "hostmaster.example. 4294967295 ").replace("192.0.2.80", "192.0.2.81");

const SERVER_FAILURE = 2;
const BEHAVIOURS: Readonly<Record<string, DnsBehaviour>> = { "long.example": { truncate: true }, "broken.example": { rcode: SERVER_FAILURE } };

const BENCHES: readonly { name: string; summary: string; input: Record<string, unknown>; both?: true; https?: true }[] = [
  { name: "found", summary: "A name with addresses.", input: { name: "web.example" } },
  { name: "alias", summary: "A name that is an alias.", input: { name: "www.example", expect: { records: { contains: "192.0.2.80" } }, types: ["A"] } },
  {
    name: "several",
    summary: "Several questions.",
    input: {
      questions: [
        { name: "mail.example", type: "MX" },
        { name: "text.example", type: "TXT" },
      ],
    },
  },
  {
    name: "disagreeing",
    summary: "Two servers, one of which is out of date: warnings.",
    input: { questions: [{ name: "web.example" }, { name: "example", type: "SOA" }] },
    both: true,
  },
  { name: "truncated", summary: "An answer that only TCP brings.", input: { name: "long.example", expect: { rcode: "NXDOMAIN", truncated: true } } },
  {
    name: "https",
    summary: "DNS over HTTPS.",
    input: { name: "web.example", transport: "https", tls: { verify: "ignore" }, expect: { count: 1 } },
    https: true,
  },
  { name: "missing", summary: "A name that does not exist: an error.", input: { name: "missing.example" } },
  { name: "broken", summary: "A server that fails: an error.", input: { name: "broken.example" } },
];

export default defineLab({
  async start(nextPort) {
    const behave = ({ name }: { name: string }) => BEHAVIOURS[name];
    const certificate = selfSigned({ names: ["localhost", "127.0.0.1"] });
    const current = await startDnsServer({ zones: [ZONE], port: nextPort(), https: { certificate, port: nextPort() }, behave });
    const old = await startDnsServer({ zones: [OLD_ZONE], port: nextPort(), behave });
    const serversFor = (both?: true, https?: true): readonly string[] =>
      https === true ? current.httpsServers : both === true ? [...current.servers, ...old.servers] : current.servers;
    const servers = BENCHES.map(({ name, summary, input, both, https }) => ({
      name,
      summary,
      input: { ...input, servers: serversFor(both, https) },
    }));
    const close = async (): Promise<void> => {
      await Promise.all([current.close(), old.close()]);
    };
    return { servers, close };
  },
});
