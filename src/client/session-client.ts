import { type Cancellable, Requests } from './requests';
import { Session, type SessionInfo, sessionPath, type SessionPlace } from './session';
import {
  type CreateSessionRequest, type CreateSessionResponse, IDEMPOTENCY_HEADER, type SessionListResponse, SESSIONS_ROUTES,
} from '../protocol/sessions-api';

/** How to reach the gateway. */
export interface SessionClientOptions {
  /** URL of the gateway. */
  readonly url: string;

  /** Token or API key. A function is asked for each request, so that it can give a new one before the old one ends. */
  readonly token: string | (() => string | Promise<string>);

  /**
   * What requests are sent with.
   *
   * @default - the `fetch` of Node or of the browser
   */
  readonly fetch?: typeof globalThis.fetch;
}

/** What a new session is to be. */
export interface CreateSessionOptions extends SessionPlace, Cancellable {
  /**
   * Seconds until the session ends; at most what the pool allows.
   *
   * @default - what the pool allows
   */
  readonly ttlSeconds?: number;

  /**
   * Longest time without activity, a duration as Go writes it: `15m`; from `10s`.
   *
   * @default - that of the pool
   */
  readonly idleTimeout?: string;

  /**
   * Environment of all commands.
   *
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * What you want to know about it later.
   *
   * @default - nothing
   */
  readonly metadata?: Readonly<Record<string, string>>;

  /**
   * Asking again with the same key and the same options gives the same session.
   *
   * @default - one that is never used again
   */
  readonly idempotencyKey?: string;
}

/**
 * Makes, finds and lists sessions through the gateway. Everything rejects with a `SessionError`; what is refused for a moment
 * only is asked for again a few times, if nothing can be done twice by that.
 */
export class SessionClient {
  private readonly requests: Requests;

  constructor(options: SessionClientOptions) {
    this.requests = new Requests(options);
  }

  /** Makes a session, and waits until it can be used. */
  public async createSession(options: CreateSessionOptions): Promise<Session> {
    const { namespace, name, kind = 'code-interpreter', ttlSeconds: ttl, idleTimeout, env, metadata, idempotencyKey = newKey(), signal } = options;
    const body: CreateSessionRequest = { namespace, name, ttl, idleTimeout, env, metadata };
    const headers = { [IDEMPOTENCY_HEADER]: idempotencyKey };
    const { sessionId } = await this.requests.json<CreateSessionResponse>({
      method: 'POST', path: SESSIONS_ROUTES.create[kind], headers, body, repeatable: true, signal,
    });
    return this.session(sessionId, { namespace, name, kind });
  }

  /** A session that is there already. Nothing is asked for. */
  public session(id: string, place: SessionPlace): Session {
    return new Session(this.requests, id, place);
  }

  /** What is known of a session. */
  public async get(id: string, { signal }: Cancellable = {}): Promise<SessionInfo> {
    return this.requests.json({ method: 'GET', path: sessionPath(SESSIONS_ROUTES.session, id), repeatable: true, signal });
  }

  /** Your sessions; of an administrator, everybody's. Pages are asked for as you go on. */
  public async* list({ signal }: Cancellable = {}): AsyncGenerator<SessionInfo, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = { method: 'GET', path: SESSIONS_ROUTES.sessions, query: { cursor }, repeatable: true, signal } as const;
      const { sessions, next } = await this.requests.json<SessionListResponse>(page);
      yield* sessions;
      cursor = next;
    } while (cursor !== undefined);
  }
}

/** By what browsers also have on pages without TLS. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
