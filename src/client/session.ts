import { bodyFor, commandEvents, type CommandEvent, type CommandOptions, type CommandResult, resultOf } from './command';
import { type Asked, type Cancellable, pathPart, received, type Requests } from './requests';
import { SessionFiles } from './session-files';
import { SESSION_ROUTES } from '../protocol/session-api';
import type { SessionKind } from '../protocol/session-record';
import { EVENT_STREAM, type ExecuteResult } from '../protocol/session-work';
import { type ExtendSessionRequest, INVOCATION_KINDS, SESSION_HEADER, SESSIONS_ROUTES, type SessionView } from '../protocol/sessions-api';

type Bytes = { readonly output: 'bytes' };

/** What a session is one of. */
export interface SessionPlace {
  readonly namespace: string;
  /** Name of the code interpreter or agent runtime: of the pool of workers. */
  readonly name: string;

  /** @default 'code-interpreter' */
  readonly kind?: SessionKind;
}

/** A session as the gateway shows it. Times in RFC 3339. */
export type SessionInfo = SessionView;

/** A session: commands and files. That the object is there does not mean that the session still is. */
export class Session {
  public readonly namespace: string;
  /** Of the code interpreter or agent runtime. */
  public readonly name: string;
  public readonly kind: SessionKind;
  public readonly files: SessionFiles;

  private readonly base: string;

  constructor(private readonly requests: Requests, public readonly id: string, place: SessionPlace) {
    this.namespace = place.namespace;
    this.name = place.name;
    this.kind = place.kind ?? 'code-interpreter';
    const [namespace, name] = [pathPart('namespace', place.namespace), pathPart('name', place.name)];
    this.base = `/v1/namespaces/${namespace}/${INVOCATION_KINDS[this.kind]}/${name}/invocations`;
    this.files = new SessionFiles((asked) => this.ask(asked));
  }

  /**
   * Runs a program to its end; there is no shell. One that fails is no error: see `exitCode`. A connection on which nothing
   * moves for minutes may be cut by whatever is in between, so a command that takes longer is better read as a stream.
   */
  public async execute(command: readonly string[], options: CommandOptions & Bytes): Promise<CommandResult<Uint8Array>>;
  public async execute(command: readonly string[], options?: CommandOptions): Promise<CommandResult<string>>;
  public async execute(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult<string | Uint8Array>> {
    const answer = await this.ask({ method: 'POST', path: SESSION_ROUTES.execute, body: bodyFor(command, options), signal: options.signal });
    return received(options.signal, async () => resultOf(options, await answer.json() as ExecuteResult));
  }

  /** The same, as it happens. The command begins when the first event is asked for, and is ended when the loop is left early. */
  public stream(command: readonly string[], options: CommandOptions & Bytes): AsyncGenerator<CommandEvent<Uint8Array>, void, undefined>;
  public stream(command: readonly string[], options?: CommandOptions): AsyncGenerator<CommandEvent<string>, void, undefined>;
  public async* stream(command: readonly string[], options: CommandOptions = {}): AsyncGenerator<CommandEvent<string | Uint8Array>, void, undefined> {
    const headers = { accept: EVENT_STREAM };
    const { body } = await this.ask({ method: 'POST', path: SESSION_ROUTES.execute, headers, body: bodyFor(command, options), signal: options.signal });
    yield* commandEvents(options, body!);
  }

  /** Moves the end of the session to so many seconds from now. It never comes sooner than before, nor later than the pool allows. */
  public async extend(ttlSeconds: number, { signal }: Cancellable = {}): Promise<SessionInfo> {
    const body: ExtendSessionRequest = { ttl: ttlSeconds };
    return this.requests.json({ method: 'POST', path: sessionPath(SESSIONS_ROUTES.extend, this.id), body, repeatable: true, signal });
  }

  /** Ends the session. Everything in it is lost. */
  public async delete({ signal }: Cancellable = {}): Promise<void> {
    await this.requests.send({ method: 'DELETE', path: sessionPath(SESSIONS_ROUTES.session, this.id), repeatable: true, signal });
  }

  private ask(asked: Asked): Promise<Response> {
    return this.requests.send({ ...asked, path: `${this.base}${asked.path}`, headers: { ...asked.headers, [SESSION_HEADER]: this.id } });
  }
}

export function sessionPath(route: string, id: string): string {
  return route.replace(':sessionId', pathPart('id', id));
}
