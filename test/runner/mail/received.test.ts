import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHeader } from "../../../runner/mail/header.js";
import { HEADER_LIMITS } from "../../../runner/mail/limits.js";
import { parseReceived, receivedHops } from "../../../runner/mail/received.js";
import type { ReceivedHop } from "../../../schemas/received.js";
import { processorMs } from "../../support/processor-ms.js";

const NOTHING: ReceivedHop = {
  from: null,
  helo: null,
  ip_address: null,
  by: null,
  with: null,
  id: null,
  for: null,
  tls: null,
  date: null,
  delay_to_next_seconds: null,
};
const DATE = "2026-11-20T02:41:46Z";

interface Case {
  readonly server: string;
  readonly written: string;
  readonly hop: Partial<ReceivedHop>;
}

/** As these servers write them, with names and addresses of examples. */
const CASES: readonly Case[] = [
  {
    server: "postfix, over TLS",
    written:
      "from out.example.com (out.example.com [192.0.2.1])\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\t(No client certificate requested)\tby mx.example.org (Postfix) with ESMTPS id 4dC0001x2y3z\tfor <ada@example.org>; Fri, 20 Nov 2026 02:41:46 +0000 (UTC)",
    hop: {
      from: "out.example.com",
      ip_address: "192.0.2.1",
      by: "mx.example.org",
      with: "ESMTPS",
      id: "4dC0001x2y3z",
      for: "ada@example.org",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256 },
      date: DATE,
    },
  },
  {
    server: "postfix, from a host without a name, over IPv6, who logged in",
    written:
      "from [10.0.0.5] (unknown [IPv6:2001:db8::7])\t(Authenticated sender: bob)\tby mail.example.com (Postfix) with ESMTPSA id 1A2B3C;\tFri, 20 Nov 2026 03:41:46 +0100 (CET)",
    hop: { from: "10.0.0.5", ip_address: "2001:db8::7", by: "mail.example.com", with: "ESMTPSA", id: "1A2B3C", date: DATE },
  },
  {
    server: "postfix, from sendmail's command on its own machine",
    written: "by mail.example.com (Postfix, from userid 1000)\tid 5D6E7F; Fri, 20 Nov 2026 02:41:46 +0000 (UTC)",
    hop: { by: "mail.example.com", id: "5D6E7F", date: DATE },
  },
  {
    server: "exim, over TLS",
    written:
      "from out.example.com ([192.0.2.1]:52010 helo=mailer.example.com)\tby mx.example.org with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\t(Exim 4.96)\t(envelope-from <bob@example.com>)\tid 1tDx2y-000abc-1Z\tfor ada@example.org;\tFri, 20 Nov 2026 02:41:46 +0000",
    hop: {
      from: "out.example.com",
      helo: "mailer.example.com",
      ip_address: "192.0.2.1",
      by: "mx.example.org",
      with: "esmtps",
      id: "1tDx2y-000abc-1Z",
      for: "ada@example.org",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: null },
      date: DATE,
    },
  },
  {
    server: "exim of old, from a host without a name",
    written:
      "from [192.0.2.1] (helo=mailer.example.com)\tby mx.example.org with esmtps (TLS1.2:ECDHE-RSA-AES256-GCM-SHA384:256)\t(Exim 4.89)\t(envelope-from <bob@example.com>)\tid 1tDx2y-000abc-1Z; Fri, 20 Nov 2026 02:41:46 +0000",
    hop: {
      from: "192.0.2.1",
      helo: "mailer.example.com",
      ip_address: "192.0.2.1",
      by: "mx.example.org",
      with: "esmtps",
      id: "1tDx2y-000abc-1Z",
      tls: { version: "TLSv1.2", cipher: "ECDHE-RSA-AES256-GCM-SHA384", bits: 256 },
      date: DATE,
    },
  },
  {
    server: "exim, from its own machine",
    written:
      "from www-data by mail.example.com with local (Exim 4.96)\t(envelope-from <www-data@example.com>)\tid 1tDx2y-000abc-1Z; Fri, 20 Nov 2026 02:41:46 +0000",
    hop: { from: "www-data", by: "mail.example.com", with: "local", id: "1tDx2y-000abc-1Z", date: DATE },
  },
  {
    server: "sendmail",
    written:
      "from out.example.com (IDENT:bob@out.example.com [192.0.2.1] (may be forged))\tby mx.example.org (8.17.1/8.17.1/Debian-2) with ESMTPS id 5AK2fk12345\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NOT)\tfor <ada@example.org>; Fri, 20 Nov 2026 02:41:46 GMT",
    hop: {
      from: "out.example.com",
      ip_address: "192.0.2.1",
      by: "mx.example.org",
      with: "ESMTPS",
      id: "5AK2fk12345",
      for: "ada@example.org",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256 },
      date: DATE,
    },
  },
  {
    server: "Gmail, from elsewhere",
    written:
      "from out.example.com (out.example.com. [192.0.2.1])        by mx.google.com with ESMTPS id a1-20020a0564021234si123456edx.12.2026.11.19.18.41.46        for <ada@example.org>        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);        Thu, 19 Nov 2026 18:41:46 -0800 (PST)",
    hop: {
      from: "out.example.com",
      ip_address: "192.0.2.1",
      by: "mx.google.com",
      with: "ESMTPS",
      id: "a1-20020a0564021234si123456edx.12.2026.11.19.18.41.46",
      for: "ada@example.org",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256 },
      date: DATE,
    },
  },
  {
    server: "Gmail, within",
    written: "by 2002:a05:6a00:1234:b0:6c1 with SMTP id abc123csp45678; Thu, 19 Nov 2026 18:41:46 -0800 (PST)",
    hop: { by: "2002:a05:6a00:1234:b0:6c1", with: "SMTP", id: "abc123csp45678", date: DATE },
  },
  {
    server: "Exchange Online",
    written:
      "from AB0PR01MB1234.eurprd01.example.com (2001:db8:208:15::5) by CD0PR01MB5678.eurprd01.example.com (2001:db8:208:aa::19) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.9000.10; Fri, 20 Nov 2026 02:41:46 +0000",
    hop: {
      from: "AB0PR01MB1234.eurprd01.example.com",
      ip_address: "2001:db8:208:15::5",
      by: "CD0PR01MB5678.eurprd01.example.com",
      with: "Microsoft SMTP Server",
      id: "15.20.9000.10",
      tls: { version: "TLSv1.2", cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", bits: null },
      date: DATE,
    },
  },
  {
    server: "Exchange Online, between its parts",
    written:
      "from AB0EUR05FT003.eop-eur05.example.com (2001:db8:600:1::aa) by AB0PR01CA0001.outlook.example.com (2001:db8:600:1::1) with Microsoft SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.9000.10 via Frontend Transport; Fri, 20 Nov 2026 02:41:46 +0000",
    hop: {
      from: "AB0EUR05FT003.eop-eur05.example.com",
      ip_address: "2001:db8:600:1::aa",
      by: "AB0PR01CA0001.outlook.example.com",
      with: "Microsoft SMTP Server",
      id: "15.20.9000.10",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: null },
      date: DATE,
    },
  },
  {
    server: "Exchange, from a mailbox",
    written: "from CD0PR01.example.com ([::1]) by CD0PR01.example.com ([fe80::1%7]) with mapi id 15.20.9000.10; Fri, 20 Nov 2026 02:41:46 +0000",
    hop: { from: "CD0PR01.example.com", ip_address: "::1", by: "CD0PR01.example.com", with: "mapi", id: "15.20.9000.10", date: DATE },
  },
  {
    server: "qmail, from the network",
    written: "from unknown (HELO mailer.example.com) (192.0.2.1)  by mx.example.org with SMTP; 20 Nov 2026 02:41:46 -0000",
    hop: { from: "unknown", helo: "mailer.example.com", ip_address: "192.0.2.1", by: "mx.example.org", with: "SMTP", date: DATE },
  },
  {
    server: "qmail, who logged in",
    written: "from host.example.com (HELO laptop) (bob@example.com@192.0.2.1)  by mail.example.com with ESMTPA; 20 Nov 2026 02:41:46 -0000",
    hop: { from: "host.example.com", helo: "laptop", ip_address: "192.0.2.1", by: "mail.example.com", with: "ESMTPA", date: DATE },
  },
  { server: "qmail, within", written: "(qmail 12345 invoked by uid 89); 20 Nov 2026 02:41:46 -0000", hop: { date: DATE } },
  {
    server: "Yahoo",
    written:
      "from 192.0.2.1 (EHLO out.example.com) by 10.222.150.21 with SMTPs (version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256); Fri, 20 Nov 2026 02:41:46 +0000",
    hop: {
      from: "192.0.2.1",
      helo: "out.example.com",
      ip_address: "192.0.2.1",
      by: "10.222.150.21",
      with: "SMTPs",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", bits: null },
      date: DATE,
    },
  },
  {
    server: "dovecot",
    written:
      "from mx.example.org\tby imap.example.org with LMTP\tid kJx7Gm7+HWdAbQAA1234\t(envelope-from <bob@example.com>)\tfor <ada@example.org>; Fri, 20 Nov 2026 02:41:46 +0000",
    hop: { from: "mx.example.org", by: "imap.example.org", with: "LMTP", id: "kJx7Gm7+HWdAbQAA1234", for: "ada@example.org", date: DATE },
  },
  {
    server: "cyrus",
    written: "from mx.example.org ([unix socket])\t by imap.example.org (Cyrus 3.6.1-Debian) with LMTPA;\t Fri, 20 Nov 2026 02:41:46 +0000",
    hop: { from: "mx.example.org", by: "imap.example.org", with: "LMTPA", date: DATE },
  },
  {
    server: "OpenSMTPD",
    written:
      "from out.example.com (out.example.com [192.0.2.1])\tby mx.example.org (OpenSMTPD) with ESMTPS id 12ab34cd (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO)\tfor <ada@example.org>;\tFri, 20 Nov 2026 02:41:46 +0000 (UTC)",
    hop: {
      from: "out.example.com",
      ip_address: "192.0.2.1",
      by: "mx.example.org",
      with: "ESMTPS",
      id: "12ab34cd",
      for: "ada@example.org",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256 },
      date: DATE,
    },
  },
  {
    server: "haraka",
    written:
      "from out.example.com ([192.0.2.1])\tby mx.example.org (Haraka/3.0.3) with ESMTPS id 0A1B-2C3D.1\tenvelope-from <bob@example.com>\ttls TLS_AES_256_GCM_SHA384 ;\tFri, 20 Nov 2026 02:41:46 +0000",
    hop: { from: "out.example.com", ip_address: "192.0.2.1", by: "mx.example.org", with: "ESMTPS", id: "0A1B-2C3D.1", date: DATE },
  },
  {
    server: "a program in Python",
    written: "from out.example.com by mx.example.org; Fri Nov 20 02:41:46 2026",
    hop: { from: "out.example.com", by: "mx.example.org", date: DATE },
  },
  {
    server: "a writer that never closes a parenthesis",
    written: "from out.example.com (out [192.0.2.1] by mx.example.org with SMTP; Fri, 20 Nov 2026 02:41:46 +0000",
    hop: { from: "out.example.com", ip_address: "192.0.2.1", date: DATE },
  },
  {
    server: "a writer with a semicolon in a comment, and quotes",
    written: 'from out.example.com (they said; "hello" (twice \\))) by mx.example.org id "a;b" ; Fri, 20 Nov 2026 02:41:46 +0000',
    hop: { from: "out.example.com", by: "mx.example.org", id: "a;b", date: DATE },
  },
  { server: "a writer without a date", written: "from a by b with SMTP id c", hop: { from: "a", by: "b", with: "SMTP", id: "c" } },
  { server: "a writer with nothing", written: "", hop: {} },
  { server: "a writer with words only", written: "from by via with id for", hop: {} },
];

