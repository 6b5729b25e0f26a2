import { multistream, pino, type Logger } from 'pino';

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

const SETTINGS = {
  base: null,
  redact: {
    paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
    censor: '[kept out]',
  },
} as const;

/** The technical log: ids, routes, codes and times. No body, no header, no personal data. */
export const createLogger = (write: (line: string) => void, level = 'info'): Logger =>
  pino({ ...SETTINGS, level }, { write: (line: string) => write(line.trimEnd()) });

/** The same into a file, all of it; what went wrong is told beside it, as without one. */
export const createFileLogger = (
  file: { write(line: string): void },
  told: (line: string) => void,
): Logger =>
  pino(
    { ...SETTINGS, level: 'info' },
    multistream([
      { level: 'info', stream: file },
      { level: 'error', stream: { write: (line: string) => told(line.trimEnd()) } },
    ]),
  );
