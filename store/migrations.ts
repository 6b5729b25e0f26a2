import { dispatchedCallMigration } from './dispatched-calls.ts';
import { crimeStreetMigration, recordedCrimeMigration } from './recorded-crimes.ts';

/** Header and body of every event; on the server and on a desk alike. */
const events = `
  CREATE TABLE event (
    seq          INTEGER PRIMARY KEY CHECK (seq > 0),
    log_id       TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    command_id   TEXT NOT NULL,
    n            INTEGER NOT NULL CHECK (n >= 0),
    stream       TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    type         TEXT NOT NULL,
    type_version INTEGER NOT NULL,
    occurred_at  INTEGER NOT NULL,
    entered_at   INTEGER,
    recorded_at  INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    desk         TEXT NOT NULL,
    class        TEXT NOT NULL,
    body_hash    TEXT NOT NULL,
    prev_hash    TEXT NOT NULL,
    hash         TEXT NOT NULL,
    UNIQUE (command_id, n),
    UNIQUE (stream, version)
  ) STRICT;
  CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT raise(ABORT, 'an event is never changed'); END;
  CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
    BEGIN SELECT raise(ABORT, 'an event is never removed'); END;

  -- Apart from its header, so that it can be withheld or erased. The salt goes with it: without the
  -- salt nobody can try out what the hash in the header stands for.
  CREATE TABLE body (
    seq  INTEGER PRIMARY KEY REFERENCES event (seq),
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    text TEXT NOT NULL CHECK (json_valid(text))
  ) STRICT;`;

/** What every record folds to, where its events are shown, and what it is found by. Rebuilt, never migrated. */
const picture = `
  CREATE TABLE picture_meta (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    log_id     TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    cursor     INTEGER NOT NULL,
    chain_hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE entity (
    id               INTEGER PRIMARY KEY,
    stream           TEXT NOT NULL UNIQUE,
    kind             TEXT NOT NULL,
    version          INTEGER NOT NULL,
    decisive_version INTEGER NOT NULL,
    decisive_desk    TEXT NOT NULL,
    is_open          INTEGER NOT NULL,
    at               INTEGER NOT NULL,
    number           TEXT,
    state            TEXT NOT NULL
  ) STRICT;
  CREATE INDEX entity_open ON entity (kind) WHERE is_open = 1;
  CREATE INDEX entity_number ON entity (number) WHERE number IS NOT NULL;
  -- The events that are shown in the running log of a record, its own and others'.
  CREATE TABLE journal (
    subject TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (subject, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE entity_text USING fts5(words, tokenize = 'unicode61 remove_diacritics 2');`;

/** One entry a release, applied in order; an entry that has shipped is never edited. */
export const logMigrations = [
  `${events}
   CREATE TABLE log_meta (
     one    INTEGER PRIMARY KEY CHECK (one = 1),
     log_id TEXT NOT NULL,
     epoch  INTEGER NOT NULL
   ) STRICT;

   -- The idempotency row: the same command again gets the same answer, also a refusal.
   CREATE TABLE answer (
     command_id TEXT PRIMARY KEY,
     outbox_id  TEXT,
     desk_seq   INTEGER,
     answer     TEXT NOT NULL CHECK (json_valid(answer)),
     UNIQUE (outbox_id, desk_seq)
   ) STRICT;

   CREATE TABLE audit (
     seq         INTEGER PRIMARY KEY,
     at          INTEGER NOT NULL,
     recorded_at INTEGER NOT NULL,
     actor       TEXT NOT NULL,
     desk        TEXT NOT NULL,
     operation   TEXT NOT NULL,
     what        TEXT NOT NULL,
     subject     TEXT NOT NULL,
     outcome     TEXT NOT NULL,
     prev_hash   TEXT NOT NULL,
     hash        TEXT NOT NULL
   ) STRICT;
   CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
     BEGIN SELECT raise(ABORT, 'an audit row is never changed'); END;
   CREATE TRIGGER audit_is_never_removed BEFORE DELETE ON audit
     BEGIN SELECT raise(ABORT, 'an audit row is never removed'); END`,
  recordedCrimeMigration,
  // How far each desk's consultations have come, in the transaction of their audit rows.
  `CREATE TABLE consulted (outbox_id TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
   ${crimeStreetMigration}`,
  `-- The file that the log was begun or restored in: a copy of the folder is known by it.
   ALTER TABLE log_meta ADD COLUMN place TEXT;
   -- Restored from a back-up, and not heard yet what the desks have beyond it.
   ALTER TABLE log_meta ADD COLUMN awaits_tails INTEGER NOT NULL DEFAULT 0;
   -- What a desk had on record and this log could not take any more: kept word for word, for a person.
   CREATE TABLE tail_aside (
     hash        TEXT PRIMARY KEY,
     seq         INTEGER NOT NULL,
     stream      TEXT NOT NULL,
     command_id  TEXT NOT NULL,
     desk        TEXT NOT NULL,
     received_at INTEGER NOT NULL,
     event       TEXT NOT NULL CHECK (json_valid(event))
   ) STRICT;
   CREATE INDEX tail_aside_stream ON tail_aside (stream)`,
  // Of which records something is kept from a seat: they are few, and asked for at every look.
  `CREATE INDEX event_not_operational ON event (stream) WHERE class <> 'operational'`,
  dispatchedCallMigration,
] as const;

/** The server's read model, in a file of its own that can be thrown away and made again. */
export const pictureMigrations = [picture] as const;

/** A desk's replica: events, bodies, read model and cursor in one file, so one transaction holds them all. */
export const replicaMigrations = [
  `${events}${picture}`,
  recordedCrimeMigration,
  // A batch is whole here once its digest is the server's.
  `ALTER TABLE crime_batch ADD COLUMN digest TEXT;
   ${crimeStreetMigration}`,
  // How the calls of a day were answered is asked every few seconds, of a year of contacts.
  `CREATE INDEX entity_offered ON entity (json_extract(state, '$.offeredAt')) WHERE kind = 'contact'`,
] as const;