describe("a Received field by", () => {
  test.each(CASES)("$server", ({ written, hop }) => {
    expect(parseReceived(written)).toEqual({ ...NOTHING, ...hop });
  });
});

const at = (time: string): string => `Received: from a by b; Fri, 20 Nov 2026 ${time} +0000`;
const delays = (...lines: string[]): (number | null)[] => receivedHops(parseHeader(lines.join("\r\n"))).map((hop) => hop.delay_to_next_seconds);

describe("the hops of a message", () => {
  test("are in the order of travel, each with its delay to the next", () => {
    const header = parseHeader(
      "Received: from b by c; Fri, 20 Nov 2026 02:42:16 +0000\r\nX: x\r\nReceived: from a by b; Thu, 19 Nov 2026 18:41:46 -0800\r\n\r\n",
    );
    expect(receivedHops(header).map(({ from, delay_to_next_seconds }) => [from, delay_to_next_seconds])).toEqual([
      ["a", 30],
      ["b", null],
    ]);
  });

  test("with different clocks have a negative delay, which is reported", () => {
    expect(delays(at("02:42:00"), at("02:41:50"), at("02:41:58"))).toEqual([-8, 10, null]);
  });

  test("without a date have no delay, like the one before", () => {
    expect(delays(at("02:42:00"), "Received: from a by b", at("02:41:50"))).toEqual([null, null, null]);
  });

  test("are the newest ones of a message that went round and round", () => {
    const lines = Array.from({ length: HEADER_LIMITS.receivedHops + 5 }, (_, index) => `Received: from host${index} by b`);
    const hops = receivedHops(parseHeader(lines.join("\r\n")));
    expect([hops.length, hops.at(-1)?.from]).toEqual([HEADER_LIMITS.receivedHops, "host0"]);
  });

  test("any text is read without an error, and in time", () => {
    const pieces = fc.constantFrom(
      "from",
      "by",
      "with",
      "id",
      "for",
      "(",
      ")",
      "[192.0.2.1]",
      '"',
      "\\",
      ";",
      " ",
      "tls",
      "version=TLS1_3 cipher=x",
      "é",
      "Fri, 20 Nov 2026 02:41:46 +0000",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), fc.constantFrom("", " "), (words, glue) => {
        expect(Object.keys(parseReceived(words.join(glue)))).toEqual(Object.keys(NOTHING));
      }),
    );
    const readAll = (): void => {
      for (const piece of ["(", "from ", '"', "[1", "((;", "version=TLS1", "helo="]) parseReceived(piece.repeat(HEADER_LIMITS.fieldBytes / piece.length));
    };
    expect(processorMs(readAll)).toBeLessThan(1000);
  });
});
