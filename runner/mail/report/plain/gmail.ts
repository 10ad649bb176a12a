import type { PlainReader } from "./reader.js";

/** Gmail in its own words: the address by itself or in a sentence, and what the other server said. */
export const gmail: PlainReader = {
  format: "gmail",
  mark: /^(?:Delivery to the following recipients? (?:failed permanently|has been delayed)|\*\* (?:Address not found|Message (?:not delivered|blocked)|Delivery incomplete|Recipient inbox full)|Your message (?:wasn't|to .{1,320} has been) (?:delivered to|blocked|delayed))/im,
  original: /^---+ (?:Original message|Message header follows)/i,
  delay: /has been delayed|Delivery incomplete|Gmail will retry/i,
  read: ({ lines }) => {
    const all = lines.join("\n");
    const listed = [...all.matchAll(/^ {2,}([^\s<>]{1,64}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9])\s*$/gm)].map(([, address]) => address as string);
    const [, named] = /(?:delivered to|delivering your message to|Your message to)\s+([^\s<>]{1,64}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9])/.exec(all) ?? [];
    const addresses = listed.length > 0 ? listed : named === undefined ? [] : [named];
    const [, said = ""] =
      /(?:The error that the other server returned was|The response(?: from the remote server)? was):[ \t]{0,9}\n{1,9}((?:.+(?:\n|$))+)/i.exec(all) ?? [];
    const [, remoteMta = null] = /recipient domain \S+ by ([A-Za-z0-9.-]{1,255}?)\.? ?\[/.exec(all.replaceAll("\n", " ")) ?? [];
    const diagnostic = said.replace(/\s+/g, " ").trim() || null;
    return [...new Set(addresses)].map((address) => ({ address, action: null, diagnostic, remoteMta }));
  },
};
