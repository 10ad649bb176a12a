import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { Agent, get } from "node:http";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { encode } from "dns-packet";
import { type RateRequest, serveRates } from "./rate-tasks.js";

// node web-peers.js EXPORTER_PORT UNDICI: others that do the same. UNDICI is a folder with that npm package, or nothing.
const [exporterPort, undiciFolder = ""] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const undici = undiciFolder === "" ? null : (createRequire(`${undiciFolder}/package.json`)("undici") as Undici);

interface Undici {
  request(url: string, options: object): Promise<{ statusCode: number; body: { arrayBuffer(): Promise<ArrayBuffer> } }>;
}

const WAYS: Readonly<Record<string, (request: RateRequest) => Promise<unknown>>> = {
  async undici({ target }) {
    // Reset: a connection for each request, as a probe has it.
    const { statusCode, body } = await (undici as Undici).request(target, { reset: true });
    await body.arrayBuffer();
    if (statusCode !== 200) throw new Error(`HTTP ${statusCode}`);
  },
  async blackbox({ target }) {
    const text = await textAt(`http://127.0.0.1:${exporterPort}/probe?module=http&target=${encodeURIComponent(target)}`);
    if (!/^probe_success 1$/m.test(text)) throw new Error(`the exporter's probe failed: ${text}`);
  },
  dgram: ({ target }) => askByDatagram(target),
  async sslscan({ target }) {
    await promisify(execFile)("sslscan", ["--no-colour", "--no-check-certificate", "--no-heartbleed", "--sni-name=localhost", `127.0.0.1:${target}`]);
  },
};

serveRates((request) => (WAYS[request.way] as (request: RateRequest) => Promise<unknown>)(request));

function textAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(text)).on("error", reject);
    }).on("error", reject);
  });
}

/** A query and its reply on a socket of its own, with no more than the id compared. */
function askByDatagram(server: string): Promise<void> {
  const [address, port] = server.split(":") as [string, string];
  const id = randomInt(0x1_0000);
  const query = encode({ type: "query", id, flags: 0x100, questions: [{ name: "bench.example", type: "MX", class: "IN" }] });
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.on("error", reject);
    socket.on("message", (reply) => {
      if (reply.readUInt16BE(0) !== id) return;
      socket.close();
      resolve();
    });
    socket.send(query, Number(port), address);
  });
}
