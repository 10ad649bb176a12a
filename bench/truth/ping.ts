import type { Output } from "../../probes/network.ping/schema.js";
import { echoOf, echoReply, isEchoRequest } from "../../test/support/ip-packet.js";
import { type Script, startScriptedNetwork } from "../../test/support/scripted-network.js";
import type { Comparison } from "./comparison.js";
import { outputOf } from "./program-output.js";

const TARGET = "10.91.0.9";
const COUNT = 40;

/** Loses one packet in ten, doubles one in ten, and delays one in ten behind the next. */
function lossyLink(): Script {
  const counted = new Map<number, number>();
  return (packet) => {
    if (!isEchoRequest(packet)) return [];
    const { id } = echoOf(packet);
    const number = (counted.get(id) ?? 0) + 1;
    counted.set(id, number);
    const answer = { bytes: echoReply(packet), afterMs: 20 };
    if (number % 10 === 3) return [];
    if (number % 10 === 5) return [answer, { ...answer, afterMs: 30 }];
    return [number % 10 === 7 ? { ...answer, afterMs: 250 } : answer];
  };
}

export const ping: Comparison = {
  probe: "network.ping",
  programs: ["socat", "ip", "unshare", "nsenter", "ping", "fping"],
  async compare(ask) {
    const network = await startScriptedNetwork();
    const path = process.env.PATH;
    process.env.PATH = `${network.programs}:${path}`;
    try {
      network.play(lossyLink());
      const [command, arguments_] = network.commandOf("fping", ["-c", String(COUNT), "-p", "200", "-t", "2000", TARGET]);
      const [output, fping] = await Promise.all([ask<Output>("network.ping", { target_host: TARGET, count: COUNT }), outputOf(command, arguments_)]);
      const own = { sent: output.sent, received: output.received, loss_percent: output.loss_percent };
      return [besidePing(output, network.printed("ping")), { subject: "a lossy link", peer: "fping", ours: own, theirs: fpingFacts(fping) }];
    } finally {
      process.env.PATH = path;
      await network.stop();
    }
  },
};

/** What ping of iputils printed in that very run. */
function besidePing(output: Output, printed: string) {
  const [, sent, received, duplicates = 0, loss] =
    /(\d+) packets transmitted, (\d+) received,(?: \+(\d+) duplicates,)? ([\d.]+)% packet loss/.exec(printed) ?? [];
  const replies = [...printed.matchAll(/icmp_seq=(\d+) ttl=\d+ time=([\d.]+) ms$/gm)].map(([, seq, time]) => ({ seq: Number(seq), time: Number(time) }));
  const largest = Math.max(...replies.map(({ seq, time }) => Math.abs(time - (output.packets.find((packet) => packet.seq === seq)?.rtt_ms ?? Number.NaN))));
  // ping counts duplicates in its average; ours is of the replies.
  const average = replies.reduce((sum, { time }) => sum + time, 0) / replies.length;
  return {
    ...{ subject: "a lossy link", peer: "ping of iputils" },
    ours: { sent: output.sent, received: output.received, duplicates: output.duplicates, loss_percent: output.loss_percent },
    theirs: { sent: Number(sent), received: Number(received), duplicates: Number(duplicates), loss_percent: Number(loss) },
    differences: [
      { subject: "a round trip, the largest", ms: largest, mostMs: 0.1 },
      { subject: "the average", ms: Math.abs((output.rtt.avg_ms as number) - average), mostMs: 0.1 },
    ],
  };
}

function fpingFacts({ stderr }: { readonly stderr: string }) {
  const [, sent, received, loss] = /xmt\/rcv\/%loss = (\d+)\/(\d+)\/(\d+)%/.exec(stderr) ?? [];
  return { sent: Number(sent), received: Number(received), loss_percent: Number(loss) };
}
