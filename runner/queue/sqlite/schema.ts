/** Identifies a file as a probe-run queue (PRAGMA application_id): "prbq". */
export const APPLICATION_ID = 0x70726271;
/** The version of the tables below (PRAGMA user_version). */
export const SCHEMA_VERSION = 2;

/** One table per channel. */
export type TableName = "job" | "result";

/** The state of a message. The numbers are stored. */
export const STATE = {
  ready: 0,
  delayed: 1,
  leased: 2,
  /** Due, but held back by the limit of its key: claims do not read it. */
  parked: 3,
  /** Finished: only its id is kept, for de-duplication. */
  done: 4,
  dead: 5,
} as const;

/**
 * Before the first table. The size applies to new files only: twice the default, since a result fills half a page of that, and a commit and a checkpoint
 * take two calls of the system for each page.
 */
export const FILE_SETTINGS = ["PRAGMA page_size = 8192", "PRAGMA journal_mode = WAL"] as const;

export const SCHEMA = `
  CREATE TABLE clock (boot TEXT NOT NULL, base REAL NOT NULL, seen REAL NOT NULL) STRICT;
  ${channelTables("job")}
  ${channelTables("result")}
`;

/** The statements that migrate from each version to the next. */
export const MIGRATIONS: Readonly<Record<number, string>> = {
  1: (["job", "result"] as const)
    .map(
      (name) => `ALTER TABLE ${name} ADD COLUMN kept TEXT;
      ALTER TABLE ${name} ADD COLUMN part INTEGER NOT NULL DEFAULT 1;
      ALTER TABLE ${name} ADD COLUMN weight INTEGER NOT NULL DEFAULT 1;`,
    )
    .join("\n"),
};

/**
 * `due` is null for ready and parked messages. Otherwise it is the time, by the store's clock, at which a delay or a lease ends, a done id expires,
 * or a message died. SQLite uses a partial index only if the query implies its condition: hence \`due IS NOT NULL\`, which every comparison with it
 * implies.
 */
function channelTables(name: TableName): string {
  return `
  CREATE TABLE ${name} (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    key TEXT,
    priority INTEGER NOT NULL,
    state INTEGER NOT NULL,
    due INTEGER,
    attempt INTEGER NOT NULL,
    lease INTEGER,
    failure TEXT,
    kept TEXT,
    part INTEGER NOT NULL DEFAULT 1,
    weight INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE INDEX ${name}_ready ON ${name} (priority DESC, sequence) WHERE state = ${STATE.ready};
  CREATE INDEX ${name}_due ON ${name} (state, due) WHERE due IS NOT NULL;
  CREATE INDEX ${name}_parked ON ${name} (key, priority DESC, sequence) WHERE state = ${STATE.parked};
  CREATE INDEX ${name}_leased ON ${name} (key) WHERE state = ${STATE.leased} AND key IS NOT NULL;
  CREATE TABLE ${name}_lane (key TEXT PRIMARY KEY, tokens REAL NOT NULL, filled REAL NOT NULL, opens REAL) STRICT, WITHOUT ROWID;
  CREATE INDEX ${name}_lane_opens ON ${name}_lane (opens) WHERE opens IS NOT NULL;
  CREATE TABLE ${name}_pause (since REAL NOT NULL) STRICT;`;
}
