import { attributeAt, readAttributeValue } from "../../probes/data.dynamodb/attribute-value.js";
import { readIperf3Report } from "../../probes/performance.bandwidth/iperf3-report.js";
import { readRecording } from "../../probes/webapp.journey/recording.js";
import { readJson, valueAtPointer } from "../../probes/webapp.rest/json-body.js";
import { plainHttpIn, policiesInMeta, tagsIn } from "../../probes/webapp.security/html.js";
import { securityTxtFaults } from "../../probes/webapp.security/security-txt.js";
import { readCertificate } from "../../runner/asn1/certificate.js";
import { Asn1Error } from "../../runner/asn1/decode-ber.js";
import { readOcspResponse } from "../../runner/asn1/ocsp.js";
import { parseTranscript } from "../../runner/lab/transcript.js";
import { parseAuthenticationResults } from "../../runner/mail/authentication-results.js";
import { decodeAs, decodeBytes } from "../../runner/mail/charset.js";
import { parseDate } from "../../runner/mail/date.js";
import { readKeyRecord } from "../../runner/mail/dkim/read-key-record.js";
import { readDmarcRecord } from "../../runner/mail/dmarc/read-record.js";
import { readDomainReport } from "../../runner/mail/domain-report/read-domain-report.js";
import { decodeWords } from "../../runner/mail/encoded-words.js";
import { parseHeader } from "../../runner/mail/header.js";
import { parseNamedMailbox } from "../../runner/mail/named-mailbox.js";
import { parseReceived } from "../../runner/mail/received.js";
import { parseReceivedSpf } from "../../runner/mail/received-spf.js";
import { readReport } from "../../runner/mail/report/read-report.js";
import { parseIp, parseWrittenIp } from "../../runner/mail/spf/ip-address.js";
import { parseMacroString } from "../../runner/mail/spf/macros.js";
import { parseSpfRecord } from "../../runner/mail/spf/record.js";
import { readMessage } from "../../runner/mail/verify/message-parts.js";
import { verifyArc } from "../../runner/mail/verify/verify-arc.js";
import { verifyDkim } from "../../runner/mail/verify/verify-dkim.js";
import { CassandraDecoder, FrameReader as CassandraFrameReader } from "../../runner/net/cassandra/frame.js";
import { readRows } from "../../runner/net/cassandra/result.js";
import { readServerError as readCassandraError } from "../../runner/net/cassandra/session.js";
import { buildQuery, readReply as readDnsReply } from "../../runner/net/dns/message.js";
import { readReplyTo } from "../../runner/net/dns/wire/message.js";
import { ListCounter } from "../../runner/net/ftp/list-counter.js";
import { readExtendedPassive, readPassive } from "../../runner/net/ftp/passive.js";
import { ReplyParser as FtpReplyParser } from "../../runner/net/ftp/reply.js";
import { alternativesOf } from "../../runner/net/http/alt-svc.js";
import { EventStreamReader } from "../../runner/net/http/event-stream.js";
import { ResponseParser as HttpResponseParser } from "../../runner/net/http/response-parser.js";
import { decodeMailboxName } from "../../runner/net/imap/mailbox-name.js";
import { ResponseParser as ImapResponseParser } from "../../runner/net/imap/response.js";
import { encodeFilter, FilterError } from "../../runner/net/ldap/filter.js";
import { messageEnd, OPERATION, readEntry, readResponse, readResult } from "../../runner/net/ldap/message.js";
import { decodeDocument } from "../../runner/net/mongodb/bson.js";
import { MongoDecoder } from "../../runner/net/mongodb/message.js";
import { BodyReader, PacketReader as MqttPacketReader } from "../../runner/net/mqtt/packet.js";
import { readProperties } from "../../runner/net/mqtt/properties.js";
import { readGreeting } from "../../runner/net/mysql/handshake.js";
import { MysqlDecoder } from "../../runner/net/mysql/packet.js";
import { readBinaryRow, readColumn, readTextRow } from "../../runner/net/mysql/result.js";
import { readServerError as readMysqlError } from "../../runner/net/mysql/server-error.js";
import { ReplyParser as NntpReplyParser } from "../../runner/net/nntp/reply.js";
import { readReply as readNtpReply, referenceText } from "../../runner/net/ntp/message.js";
import { readAuthenticated } from "../../runner/net/nts/packet.js";
import { NtsRecordDecoder, numbersIn } from "../../runner/net/nts/record.js";
import { icmpOf, readPingLine } from "../../runner/net/ping/ping-output.js";
import { parseCapabilities as parsePop3Capabilities } from "../../runner/net/pop3/capabilities.js";
import { ReplyParser as Pop3ReplyParser } from "../../runner/net/pop3/reply.js";
import { readLoginRequest } from "../../runner/net/postgresql/log-in.js";
import { PostgresDecoder } from "../../runner/net/postgresql/message.js";
import { readColumns } from "../../runner/net/postgresql/read-only-query.js";
import { readServerError } from "../../runner/net/postgresql/server-error.js";
import { readRow } from "../../runner/net/postgresql/session.js";
import { newHello, versionName } from "../../runner/net/quic/version-negotiation.js";
import { parseInfo, parsePairs, parseParts } from "../../runner/net/redis/info.js";
import { RespDecoder } from "../../runner/net/redis/resp.js";
import { decodeChallenge } from "../../runner/net/sasl/exchange.js";
import { parseServerFinal, parseServerFirst } from "../../runner/net/sasl/scram-message.js";
import { ReplyParser as SieveReplyParser } from "../../runner/net/sieve/reply.js";
import { parseCapabilities } from "../../runner/net/smtp/capabilities.js";
import { parseMailbox, parseSender } from "../../runner/net/smtp/mailbox.js";
import { enhancedCode, ReplyParser } from "../../runner/net/smtp/reply.js";
import { readCommunityMessage } from "../../runner/net/snmp/pdu.js";
import { readV3 } from "../../runner/net/snmp/v3-message.js";
import { readSocksGreeting, readSocksRequest, SocksError } from "../../runner/net/socks/greeting.js";
import { describeHostKey, isSignedBy } from "../../runner/net/ssh/host-key.js";
import { readKexInit } from "../../runner/net/ssh/kex-init.js";
import { TdsDecoder } from "../../runner/net/tds/packet.js";
import { readPreLogin } from "../../runner/net/tds/prelogin.js";
import { holdsRow, readTokens } from "../../runner/net/tds/tokens.js";
import { HelloError, ServerAnswerReader } from "../../runner/net/tls-hello/server-answer.js";
import { readListenerAnswer } from "../../runner/net/tns/listener-answer.js";
import { TnsDecoder } from "../../runner/net/tns/packet.js";
import { flagInWords, readHopLine } from "../../runner/net/traceroute/output.js";
import { FrameReader } from "../../runner/net/websocket/frames.js";
import { judgeSvg } from "../../runner/posture/bimi/svg.js";
import { readConsumedEvent } from "../../runner/queue/consumed-event.js";
import { readJob } from "../../runner/queue/job.js";
import { readFailure } from "../../runner/queue/last-failure.js";
import { deadLetterFieldsIn, envelopeOf } from "../../runner/queue/nats/envelope.js";
import { recordIn } from "../../runner/queue/nats/lease-records.js";
import { fieldsIn } from "../../runner/queue/nats/stored-fields.js";
import { contentOf } from "../../runner/queue/redis/job-data.js";
import { classifyReply } from "../../runner/replies/classify-reply.js";
import { readRefusal } from "../../runner/replies/read-refusal.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { SuiteError } from "../../runner/suite/problem.js";
import { readSuite } from "../../runner/suite/read.js";
import { readReportRecords } from "../../runner/tls-policy/report-record.js";
import { readStsPolicy } from "../../runner/tls-policy/sts/read-policy.js";
import { readStsRecords } from "../../runner/tls-policy/sts/record.js";
import { textAtPath, xmlTree } from "../../runner/xml/xml-tree.js";
import { readThroughWebSocket } from "./websocket-channel.js";

