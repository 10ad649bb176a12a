import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { programPath } from "./programs.js";
import { makePrivateRoot } from "./receivers/private-root.js";
import { type RunningDaemon, runDaemon } from "./run-daemon.js";

export const NEWS_ACCOUNT = { username: "ann", password: "correct-horse" };

/** The user and group "news" of every Debian. */
const NEWS_ID = 9;

const INN = "/opt/probe-run-receivers/usr/lib/news";
const LIBRARIES = [INN, "/opt/probe-run-receivers/usr/lib/x86_64-linux-gnu"].filter((folder) => existsSync(folder)).join(":");

/** The reader's server of INN with TLS, which asks for a login unless everyone may read. */
export function startNnrpd({ everyoneReads = true, posting = true } = {}): Promise<RunningDaemon> {
  // env becomes the server.
  return runDaemon("nnrpd", "/usr/bin/env", (folder, port) => {
    for (const name of ["db", "run", "tmp", "log", "filter", "spool/articles", "spool/overview"]) mkdirSync(join(folder, name), { recursive: true });
    const { certificate, key } = selfSigned({ names: ["localhost", "127.0.0.1"] });
    const hash = execFileSync("openssl", ["passwd", "-6", NEWS_ACCOUNT.password], { encoding: "utf8" }).trim();
    const files: Readonly<Record<string, string>> = {
      "cert.pem": certificate,
      "key.pem": key,
      passwords: `${NEWS_ACCOUNT.username}:${hash}\n`,
      "db/active": "local.test 0000000000 0000000001 y\n",
      "db/newsgroups": "local.test\tA group\n",
      "db/history": "",
      "spool/overview/group.index": "",
      "storage.conf": 'method tradspool {\n  class: 1\n  newsgroups: "*"\n}\n',
      "readers.conf": readersOf(folder, everyoneReads, posting),
      "inn.conf": innOf(folder),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o640 });
    // It gives up root for this user.
    execFileSync("chown", ["-R", `${NEWS_ID}:${NEWS_ID}`, folder]);
    return [`LD_LIBRARY_PATH=${LIBRARIES}`, `INNCONF=${folder}/inn.conf`, programPath("nnrpd") as string, "-D", "-f", "-4", "127.0.0.1", "-p", String(port)];
  });
}

function readersOf(folder: string, everyoneReads: boolean, posting: boolean): string {
  const access = `newsgroups: "*"\n  access: "${posting ? "RP" : "R"}"`;
  const anonymous = everyoneReads ? `  default: "<anonymous>"\n` : "";
  return `auth "login" {\n  hosts: "127.0.0.1"\n  auth: "ckpasswd -f ${folder}/passwords"\n${anonymous}}\naccess "all" {\n  users: "*"\n  ${access}\n}\n`;
}

function innOf(folder: string): string {
  const paths = { db: "db", etc: "", run: "run", tmp: "tmp", log: "log", spool: "spool", filter: "filter" };
  const settings = {
    ...{ mta: '"/bin/false %s"', pathhost: "news.lab", domain: "lab", fromhost: "lab", ovmethod: "tradindexed", hismethod: "hisv6" },
    ...{ pathnews: INN, pathbin: join(INN, "bin"), runasuser: "news", runasgroup: "news" },
    ...Object.fromEntries(Object.entries(paths).map(([name, path]) => [`path${name}`, join(folder, path)])),
    ...{ tlscertfile: join(folder, "cert.pem"), tlskeyfile: join(folder, "key.pem"), tlscapath: folder },
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}`);
  return `${lines.join("\n")}\n`;
}

/** leafnode, which speaks on its standard input and output, and finds its configuration and spool in a root of its own. */
export async function startLeafnode(): Promise<RunningDaemon> {
  const root = mkdtempSync(join(tmpdir(), "probe-run-leafnode-root-"));
  // It gives up root, too.
  chmodSync(root, 0o755);
  await makePrivateRoot(root, { [programPath("leafnode") as string]: "/usr/sbin/leafnode" }, [{ name: "news", id: NEWS_ID, home: "/var/spool/news" }]);
  const daemon = await runDaemon("leafnode", programPath("socat") as string, (_, port) => {
    const spool = join(root, "var/spool/news");
    for (const name of ["leaf.node", "interesting.groups", "message.id", "out.going", "failed.postings"]) mkdirSync(join(spool, name), { recursive: true });
    mkdirSync(join(root, "etc/news/leafnode"), { recursive: true });
    // It refuses names that are reserved for examples and tests.
    writeFileSync(join(root, "etc/news/leafnode/config"), "server = news.probe-run.dev\nexpire = 20\nhostname = news.probe-run.dev\n");
    writeFileSync(join(spool, "leaf.node/groupinfo"), "local.test\t1 1 0\tA group\n");
    execFileSync("chown", ["-R", `${NEWS_ID}:${NEWS_ID}`, spool]);
    return [`TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`, `EXEC:chroot ${root} /usr/sbin/leafnode,nofork`];
  });
  // A server whose client has just left may still write.
  return { ...daemon, stop: () => daemon.stop().finally(() => rmSync(root, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })) };
}
