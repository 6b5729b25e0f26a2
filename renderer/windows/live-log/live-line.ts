import type { ReferenceData } from '#domain/reference-data.ts';
import type { ViewReason } from '#domain/view-reason.ts';
import { windowDown, type WindowDown } from '#protocol/down.ts';
import type { Found } from '#protocol/query.ts';
import type { WindowUp } from '#protocol/up.ts';
import { subprotocol } from '#protocol/version.ts';
import type { IncidentDetail, Line, SeatRow } from '#protocol/view.ts';
import { empty, takeRows, type LiveStore, type Print } from './live-store.ts';

const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 2_000; // a server that is back is found within this
const PING_MS = 2_000;
const DEAD_MS = 5_000;
const TOUCH_EVERY_MS = 30_000; // far within the idle limit, and no flood
const OVER = 4401; // the session is over: see `server/web/seat-line.ts`

const overWords: Readonly<Record<string, string>> = {
  idle: 'Signed out: nobody had touched this seat for a quarter of an hour.',
  'too-long': 'Signed out: a session here ends after eight hours.',
  revoked: 'Signed out: this session was taken back, or the account was closed.',
  'not-permitted': 'Signed out: your role may not follow a log here any more.',
  'signed-out': 'Signed out.',
};
const OVER_SOMEHOW = 'Signed out: this session is over.';

export interface LivePorts {
  readonly now: () => number;
  readonly after: (ms: number, work: () => void) => void;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Everything between this seat and its server: who sits here by HTTP, what is shown over one socket. The
 * socket may break at any moment; what was on screen stays, with its age, and what was followed is asked
 * for again with its reason. A session that is over takes everything off the screen.
 */
export class LiveLine {
  readonly #store: LiveStore;
  readonly #ports: LivePorts;
  #socket: WebSocket | undefined;
  #delayMs = 0;
  #asked = 0;
  /** Each sign-in and each end of one makes a new life; what was begun in an earlier one is let go. */
  #life = 0;

  constructor(store: LiveStore, ports: LivePorts) {
    this.#store = store;
    this.#ports = ports;
  }

  /** Whether somebody sits here already, as after a reload. */
  async begin(): Promise<void> {
    const answer = await this.#http('GET', '/live-log/session');
    if (answer?.status === 200) return this.#signedIn(answer);
    if (answer) return this.#store.setState({ link: 'signed-out' });
    this.#store.setState({ link: 'lost' });
    this.#ports.after(RETRY_MAX_MS, () => void this.begin());
  }

