/** Secrets and sessions stand apart from the log: what is kept there for years is kept here for hours. */
export const accountMigrations = [
  `CREATE TABLE account (
     name         TEXT PRIMARY KEY,
     user_id      TEXT NOT NULL UNIQUE,
     display_name TEXT NOT NULL,
     role         TEXT NOT NULL,
     salt         BLOB NOT NULL,
     verifier     BLOB NOT NULL,
     must_change  INTEGER NOT NULL,
     failures     INTEGER NOT NULL DEFAULT 0,
     locked_until INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE TABLE session (
     token_hash TEXT PRIMARY KEY,
     user_id    TEXT NOT NULL,
     not_after  INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE grant_of (
     id        TEXT PRIMARY KEY,
     user_id   TEXT NOT NULL,
     role      TEXT NOT NULL,
     desk      TEXT NOT NULL,
     issued_at INTEGER NOT NULL,
     not_after INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE api_key (key_hash TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
   CREATE TABLE enrolment (code_hash TEXT PRIMARY KEY, not_after INTEGER NOT NULL) STRICT;
   CREATE TABLE desk (
     id         TEXT PRIMARY KEY,
     public_key TEXT NOT NULL,
     revoked_at INTEGER
   ) STRICT`,
  `ALTER TABLE account ADD COLUMN disabled_at INTEGER;
   -- Two accounts whose names differ in capitals only would be taken for one another.
   CREATE UNIQUE INDEX account_name ON account (name COLLATE NOCASE);
   CREATE INDEX session_user ON session (user_id);
   -- A grant is kept after its end: an outbox may bring a command that was made under it.
   ALTER TABLE grant_of ADD COLUMN revoked_at INTEGER;
   CREATE INDEX grant_user ON grant_of (user_id);
   ALTER TABLE api_key ADD COLUMN revoked_at INTEGER;
   -- The desk that a code is for; without one it takes in a new desk and replaces none.
   ALTER TABLE enrolment ADD COLUMN desk TEXT`,
  `-- Under which a person works after signing in at their desk while this server was away.
   ALTER TABLE grant_of ADD COLUMN is_offline INTEGER NOT NULL DEFAULT 0;
   -- What was given under an older password signs nobody in any more.
   ALTER TABLE account ADD COLUMN password_at INTEGER NOT NULL DEFAULT 0`,
  `-- The grant that a session was given with: the two are taken back together.
   ALTER TABLE session ADD COLUMN grant_id TEXT;
   CREATE INDEX grant_end ON grant_of (not_after);
   -- From when on somebody had another role: what they made before is judged by the one before.
   CREATE TABLE role_set (user_id TEXT NOT NULL, at INTEGER NOT NULL, role TEXT NOT NULL) STRICT;
   CREATE INDEX role_set_user ON role_set (user_id, at);
   ALTER TABLE desk ADD COLUMN enrolled_at INTEGER;
   ALTER TABLE desk ADD COLUMN seen_at INTEGER;
   -- What was done in this file and the log is still to hold; see \`due.ts\`.
   CREATE TABLE due (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, what TEXT NOT NULL) STRICT`,
  `ALTER TABLE api_key ADD COLUMN made_at INTEGER;
   ALTER TABLE api_key ADD COLUMN used_at INTEGER;
   -- Doings of a window's, by the id that it gave them: what is asked again after a lost answer is done once.
   CREATE TABLE administered (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
   CREATE INDEX administered_at ON administered (at)`,
] as const;
