import { execFile } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { loopbackAddress } from "../support/loopback-address.js";
import { type RateRequest, serveRates } from "./rate-tasks.js";

// node network-peers.js FOLDER: others that ask the same of a server. FOLDER has the npm packages mqtt and ssh2, or is nothing.
const [folder = ""] = process.argv.slice(2);
const packages = folder === "" ? null : createRequire(`${folder}/package.json`);
const mqtt = packages === null ? null : (packages("mqtt") as Mqtt);
const ssh2 = packages === null ? null : (packages("ssh2") as Ssh2);
const execute = promisify(execFile);

interface Emitter extends NodeJS.EventEmitter {
  end(...arguments_: unknown[]): unknown;
}
interface Mqtt {
  connect(url: string, options: object): Emitter & { sendPing(): void };
}
interface Ssh2 {
  Client: new () => Emitter & { connect(options: object): unknown };
}

/** What a probe sends, too: five packets, 200 ms apart. */
const PING = ["-n", "-D", "-O", "-c", "5", "-i", "0.2", "-W", "1"];
const FPING = ["-q", "-c", "5", "-p", "200", "-t", "1000"];

const WAYS: Readonly<Record<string, (request: RateRequest, number: number) => Promise<unknown>>> = {
  ping: (_, number) => execute("ping", [...PING, loopbackAddress(number)]),
  /** All hosts of a round by one process, which the first of them starts. */
  fping: ({ total }, number) =>
    number === 0 ? execute("fping", [...FPING, ...Array.from({ length: total }, (_, each) => loopbackAddress(each))]) : Promise.resolve(),
  ntp: ({ target }) => exchange(target, ntpRequest(), (reply, query) => reply.subarray(24, 32).equals(query.subarray(40, 48))),
  snmp: ({ target }) => exchange(target, snmpRequest(), (reply, query) => reply.includes(query.subarray(17, 21))),
  async mqtt({ target }) {
    const client = (mqtt as Mqtt).connect(`mqtt://127.0.0.1:${target}`, { protocolVersion: 5, reconnectPeriod: 0, clean: true });
    await once(client, "connect");
    client.sendPing();
    await new Promise<void>((resolve) => client.on("packetreceive", ({ cmd }: { cmd: string }) => cmd === "pingresp" && resolve()));
    await new Promise((resolve) => client.end(false, {}, resolve));
  },
  /** Up to the keys of the session, for which the server's signature was verified. */
  async ssh2({ target }) {
    const client = new (ssh2 as Ssh2).Client();
    client.connect({ host: "127.0.0.1", port: Number(target), username: "bench", hostVerifier: () => true });
    await once(client, "handshake");
    client.on("error", () => undefined);
    client.end();
  },
};

serveRates((request, number) => (WAYS[request.way] as (request: RateRequest, number: number) => Promise<unknown>)(request, number));

/** A query and its reply on a socket of its own, with no more than an identifier compared. */
function exchange(port: string, query: Buffer, isReply: (reply: Buffer, query: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.on("error", reject);
    socket.on("message", (reply) => {
      if (!isReply(reply, query)) return;
      socket.close();
      resolve();
    });
    socket.send(query, Number(port), "127.0.0.1");
  });
}

/** RFC 5905: version 4, a client, and a random time of transmission. */
function ntpRequest(): Buffer {
  const request = Buffer.alloc(48);
  request[0] = 0x23;
  randomBytes(8).copy(request, 40);
  return request;
}

/** A GET of sysDescr.0 and sysUpTime.0 by version 2c with the community "public", written out; its request id is at byte 17. */
function snmpRequest(): Buffer {
  const request = Buffer.from("303702010104067075626c6963a02a020400000000020100020100301c300c06082b060102010101000500300c06082b060102010103000500", "hex");
  request.writeUInt32BE(randomInt(1, 2 ** 31 - 1), 17);
  return request;
}
