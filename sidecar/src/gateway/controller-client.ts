import { Pool } from 'undici';
import { refusalIn } from './controller-answer';
import type { Principal } from './principal';
import { LONGEST_CREATION } from '../../../src/protocol/session-record';
import { ADMIN_HEADER, CONTROLLER_ANSWER_TIME, IDEMPOTENCY_HEADER, OWNER_HEADER, SESSIONS_ROUTES } from '../../../src/protocol/sessions-api';
import { fileStampNow, readText } from '../server/files/read-file';
import { ApiError } from '../server/http/errors';
import { refuse } from '../server/http/sessions-errors';
import type { Logger } from '../server/telemetry/log';

/** On whose behalf: an owner, whoever may see every session, or one of those who are not told apart. */
export type Behalf = { readonly owner: string } | 'admin' | 'anybody';

export interface ControllerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly behalf: Behalf;
  /** JSON. */
  readonly body?: string;
  readonly idempotencyKey?: string;
  /** Sent once more when the connection fails. */
  readonly repeatable?: boolean;
  /** Ends the wait, and with it what the controller does for it. */
  readonly signal?: AbortSignal;
}

/** What the controller has done. */
export interface ControllerAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface ControllerClient {
  /** Rejects with the controller's own refusal, or with `CONTROLLER_UNAVAILABLE`. */
  ask(request: ControllerRequest): Promise<ControllerAnswer>;
  close(): Promise<void>;
}

export interface ControllerClientOptions {
  readonly url: string;
  /** @default - the authorities that Node brings */
  readonly caFile?: string;
  readonly tokenFile: string;
  readonly log: Logger;
  /** @default ANSWER_TIMES */
  readonly times?: AnswerTimes;
}

/** Milliseconds until an answer begins, and between two parts of it. */
export interface AnswerTimes {
  readonly creation: number;
  /** For everything that waits for no worker: a controller whose node has died says nothing, on any connection. */
  readonly other: number;
}

/** The controller gives up before, unless it may wait for workers much longer than it does by default. */
export const ANSWER_TIMES: AnswerTimes = { creation: LONGEST_CREATION, other: CONTROLLER_ANSWER_TIME + 15_000 };

/** A page of sessions with all their metadata is shorter. */
const MAX_ANSWER = 8 * 1024 * 1024;
const MAX_TOKEN = 16 * 1024;
const MAX_CA = 1024 * 1024;

/** Milliseconds. */
const DIAL_TIMEOUT = 5_000;

/** Seconds. */
const RETRY_AFTER = 2;

/** Whose sessions somebody acts on. An administrator sees all, and makes sessions as everybody does. */
export function behalfOf({ owner, admin }: Principal, makes: boolean): Behalf {
  if (admin && !makes) return 'admin';
  return owner === undefined ? 'anybody' : { owner };
}

/** Speaks to the controller. Authorities are read again when their file changes, the token each time. */
export function controllerClient(options: ControllerClientOptions): ControllerClient {
  const { times = ANSWER_TIMES } = options;
  const pools = new ControllerPools(options);
  const answerTo = async (request: ControllerRequest): Promise<ControllerAnswer> => {
    const token = (await readText(options.tokenFile, MAX_TOKEN)).trim();
    const pool = await pools.current();
    const { method, path, body, signal } = request;
    const within = isCreation(request) ? times.creation : times.other;
    const { statusCode, headers, body: answer } = await pool.request({
      method, path, headers: headersOf(request, token), body, signal, headersTimeout: within, bodyTimeout: within,
    });
    const text = await answer.text();
    if (statusCode >= 200 && statusCode < 300) return { status: statusCode, body: text === '' ? undefined : JSON.parse(text) };
    throw refusalIn(statusCode, text, headers['retry-after']);
  };
  const unavailable = (error: unknown): never => {
    if (error instanceof ApiError) throw error;
    options.log.warn({ err: error }, 'the controller does not answer');
    throw refuse('CONTROLLER_UNAVAILABLE', 'the controller does not answer', { retryAfterSeconds: RETRY_AFTER, cause: error });
  };
  return {
    ask: (request) => answerTo(request).catch((error: unknown) => {
      const again = request.repeatable === true && !(error instanceof ApiError) && request.signal?.aborted !== true;
      return again ? answerTo(request).catch(unavailable) : unavailable(error);
    }),
    close: () => pools.close(),
  };
}

const CREATIONS: readonly string[] = Object.values(SESSIONS_ROUTES.create);

function isCreation({ method, path }: ControllerRequest): boolean {
  return method === 'POST' && CREATIONS.includes(path);
}

function headersOf({ behalf, body, idempotencyKey }: ControllerRequest, token: string): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    ...(behalf === 'admin' ? { [ADMIN_HEADER]: 'true' } : { [OWNER_HEADER]: behalf === 'anybody' ? '' : encodeURIComponent(behalf.owner) }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(idempotencyKey === undefined ? {} : { [IDEMPOTENCY_HEADER]: idempotencyKey }),
  };
}

/** Connections to the controller, of the authorities that are trusted now. */
class ControllerPools {
  private stamp: string | undefined;
  private pool: Promise<Pool> | undefined;

  constructor(private readonly options: ControllerClientOptions) {}

  current(): Promise<Pool> {
    const { caFile } = this.options;
    const stamp = caFile === undefined ? '' : fileStampNow(caFile);
    if (this.pool !== undefined && stamp === this.stamp) return this.pool;
    void this.close();
    this.stamp = stamp;
    this.pool = this.open();
    this.pool.catch(() => { this.pool = undefined; });
    return this.pool;
  }

  async close(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    await (await pool?.catch(() => undefined))?.close();
  }

  private async open(): Promise<Pool> {
    const { url, caFile } = this.options;
    // A list, because an empty text would mean the authorities of Node.
    const ca = caFile === undefined ? undefined : [await readText(caFile, MAX_CA)];
    return new Pool(url, { connect: { ca, timeout: DIAL_TIMEOUT }, maxResponseSize: MAX_ANSWER });
  }
}