  async signIn(name: string, password: string, newPassword: string): Promise<void> {
    this.#store.setState({ isAsking: true, problem: '' });
    const answer = await this.#http('POST', '/live-log/session', {
      name,
      password,
      ...(newPassword !== '' && { newPassword }),
    });
    this.#store.setState({ isAsking: false });
    if (answer?.status === 200) return this.#signedIn(answer);
    const reason = answer?.body['reason'];
    this.#store.setState({
      needsNewPassword: reason === 'password-change-needed' || reason === 'weak-password',
      problem: answer ? String(answer.body['message']) : 'The server does not answer. Try again.',
    });
  }

  async signOut(): Promise<void> {
    const answer = await this.#http('DELETE', '/live-log/session');
    // Nothing stays on screen, whether the server heard it or not; unheard, its time runs out there.
    this.#over(answer ? 'signed-out' : 'idle');
    if (!answer)
      this.#store.setState({
        problem:
          'Signed out here. The server did not answer: close this browser, and it ends there by itself.',
      });
  }

  /** Somebody is there. Told to the server now and then, so that it does not end the session. */
  touch(): void {
    const { session, touchedAt } = this.#store.getState();
    const now = this.#ports.now();
    if (!session || now - touchedAt < TOUCH_EVERY_MS) return;
    this.#store.setState({ touchedAt: now });
    void this.#stillHere();
  }

  async #stillHere(): Promise<void> {
    const life = this.#life;
    const answer = await this.#http('PUT', '/live-log/session');
    if (answer?.status === 401 && life === this.#life) this.#over('');
  }

  find(text: string): void {
    this.#asked += 1;
    this.#store.setState({ find: { state: 'asking', text, rows: [], message: '' }, chosen: 0 });
    this.#frame({ frame: 'query', id: `f${this.#asked}`, query: 'find', params: { text } });
  }

  /** Follows one incident, and nothing else: what was followed before is let go. */
  follow(incident: string, reason: ViewReason): void {
    this.unfollow();
    this.#store.setState({ followed: { incident, reason, isShown: false }, notice: '' });
    this.#subscribe();
  }

  unfollow(): void {
    const { followed } = this.#store.getState();
    if (followed) this.#frame({ frame: 'unsubscribe', sub: followed.incident });
    const { detail, lines, unread, isAtEnd, print } = empty;
    this.#store.setState({ followed: undefined, detail, lines, unread, isAtEnd, print });
  }

  /** Resolves once the print is on record and its paper can be made; false where it is not. */
  async print(): Promise<boolean> {
    const { followed } = this.#store.getState();
    if (!followed?.isShown) return false;
    const answer = await this.#http('POST', '/live-log/prints', { incident: followed.incident });
    if (answer?.status === 201) {
      // As the server says it; its tests hold what that is.
      this.#store.setState({ print: answer.body as unknown as Print, notice: '' });
      return true;
    }
    this.#store.setState({
      notice:
        'Not printed: the server could not put it on record. Try again when the line is back.',
    });
    return false;
  }

  #signedIn({ body }: Answer): void {
    const { user, until, idleMs } = body as {
      user: { displayName: string; role: string };
      until: number;
      idleMs: number;
    }; // as the server says it
    this.#life += 1;
    this.#delayMs = 0;
    this.#store.setState({
      link: 'joining',
      problem: '',
      needsNewPassword: false,
      touchedAt: this.#ports.now(),
      session: { displayName: user.displayName, role: user.role, until, idleMs },
    });
    void this.#join(this.#life);
  }

  /** The session is over: everything that was shown goes off the screen. */
  #over(why: string): void {
    this.#life += 1;
    this.#socket?.close();
    this.#socket = undefined;
    this.#store.setState({
      ...empty,
      link: 'signed-out',
      problem: overWords[why] ?? OVER_SOMEHOW,
    });
  }

  async #join(life: number): Promise<void> {
    const answer = await this.#http('POST', '/ws-ticket');
    if (life !== this.#life) return;
    if (answer?.status === 401) return this.#over('');
    if (answer?.status !== 201) return this.#retry(life);
    const { host, protocol } = window.location;
    const url = `${protocol.replace('http', 'ws')}//${host}/window`;
    // The ticket travels as a subprotocol: it never appears in a URL or a log.
    const socket = new WebSocket(url, [subprotocol, String(answer.body['ticket'])]);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#joined(socket));
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#hear(String(data));
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (life !== this.#life || socket !== this.#socket) return;
      this.#socket = undefined;
      if (code === OVER) this.#over(reason);
      else this.#retry(life);
    });
  }

  #joined(socket: WebSocket): void {
    this.#delayMs = 0;
    this.#store.setState({ link: 'live', heardAt: this.#ports.now() });
    this.#frame({ frame: 'subscribe', sub: 'seat', view: 'seat' });
    this.#frame({ frame: 'subscribe', sub: 'reference-data', view: 'reference-data' });
    this.#subscribe();
    const { find } = this.#store.getState();
    if (find?.state === 'asking') this.find(find.text);
    this.#beat(socket, this.#ports.now());
  }

  #retry(life: number): void {
    this.#store.setState({ link: 'lost' });
    this.#delayMs = Math.min(RETRY_MAX_MS, this.#delayMs * 2 || RETRY_FIRST_MS);
    this.#ports.after(this.#delayMs, () => {
      if (life === this.#life) void this.#join(life);
    });
  }

  #beat(socket: WebSocket, lastBeatAt: number): void {
    this.#ports.after(PING_MS, () => {
      if (socket !== this.#socket) return;
      const now = this.#ports.now();
      // A page that slept heard nothing because nobody listened: only a beat in time can judge.
      const wasAwake = now - lastBeatAt < PING_MS * 2;
      if (wasAwake && now - this.#store.getState().heardAt > DEAD_MS) {
        this.#socket = undefined;
        socket.close();
        return this.#retry(this.#life);
      }
      this.#frame({ frame: 'ping', t0: now });
      this.#beat(socket, now);
    });
  }

  #subscribe(): void {
    const { followed } = this.#store.getState();
    if (!followed) return;
    const { incident, reason } = followed;
    const { code, text } = reason;
    this.#frame({
      frame: 'subscribe',
      sub: incident,
      view: 'incident',
      key: incident,
      reason: { code, text },
    });
  }

  #frame(frame: WindowUp): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #hear(text: string): void {
    this.#store.setState({ heardAt: this.#ports.now() });
    const frame: WindowDown | undefined = windowDown.safeParse(JSON.parse(text)).data;
    switch (frame?.frame) {
      case 'view': {
        // The shapes of rows are the server's word; each cast names the view that was asked for.
        const { sub, reset, remove, upsert } = frame;
        const [row] = upsert;
        if (sub === 'seat') return this.#store.setState({ seat: row as unknown as SeatRow });
        if (sub === 'reference-data')
          return this.#store.setState({
            reference: (row as unknown as { data: ReferenceData }).data,
          });
        const state = this.#store.getState();
        if (sub !== state.followed?.incident) return undefined; // on its way when it was let go
        const rows = upsert as unknown as (IncidentDetail | Line)[];
        return this.#store.setState(takeRows(state, { reset, remove, upsert: rows }));
      }
      case 'result': {
        const { find } = this.#store.getState();
        if (!find || frame.id !== `f${this.#asked}`) return undefined;
        const { outcome } = frame;
        return outcome.kind === 'rows'
          ? this.#store.setState({
              find: { ...find, state: 'answered', rows: outcome.rows as Found[] },
            })
          : this.#store.setState({ find: { ...find, state: 'failed', message: outcome.message } });
      }
      case 'refused':
        return this.#refused(frame.message, frame.id);
      default:
        return undefined; // a pong: that it came is all there is to know
    }
  }

  #refused(message: string, id: string | undefined): void {
    const { followed, find } = this.#store.getState();
    if (id !== undefined && id === followed?.incident) {
      // Nothing is shown of it; what it was asked for with is still there to be asked again.
      const { incident, reason } = followed;
      this.#store.setState({
        followed: undefined,
        detail: undefined,
        lines: [],
        unread: [],
        asking: { incident, code: reason.code, text: reason.text, problem: message },
      });
      return;
    }
    if (find && id === `f${this.#asked}`)
      this.#store.setState({ find: { ...find, state: 'failed', message } });
    else this.#store.setState({ notice: message });
  }

  /** Undefined where the server does not answer. */
  async #http(method: string, path: string, body?: object): Promise<Answer | undefined> {
    try {
      const response = await fetch(path, {
        method,
        cache: 'no-store',
        credentials: 'same-origin',
        ...(body && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text === '' ? {} : (JSON.parse(text) as Answer['body']),
      };
    } catch {
      return undefined; // refused, reset, or no answer of ours: nobody is there
    }
  }
}