/** One parser of hostile text: it must end soon, and throw nothing but the errors by which it refuses. */
export interface FuzzTarget {
  /** The modules whose exported parsers it runs. */
  readonly modules: readonly string[];
  /** Bytes as a peer may send them. */
  readonly parse: (bytes: Buffer) => unknown;
  /** True for an error by which the parser refuses its input. */
  readonly refuses?: (error: unknown) => boolean;
}

const isFailure = (error: unknown): boolean => error instanceof FailureError;
const text = (bytes: Buffer): string => bytes.toString("utf8");
const latin1 = (bytes: Buffer): string => bytes.toString("latin1");

/** In two portions, as a stream may cut them. */
function portions(bytes: Buffer): string[] {
  const cut = (bytes[0] ?? 0) % (bytes.length + 1);
  return [latin1(bytes.subarray(0, cut)), latin1(bytes.subarray(cut))];
}

const SENDER = "monitor@probe.example";
const RECIPIENT = "ann@example.org";
const ENVELOPE = { sender: SENDER, recipient: RECIPIENT };
const NONCE = "fyko+d2lbbFgONRv9qkxdawL";
const QUERY = buildQuery({ name: "example.org", type: "MX" });
const nothing = (): void => undefined;

/** Each name has the key of RFC 8463, so that signatures are computed. */
const VERIFYING = { lookup: async () => ({ outcome: "found" as const, texts: [KEY], problem: null }), at: Date.UTC(2026, 10, 29) };
const KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  "smtp-reply": {
    modules: ["runner/net/smtp/reply.ts", "runner/net/smtp/capabilities.ts"],
    parse(bytes) {
      const parser = new ReplyParser();
      for (const portion of portions(bytes)) {
        parser.push(portion);
        for (let reply = parser.next(); reply !== null; reply = parser.next()) {
          enhancedCode(reply);
          parseCapabilities(reply);
        }
      }
    },
  },
  replies: {
    modules: ["runner/replies/classify-reply.ts", "runner/replies/read-refusal.ts", "runner/replies/reply-text.ts"],
    parse(bytes) {
      const reply = { code: 550, lines: text(bytes).split("\n") };
      readRefusal(reply, "rcpt", ENVELOPE);
      classifyReply({ phase: "data", reply, envelope: ENVELOPE });
    },
  },
  "imap-response": {
    modules: ["runner/net/imap/response.ts", "runner/net/imap/framer.ts", "runner/net/imap/parse-data.ts", "runner/net/imap/mailbox-name.ts"],
    parse(bytes) {
      const parser = new ImapResponseParser();
      for (const portion of portions(bytes)) {
        parser.push(portion);
        for (let found = parser.response(); found !== null; found = parser.response());
      }
      decodeMailboxName(latin1(bytes));
    },
    refuses: isFailure,
  },
  "pop3-reply": {
    modules: ["runner/net/pop3/reply.ts", "runner/net/pop3/capabilities.ts"],
    parse(bytes) {
      const parser = new Pop3ReplyParser();
      for (const portion of portions(bytes)) {
        parser.push(portion);
        for (let reply = parser.next({ isLong: true }); reply !== null; reply = parser.next({ isLong: true })) parsePop3Capabilities(reply);
      }
    },
    refuses: isFailure,
  },
  "sieve-response": {
    modules: ["runner/net/sieve/reply.ts"],
    parse(bytes) {
      const parser = new SieveReplyParser();
      for (const portion of portions(bytes)) {
        parser.push(portion);
        while (parser.next({ mayContinue: true }) !== null);
      }
    },
    refuses: isFailure,
  },
  sasl: {
    modules: ["runner/net/sasl/exchange.ts", "runner/net/sasl/scram-message.ts"],
    parse(bytes) {
      decodeChallenge(latin1(bytes));
      try {
        parseServerFirst(text(bytes), NONCE);
      } finally {
        parseServerFinal(text(bytes));
      }
    },
    refuses: isFailure,
  },
  "dns-message": {
    modules: ["runner/net/dns/message.ts", "runner/net/dns/wire/message.ts", "runner/net/dns/wire/name.ts", "runner/net/dns/wire/rdata.ts"],
    parse(bytes) {
      const message = Buffer.from(bytes);
      // As an answer to our query, or nothing beyond the id is read.
      if (message.length >= 2) message.writeUInt16BE(QUERY.id, 0);
      readDnsReply(message, QUERY);
      readReplyTo(QUERY.bytes, message);
    },
  },
  "event-stream": {
    modules: ["runner/net/http/event-stream.ts"],
    parse(bytes) {
      const reader = new EventStreamReader();
      for (const portion of portions(bytes)) reader.push(Buffer.from(portion, "latin1"));
    },
  },
  websocket: {
    modules: ["runner/net/websocket/frames.ts"],
    parse(bytes) {
      const reader = new FrameReader(64 * 1024);
      for (const portion of portions(bytes)) for (const { payload } of reader.push(Buffer.from(portion, "latin1"))) void payload.length;
    },
    refuses: isFailure,
  },
  "websocket-channel": {
    modules: ["runner/net/websocket/channel.ts"],
    parse: (bytes) => readThroughWebSocket(portions(bytes)),
  },
  quic: {
    modules: ["runner/net/quic/version-negotiation.ts"],
    parse: (bytes) => newHello().read(bytes)?.map(versionName),
  },
  "nntp-reply": {
    modules: ["runner/net/nntp/reply.ts"],
    parse(bytes) {
      const parser = new NntpReplyParser();
      for (const portion of portions(bytes)) parser.push(portion);
      for (let reply = parser.next({ isLong: true }); reply !== null; reply = parser.next({ isLong: false }));
    },
  },
  ftp: {
    modules: ["runner/net/ftp/reply.ts", "runner/net/ftp/passive.ts", "runner/net/ftp/data-reader.ts", "runner/net/ftp/list-counter.ts"],
    parse(bytes) {
      const parser = new FtpReplyParser();
      const counter = new ListCounter({ command: "MLSD", maxEntries: 1000, keptLines: 10 });
      for (const portion of portions(bytes)) {
        parser.push(portion);
        for (let reply = parser.next(); reply !== null; reply = parser.next()) {
          readPassive(reply);
          readExtendedPassive(reply);
        }
        counter.push(portion);
      }
      counter.finish();
    },
  },
  ntp: {
    modules: ["runner/net/ntp/message.ts"],
    parse(bytes) {
      const reply = readNtpReply(bytes, Buffer.from(bytes.subarray(24, 32)), 0);
      if (reply !== null) referenceText(reply);
    },
    refuses: isFailure,
  },
  nts: {
    modules: ["runner/net/nts/record.ts", "runner/net/nts/packet.ts"],
    parse(bytes) {
      readAuthenticated(bytes, Buffer.from(bytes.subarray(52, 84)), Buffer.alloc(32, 1));
      const decoder = new NtsRecordDecoder();
      for (const portion of portions(bytes)) {
        decoder.push(Buffer.from(portion, "latin1"));
        for (let record = decoder.next(); record !== null; record = decoder.next()) numbersIn(record.body);
      }
    },
    refuses: isFailure,
  },
  "ping-output": {
    modules: ["runner/net/ping/ping-output.ts"],
    parse(bytes) {
      for (const line of text(bytes).split("\n")) {
        const read = readPingLine(line);
        if (read?.kind === "error") icmpOf(read.message, 4);
      }
    },
  },
  socks: {
    modules: ["runner/net/socks/greeting.ts"],
    parse(bytes) {
      readSocksGreeting(bytes);
      readSocksRequest(bytes);
    },
    refuses: (error) => error instanceof SocksError,
  },
  recording: {
    modules: ["probes/webapp.journey/recording.ts"],
    parse: (bytes) => readRecording({ steps: JSON.parse(`[${text(bytes)}]`) }, []),
    refuses: (error) => error instanceof SyntaxError,
  },
  iperf3: {
    modules: ["probes/performance.bandwidth/iperf3-report.ts"],
    parse: (bytes) => readIperf3Report(text(bytes), 1),
  },
  snmp: {
    modules: ["runner/net/snmp/pdu.ts", "runner/net/snmp/v3-message.ts"],
    parse(bytes) {
      try {
        readCommunityMessage(bytes, 1);
      } catch (error) {
        if (!(error instanceof Asn1Error)) throw error;
      }
      readV3(bytes, { user: "", auth: { protocol: "sha-256", key: Buffer.alloc(32) }, privacy: { protocol: "aes-128", key: Buffer.alloc(16) } });
    },
    refuses: (error) => error instanceof Asn1Error,
  },
  ssh: {
    modules: ["runner/net/ssh/wire.ts", "runner/net/ssh/kex-init.ts", "runner/net/ssh/host-key.ts"],
    parse(bytes) {
      for (const read of [() => readKexInit(bytes), () => describeHostKey(bytes), () => isSignedBy(bytes, "ssh-ed25519", bytes, bytes)])
        try {
          read();
        } catch (error) {
          if (!isFailure(error)) throw error;
        }
    },
  },
  mqtt: {
    modules: ["runner/net/mqtt/packet.ts", "runner/net/mqtt/properties.ts"],
    parse(bytes) {
      const reader = new MqttPacketReader();
      for (const portion of portions(bytes)) for (const { body } of reader.push(Buffer.from(portion, "latin1"))) readProperties(new BodyReader(body));
    },
    refuses: isFailure,
  },
  redis: {
    modules: ["runner/net/redis/resp.ts", "runner/net/redis/info.ts"],
    parse(bytes) {
      parseInfo({ type: "bulk", bytes });
      parseParts(text(bytes));
      const decoder = new RespDecoder();
      for (const portion of portions(bytes)) {
        decoder.push(Buffer.from(portion, "latin1"));
        for (let reply = decoder.next(); reply !== null; reply = decoder.next()) parsePairs(reply);
      }
    },
    refuses: isFailure,
  },
  cassandra: {
    modules: ["runner/net/cassandra/frame.ts", "runner/net/cassandra/result.ts", "runner/net/cassandra/session.ts"],
    parse(bytes) {
      const decoder = new CassandraDecoder();
      for (const portion of portions(bytes)) {
        decoder.push(Buffer.from(portion, "latin1"));
        for (let frame = decoder.next(); frame !== null; frame = decoder.next())
          for (const read of [readRows, readCassandraError, (body: Buffer) => new CassandraFrameReader(body).texts()])
            try {
              read(frame.body);
            } catch (error) {
              if (!isFailure(error)) throw error;
            }
      }
    },
    refuses: isFailure,
  },
  tds: {
    modules: [
      "runner/net/tds/packet.ts",
      "runner/net/tds/prelogin.ts",
      "runner/net/tds/reader.ts",
      "runner/net/tds/type-info.ts",
      "runner/net/tds/value.ts",
      "runner/net/tds/tokens.ts",
    ],
    parse(bytes) {
      const decoder = new TdsDecoder();
      for (const portion of portions(bytes)) {
        decoder.push(Buffer.from(portion, "latin1"));
        for (let packet = decoder.next(); packet !== null; packet = decoder.next())
          for (const read of [readPreLogin, (body: Buffer) => readTokens(body, 10), holdsRow])
            try {
              read(packet.body);
            } catch (error) {
              if (!isFailure(error)) throw error;
            }
      }
    },
    refuses: isFailure,
  },
  tns: {
    modules: ["runner/net/tns/packet.ts", "runner/net/tns/listener-answer.ts"],
    parse(bytes) {
      const decoder = new TnsDecoder();
      for (const portion of portions(bytes)) {
        decoder.push(Buffer.from(portion, "latin1"));
        for (let packet = decoder.next(); packet !== null; packet = decoder.next()) readListenerAnswer(packet);
      }
    },
    refuses: isFailure,
  },
  mongodb: {
    modules: ["runner/net/mongodb/message.ts", "runner/net/mongodb/bson.ts"],
    parse(bytes) {
      const decoder = new MongoDecoder();
      for (const portion of portions(bytes)) {
        decoder.push(Buffer.from(portion, "latin1"));
        while (decoder.next() !== null);
      }
      decodeDocument(bytes);
    },
    refuses: isFailure,
  },
  mysql: {
    modules: ["runner/net/mysql/packet.ts", "runner/net/mysql/server-error.ts", "runner/net/mysql/handshake.ts", "runner/net/mysql/result.ts"],
    parse(bytes) {
      const columns = [1, 3, 5, 8, 10, 11, 12, 253].map((type) => ({ name: "a", type, isUnsigned: false }));
      const decoder = new MysqlDecoder();
      for (const portion of portions(bytes)) {
        decoder.push(Buffer.from(portion, "latin1"));
        for (let packet = decoder.next(); packet !== null; packet = decoder.next())
          for (const read of [readGreeting, readMysqlError, readColumn, (body: Buffer) => readTextRow(body, 3), (body: Buffer) => readBinaryRow(body, columns)])
            try {
              read(packet.body);
            } catch (error) {
              if (!isFailure(error)) throw error;
            }
      }
    },
    refuses: isFailure,
  },
  postgresql: {
    modules: [
      "runner/net/postgresql/message.ts",
      "runner/net/postgresql/server-error.ts",
      "runner/net/postgresql/session.ts",
      "runner/net/postgresql/read-only-query.ts",
      "runner/net/postgresql/log-in.ts",
    ],
    parse(bytes) {
      const decoder = new PostgresDecoder();
      for (const portion of portions(bytes)) {
        decoder.push(Buffer.from(portion, "latin1"));
        for (let message = decoder.next(); message !== null; message = decoder.next())
          for (const read of [readServerError, readRow, readColumns, (body: Buffer) => readLoginRequest({ type: "R", body })])
            try {
              read(message.body);
            } catch (error) {
              if (!isFailure(error)) throw error;
            }
      }
    },
    refuses: isFailure,
  },
  ldap: {
    modules: ["runner/net/ldap/message.ts", "runner/net/ldap/filter.ts"],
    parse(bytes) {
      try {
        encodeFilter(text(bytes));
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
      }
      const end = messageEnd(bytes, 0);
      if (end === null || end > bytes.length) return;
      const { operation } = readResponse(bytes.subarray(0, end));
      if (operation.tag === OPERATION.searchEntry) readEntry(operation);
      else readResult(operation);
    },
    refuses: (error) => error instanceof Asn1Error,
  },
  "traceroute-output": {
    modules: ["runner/net/traceroute/output.ts"],
    parse(bytes) {
      for (const line of text(bytes).split("\n")) for (const { flag } of readHopLine(line)?.probes ?? []) if (flag !== null) flagInWords(flag);
    },
  },
  "http-response": {
    modules: ["runner/net/http/response-parser.ts", "runner/net/http/alt-svc.ts"],
    parse(bytes) {
      alternativesOf(latin1(bytes));
      const events = { informational: nothing, head: nothing, data: nothing, end: nothing, upgraded: nothing, anomaly: nothing };
      const parser = new HttpResponseParser("GET", false, events);
      for (const portion of portions(bytes)) parser.push(portion);
      parser.close();
    },
    refuses: isFailure,
  },
  "tls-hello": {
    modules: ["runner/net/tls-hello/server-answer.ts"],
    parse: (bytes) => new ServerAnswerReader().read(bytes),
    refuses: (error) => error instanceof HelloError,
  },
  certificate: { modules: ["runner/asn1/certificate.ts"], parse: readCertificate, refuses: (error) => isOf(error, "Asn1Error") },
  "web-page": {
    modules: ["probes/webapp.security/html.ts", "probes/webapp.security/security-txt.ts"],
    parse(bytes) {
      const tags = tagsIn(text(bytes));
      plainHttpIn(tags);
      policiesInMeta(tags);
      securityTxtFaults(text(bytes), "text/plain", 0);
    },
  },
  ocsp: { modules: ["runner/asn1/ocsp.ts"], parse: readOcspResponse, refuses: (error) => isOf(error, "Asn1Error") },
  address: {
    modules: ["runner/net/smtp/mailbox.ts", "runner/mail/named-mailbox.ts"],
    parse(bytes) {
      parseMailbox(text(bytes));
      parseSender(text(bytes));
      parseNamedMailbox(text(bytes));
    },
  },
  header: {
    modules: [
      "runner/mail/header.ts",
      "runner/mail/authentication-results.ts",
      "runner/mail/charset.ts",
      "runner/mail/date.ts",
      "runner/mail/encoded-words.ts",
      "runner/mail/received.ts",
      "runner/mail/received-spf.ts",
    ],
    parse(bytes) {
      const body = latin1(bytes);
      parseHeader(body);
      parseAuthenticationResults(body, "receiver");
      parseDate(body);
      decodeWords(body);
      decodeBytes(body);
      decodeAs("iso-2022-jp", body);
      parseReceived(body);
      parseReceivedSpf(body);
    },
  },
  report: {
    modules: ["content-type", "delivery-status", "feedback-report", "original", "parts", "read-report"].map((name) => `runner/mail/report/${name}.ts`),
    parse: readReport,
  },
  verify: {
    modules: ["dkim-signature", "message-parts", "tag-list", "verify-arc", "verify-dkim"].map((name) => `runner/mail/verify/${name}.ts`),
    async parse(bytes) {
      const message = readMessage(bytes);
      await verifyDkim(message, VERIFYING);
      await verifyArc(message, VERIFYING);
    },
  },
  "domain-report": {
    modules: ["aggregate", "read-domain-report", "tls", "unpack", "zip"].map((name) => `runner/mail/domain-report/${name}.ts`),
    parse: readDomainReport,
    refuses: isFailure,
  },
  "dkim-key": { modules: ["runner/mail/dkim/read-key-record.ts"], parse: (bytes) => readKeyRecord([text(bytes)]) },
  dmarc: { modules: ["runner/mail/dmarc/read-record.ts"], parse: (bytes) => readDmarcRecord(text(bytes)) },
  spf: {
    modules: ["runner/mail/spf/record.ts", "runner/mail/spf/macros.ts", "runner/mail/spf/ip-address.ts"],
    parse(bytes) {
      parseSpfRecord(text(bytes));
      parseMacroString(text(bytes), true);
      parseIp(text(bytes));
      parseWrittenIp(text(bytes));
    },
  },
  "mta-sts": {
    modules: ["runner/tls-policy/sts/read-policy.ts", "runner/tls-policy/sts/record.ts", "runner/tls-policy/report-record.ts"],
    parse(bytes) {
      readStsPolicy(text(bytes));
      readStsRecords([[bytes]]);
      readReportRecords([[bytes]]);
    },
  },
  queue: {
    modules: [
      ...["job", "consumed-event", "read-event", "last-failure"].map((name) => `runner/queue/${name}.ts`),
      ...["envelope", "lease-records", "stored-fields"].map((name) => `runner/queue/nats/${name}.ts`),
      "runner/queue/redis/job-data.ts",
    ],
    parse(bytes) {
      readJob(text(bytes));
      readConsumedEvent(text(bytes));
      readFailure(text(bytes));
      recordIn(text(bytes));
      const headers = { get: () => text(bytes) };
      envelopeOf("jobs.queue.0.a", headers);
      deadLetterFieldsIn(headers);
      contentOf(fieldsIn(text(bytes)));
    },
  },
  suite: {
    modules: ["runner/suite/read.ts", "runner/suite/field-path.ts"],
    parse: (bytes) => readSuite("/suite.yaml", text(bytes), {}),
    refuses: (error) => error instanceof SuiteError,
  },
  "rest-body": {
    modules: ["probes/webapp.rest/json-body.ts"],
    parse(bytes) {
      const { body } = readJson(text(bytes));
      if (body.kind === "json") valueAtPointer(body.value, "/a/0");
    },
    refuses: (error) => error instanceof Error && error.constructor === Error,
  },
  dynamodb: {
    modules: ["probes/data.dynamodb/attribute-value.ts"],
    parse(bytes) {
      const item = fieldsIn(text(bytes));
      readAttributeValue(item);
      attributeAt({ ...item }, ["a", "0"]);
    },
    refuses: isFailure,
  },
  svg: { modules: ["runner/posture/bimi/svg.ts"], parse: (bytes) => judgeSvg(bytes) },
  xml: {
    modules: ["runner/xml/read-tag.ts", "runner/xml/read-xml.ts"],
    parse: (bytes) => textAtPath(xmlTree(text(bytes)), "/a/b[2]/@c"),
    refuses: (error) => isOf(error, "XmlError"),
  },
  transcript: { modules: ["runner/lab/transcript.ts"], parse: (bytes) => parseTranscript(text(bytes)), refuses: (error) => isOf(error, "TranscriptError") },
};

function isOf(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

/** Modules that the house test takes for parsers of hostile text, and that are none. */
export const NOT_HOSTILE: Readonly<Record<string, string>> = {
  "runner/mail/dkim/signing-key.ts": "reads our user's own key",
  "runner/net/dns/server-address.ts": "reads an address in an input, which is one short line",
  "runner/net/starttls/prelude-reader.ts": "bounded lines, matched by its callers",
  "runner/net/http/body-reader.ts": "stores bytes up to a bound and parses none",
  "runner/net/http/content-decoding.ts": "zlib of Node reads the bytes; the bound on what comes out has its own tests",
  "runner/watch/schedule/cron.ts": "reads one line of our user's own suite",
  "runner/net/transport/line-text.ts": "run by the parsers of replies",
};
