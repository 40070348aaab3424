import type { KeyObject } from 'node:crypto';
import type { AskDaemon, DaemonAnswer, DaemonRequest } from '../../../sidecar/src/controller/daemon-client';
import { Handshake, HandshakeError, HandshakeTimes } from '../../../sidecar/src/controller/handshake';
import type { NewSession } from '../../../sidecar/src/controller/init-token';
import { BOOTSTRAP, Daemon, NOW, SESSION_KEY } from '../session/build-session';

/** Asks a daemon in this process. */
export function asking(one: () => Daemon): AskDaemon {
  return ({ method, path, body }) => one().ask(method, path, body === undefined ? {} : { payload: body });
}

/** Answers one after the other; the last one again and again. A function is asked, an error is thrown. */
export function answering(...steps: (DaemonAnswer | Error | AskDaemon)[]): AskDaemon & { readonly asked: DaemonRequest[] } {
  const asked: DaemonRequest[] = [];
  return Object.assign(async (request: DaemonRequest) => {
    asked.push(request);
    const step = steps.length > 1 ? steps.shift()! : steps[0];
    if (step instanceof Error) throw step;
    return typeof step === 'function' ? step(request) : step;
  }, { asked });
}

/** No daemon of this process needs as long, whatever holds the process up. In milliseconds, but for the pause. */
export const UNHURRIED: HandshakeTimes = { total: 60_000, attempt: 30_000, pause: 1 };

/** For daemons that never answer. */
export const HURRIED: HandshakeTimes = { total: 200, attempt: 100, pause: 1 };

/** A controller that does not wait between attempts. */
export function controller(ask: AskDaemon, more: Partial<Handshake> = {}): Handshake {
  return {
    ask,
    key: { privateKey: BOOTSTRAP.privateKey, kid: 'boot-1' },
    clock: () => NOW * 1000,
    wait: (_milliseconds, signal) => new Promise((resolve, reject) => setTimeout(() => signal.aborted ? reject(signal.reason) : resolve(), 1)),
    times: UNHURRIED,
    ...more,
  };
}

export function session(more: Partial<NewSession> = {}): NewSession {
  return { id: 's-1', publicKey: SESSION_KEY.publicKey as KeyObject, ...more };
}

/** How a handshake failed; fails when it did not. */
export async function failureOf(shaken: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  const error = await shaken.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HandshakeError);
  const { code, message } = error as HandshakeError;
  return { code, message };
}
