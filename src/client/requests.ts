import { errorOf, SessionError } from './session-error';

/** What can be given up. */
export interface Cancellable {
  /**
   * Ends it. The promise is rejected with the reason of the signal.
   *
   * @default - it ends by itself
   */
  readonly signal?: AbortSignal;
}

/** One request. */
export interface Asked extends Cancellable {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the gateway, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; bytes are sent as they are. */
  readonly body?: object | Uint8Array;
  /** Whether asking twice is like asking once. */
  readonly repeatable?: boolean;
}

export interface RequestsOptions {
  readonly url: string;
  readonly token: string | (() => string | Promise<string>);
  readonly fetch?: typeof globalThis.fetch;
  /** Resolves after so many milliseconds; rejects when the signal ends. */
  readonly wait?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** Times that a request is sent again. */
const RETRIES = 4;

/** Seconds. Who is to come back later than that is told so at once. */
const LONGEST_WAIT = 30;

/** The one refusal of which nothing has begun, whatever was asked. */
const NOT_BEGUN = 'SESSION_NOT_READY';

/** Requests to the gateway, with the token, and again when it says that it is for a moment only. */
export class Requests {
  private readonly base: string;

  constructor(private readonly options: RequestsOptions) {
    const { url } = options;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new TypeError(`url must be an http or https URL, got ${JSON.stringify(url)}`);
    this.base = new URL(url).href.replace(/\/+$/, '');
  }

  /** Resolves with an answer whose status is 2xx; rejects with a `SessionError`, or with the reason of the signal. */
  public async send(asked: Asked): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.attempt(asked);
      if (answer.ok) return answer;
      const error = await errorOf(answer);
      if (attempt === RETRIES || !passesSoon(asked, error)) throw error;
      await (this.options.wait ?? wait)(error.retryAfterSeconds! * 1000, asked.signal);
    }
  }

  /** The same, with the JSON of the answer. */
  public async json<T>(asked: Asked): Promise<T> {
    const answer = await this.send(asked);
    return received(asked.signal, () => answer.json() as Promise<T>);
  }

  private async attempt({ method, path, query = {}, headers, body, signal }: Asked): Promise<Response> {
    const { token, fetch = globalThis.fetch } = this.options;
    const authorization = `Bearer ${typeof token === 'string' ? token : await token()}`;
    const isBytes = body instanceof Uint8Array;
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' };
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
    try {
      return await fetch(`${this.base}${path}${search}`, {
        method,
        headers: { ...headers, ...type, authorization },
        body: (isBytes || body === undefined ? body : JSON.stringify(body)) as RequestInit['body'],
        // The token is for the gateway and nobody else.
        redirect: 'error',
        signal,
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new SessionError('CONNECTION_FAILED', 0, 'the gateway cannot be reached', { cause });
    }
  }
}

/** Reads an answer; one that ends early is told from one that was given up. */
export async function received<T>(signal: AbortSignal | undefined, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SessionError('ANSWER_BROKEN', 0, 'the answer ended early, or is not what it should be', { cause });
  }
}

function passesSoon({ repeatable = false }: Asked, { code, status, retryAfterSeconds }: SessionError): boolean {
  if (status !== 503 || retryAfterSeconds === undefined || retryAfterSeconds > LONGEST_WAIT) return false;
  return repeatable || code === NOT_BEGUN;
}

function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const done = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** A part of a path. Dots alone would be taken for a way up, however they are encoded. https://url.spec.whatwg.org/#double-dot-path-segment */
export function pathPart(what: string, text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`${what} must be a name, got ${JSON.stringify(text)}`);
  return encodeURIComponent(text);
}
