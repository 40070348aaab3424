import { readdirSync } from 'node:fs';
import { BOOTSTRAP, pemOf } from './build-session';
import { httpDaemon } from '../../../sidecar/src/controller/daemon-client';
import { Initialized, shakeHands } from '../../../sidecar/src/controller/handshake';
import { newP256Pair, P256Pair, p256ToPem } from '../../../sidecar/src/crypto/p256';
import { signToken } from '../../../sidecar/src/crypto/signed-token';
import { INIT_ISSUER, InitChallenge, InitRequest, REQUEST_ISSUER, SESSION_ROUTES, SessionCode } from '../../../src/protocol/session-api';
import { BrokerProcess, Environment } from '../../helpers/broker-process';
import { controller } from '../controller/handshake-world';

const TIMES = { total: 10_000, attempt: 5000, pause: 10 };

/** What a daemon has answered: the status, `code` of the body, and on a refusal its reason and what is wrong. */
export interface Outcome {
  readonly status: number;
  readonly code?: number | string;
  readonly reason?: SessionCode;
  readonly detail?: string;
}

/** A refusal; its `code` is the status unless the protocol says otherwise. */
export function refusal(status: number, reason: SessionCode, detail: string, code: number | string = status): Outcome {
  return { status, code, reason, detail };
}

/** A session as the control plane knows it, and whom it signs requests for. */
export class ClaimedSession {
  private readonly pair: P256Pair = newP256Pair();

  constructor(readonly id: string) {}

  /** Of a request, as the gateway signs it. */
  requestToken(): string {
    const iat = Math.floor(Date.now() / 1000);
    return signToken({ iss: REQUEST_ISSUER, session_id: this.id, iat, exp: iat + 300 }, this.pair.privateKey);
  }

  /** Of an init, with whatever it is bound to. */
  initToken(bound: object): string {
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: INIT_ISSUER, sub: this.id, iat, exp: iat + 60, jti: this.id, session_public_key: p256ToPem(this.pair.publicKey) };
    return signToken({ ...claims, ...bound }, BOOTSTRAP.privateKey);
  }

  get publicKey() {
    return this.pair.publicKey;
  }
}

/** A pod with its own workspace and a daemon that is started again and again. */
export class Sandbox {
  private daemon?: BrokerProcess;

  constructor(private readonly bundle: string, private readonly workspace: string, readonly podUid: string) {}

  /** Kills the daemon that runs, if one does, and starts one that has no session. */
  async boot(more: Environment = {}): Promise<void> {
    await this.kill();
    this.daemon = new BrokerProcess(this.bundle, {
      SESSION_LISTEN: '127.0.0.1:0',
      ADMIN_LISTEN: '127.0.0.1:0',
      SESSION_WORKSPACE: this.workspace,
      SESSION_REQUIRE_BOOT_ID: 'true',
      PICOD_BOOTSTRAP_PUBLIC_KEY: pemOf(BOOTSTRAP.publicKey),
      POD_UID: this.podUid,
      ...more,
    });
    await this.daemon.ready();
  }

  async kill(): Promise<void> {
    await this.daemon?.end('SIGKILL');
  }

  /** The controller gives the daemon its session; answers also what it has sent for it. */
  async claim(session: ClaimedSession): Promise<Initialized & { readonly sent?: InitRequest }> {
    const ask = httpDaemon(this.url(''));
    let sent: InitRequest | undefined;
    const handshake = controller((asked) => {
      sent = asked.body as InitRequest | undefined ?? sent;
      return ask(asked);
    }, { clock: Date.now, times: TIMES });
    const { id, publicKey } = session;
    return { ...await shakeHands(handshake, { id, publicKey, podUid: this.podUid, environment: { SESSION: id } }), sent };
  }

  async challenge(): Promise<InitChallenge> {
    return await (await fetch(this.url(SESSION_ROUTES.init))).json() as InitChallenge;
  }

  init(body: InitRequest): Promise<Outcome> {
    return this.send('POST', SESSION_ROUTES.init, body);
  }

  /** Makes a file of this name in the workspace by a command, if the token is good. */
  execute(token: string, file: string): Promise<Outcome> {
    return this.send('POST', SESSION_ROUTES.execute, { command: ['touch', file] }, token);
  }

  /** Any request, with a token if there is one. */
  async send(method: string, path: string, body?: object, token?: string): Promise<Outcome> {
    const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const answer = await fetch(this.url(path), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const { code, reason, detail } = await answer.json() as Omit<Outcome, 'status'>;
    return { status: answer.status, ...(reason === undefined ? {} : { code, reason, detail }) };
  }

  /** What commands have left in the workspace. */
  files(): string[] {
    return readdirSync(this.workspace).sort();
  }

  private url(path: string): string {
    return `http://${this.daemon!.addresses.session}${path}`;
  }
}
