import { type Dovecot, startDovecot } from "./dovecot.js";
import { type Postfix, type PostfixOptions, startPostfix } from "./postfix.js";
import { type Postgrey, startPostgrey } from "./postgrey.js";

export interface MailSystem {
  /** Takes mail at its submission port, after STARTTLS and a login. */
  readonly postfix: Postfix;
  /** Serves alice's mailbox: postfix delivers to its LMTP server. */
  readonly dovecot: Dovecot;
  /** From then on no server accepts mail. */
  stopPostfix(): Promise<void>;
  stop(): Promise<void>;
}

export interface MailSystemOptions {
  /** How long postgrey defers a new client. Null: no greylisting. */
  readonly greylistSeconds?: number | null;
  /** Over ours, in main.cf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A whole mail system of Debian's servers: postfix with postgrey and dovecot, on free ports of the loopback. */
export async function startMailSystem({ greylistSeconds = null, settings = {} }: MailSystemOptions = {}): Promise<MailSystem> {
  const running: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    // Clients stop first: postgrey does not exit while one is connected.
    for (const each of running.splice(0).reverse()) await each.stop();
  };
  const started = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
    running.push(server);
    return server;
  };
  try {
    const dovecot = started(await startDovecot());
    const postgrey = greylistSeconds === null ? null : started(await startPostgrey(greylistSeconds));
    const postfix = started(await startPostfix(postfixOptions(dovecot, postgrey, settings)));
    const stopPostfix = async (): Promise<void> => {
      running.splice(running.indexOf(postfix), 1);
      await postfix.stop();
    };
    return { postfix, dovecot, stopPostfix, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function postfixOptions({ lmtpSocket }: Dovecot, postgrey: Postgrey | null, settings: Readonly<Record<string, string>>): PostfixOptions {
  const greylisting =
    postgrey === null ? {} : { submission_recipient_restrictions: `check_policy_service ${postgrey.service}, permit_sasl_authenticated, reject` };
  return {
    settings: () => ({
      virtual_transport: `lmtp:unix:${lmtpSocket}`,
      // Mail for alice+Junk is hers as well: dovecot files it into Junk.
      recipient_delimiter: "+",
      ...greylisting,
      ...settings,
    }),
  };
}
