import fc from 'fast-check';
import { asking, controller } from './handshake-world';
import type { AskDaemon } from '../../../sidecar/src/controller/daemon-client';
import { HandshakeError, shakeHands } from '../../../sidecar/src/controller/handshake';
import { newP256Pair } from '../../../sidecar/src/crypto/p256';
import { daemon, Daemon, NOW, requestToken } from '../session/build-session';

/** The last one has the id of the first and another key, as when a second controller has taken it over. */
export const SESSIONS = [{ id: 's-1', pair: newP256Pair() }, { id: 's-2', pair: newP256Pair() }, { id: 's-1', pair: newP256Pair() }];
export const DAEMONS = 2;

/** What must be true: which boot each daemon is in, and which session that has pinned, by index. */
export interface Model {
  now: number;
  readonly daemons: { boot: number; pinned?: number }[];
  readonly inits: { readonly at: number; readonly daemon: number; readonly boot: number; readonly session: number }[];
}

export interface Real {
  readonly daemons: Daemon[];
  /** Bodies of all inits that were ever sent, in the order of the model's. */
  readonly inits: object[];
}

type Step = fc.AsyncCommand<Model, Real>;

const command = (text: string, run: Step['run'], check: (model: Readonly<Model>) => boolean = () => true): Step => ({ check, run, toString: () => text });

function restart(model: Model, real: Real, at: number): void {
  model.daemons[at] = { boot: model.daemons[at].boot + 1 };
  real.daemons[at] = daemon();
  real.daemons[at].now = model.now;
}

export type Loss = 'nothing' | 'the request' | 'the answer' | 'the boot';

/** Sends inits by way of the eavesdropper; what is lost is lost once. */
function way(model: Model, real: Real, at: number, session: number, loss: Loss): AskDaemon {
  const ask = asking(() => real.daemons[at]);
  let left = loss;
  return async (request) => {
    if (request.method === 'GET') return ask(request);
    const losing = left;
    left = 'nothing';
    real.inits.push(request.body!);
    model.inits.push({ at: model.now, daemon: at, boot: model.daemons[at].boot, session });
    if (losing === 'the request') throw new Error('lost on the way');
    if (losing === 'the boot') restart(model, real, at);
    const answer = await ask(request);
    if (losing === 'the answer') throw new Error('lost on the way back');
    return answer;
  };
}

function shake(model: Model, real: Real, at: number, session: number, loss: Loss): Promise<string> {
  const { id, pair } = SESSIONS[session];
  const by = controller(way(model, real, at, session, loss), { clock: () => model.now * 1000 });
  return shakeHands(by, { id, publicKey: pair.publicKey }).then(() => 'done', (error: HandshakeError) => error.code);
}

export const handshake = (at: number, session: number, loss: Loss): Step => command(`handshake of ${session} with ${at}, losing ${loss}`, async (model, real) => {
  const outcome = await shake(model, real, at, session, loss);
  model.daemons[at].pinned ??= session;
  expect(outcome).toBe(model.daemons[at].pinned === session ? 'done' : 'Taken');
});

export const race = (at: number, one: number, other: number): Step => command(`handshakes of ${one} and ${other} at once with ${at}`, async (model, real) => {
  const outcomes = await Promise.all([shake(model, real, at, one, 'nothing'), shake(model, real, at, other, 'nothing')]);
  const pinned = model.daemons[at].pinned ?? (outcomes[0] === 'done' ? one : other);
  model.daemons[at].pinned = pinned;
  expect(outcomes).toEqual([one, other].map((session) => session === pinned ? 'done' : 'Taken'));
});

export const replay = (init: number, at: number): Step => command(`replay of init ${init} to ${at}`, async (model, real) => {
  const index = init % model.inits.length;
  const { at: made, daemon: meant, boot, session } = model.inits[index];
  const state = model.daemons[at];
  const { status } = await real.daemons[at].init(real.inits[index]);
  if (model.now >= made + 180 || meant !== at || boot !== state.boot) return expect(status).toBe(401);
  state.pinned ??= session;
  return expect(status).toBe(state.pinned === session ? 200 : 409);
}, ({ inits }) => inits.length > 0);

export const request = (at: number, session: number): Step => command(`request of ${session} to ${at}`, async (model, real) => {
  const { id, pair } = SESSIONS[session];
  const { status } = await real.daemons[at].execute(`Bearer ${requestToken({ session_id: id, iat: model.now, exp: model.now + 300 }, pair.privateKey)}`);
  const { pinned } = model.daemons[at];
  expect(status).toBe(pinned === undefined ? 503 : pinned === session ? 200 : 401);
});

export const restarted = (at: number): Step => command(`restart of ${at}`, async (model, real) => restart(model, real, at));

export const later = (seconds: number): Step => command(`${seconds} s later`, async (model, real) => {
  model.now += seconds;
  for (const one of real.daemons) one.now = model.now;
});

export function begin(): { model: Model; real: Real } {
  return {
    model: { now: NOW, daemons: Array.from({ length: DAEMONS }, () => ({ boot: 0 })), inits: [] },
    real: { daemons: Array.from({ length: DAEMONS }, () => daemon()), inits: [] },
  };
}
