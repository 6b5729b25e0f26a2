import { pino, type Logger } from 'pino';

// What must never stand in a technical log, wherever it hangs: the secret, not the fact that there was one.
const SECRETS = [
  'password',
  'newPassword',
  'token',
  'code',
  'key',
  'authorization',
  'cookie',
  'body',
  'headers',
];

/** The technical log: ids, routes, codes and times. No body, no header, no personal data. */
export const createLogger = (write: (line: string) => void, level = 'info'): Logger =>
  pino(
    {
      level,
      base: null,
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '[kept out]',
      },
    },
    { write: (line: string) => write(line.trimEnd()) },
  );
