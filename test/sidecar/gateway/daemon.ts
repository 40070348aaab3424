import type { KeyObject } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { ID } from './world';
import { httpDaemon } from '../../../sidecar/src/controller/daemon-client';
import { shakeHands } from '../../../sidecar/src/controller/handshake';
import { verifyingKey } from '../../../sidecar/src/crypto/signed-token';
import { buildSession } from '../../../sidecar/src/session/app';
import { workRoutes } from '../../../sidecar/src/session/routes/work-routes';
import { Identity } from '../../../sidecar/src/session/state';
import { openWorkspace } from '../../../sidecar/src/session/workspace';
import { freePort } from '../../helpers/free-port';
import { tempFolder } from '../../helpers/temp-folder';
import { controller, session } from '../controller/handshake-world';
import { capturedLog } from '../server/frame';
import { BOOTSTRAP, SESSION_KEY } from '../session/build-session';

const FOLDER = tempFolder();

const running: { readonly app: FastifyInstance; readonly close: () => void }[] = [];

export async function closeDaemons(): Promise<void> {
  for (const { app, close } of running.splice(0)) {
    app.server.closeAllConnections();
    await app.close();
    close();
  }
}

export interface RunningDaemon {
  readonly port: number;
  /** Makes it serve a session. */
  init(id?: string, publicKey?: KeyObject): Promise<unknown>;
  kill(): Promise<void>;
}

/**
 * A session daemon that runs commands and has no session yet. A restart is another one on the same port, which nobody takes
 * meanwhile. With a UID it is that pod's.
 */
export async function realDaemon(port?: number, podUid?: string): Promise<RunningDaemon> {
  const workspace = await openWorkspace(FOLDER, undefined);
  const { beneath, processes } = workspace;
  const app = buildSession({
    identity: new Identity(),
    bootstrapKeys: () => [verifyingKey(BOOTSTRAP.publicKey, 'boot-1')],
    podUid,
    nativeHelper: false,
    clock: Date.now,
    log: capturedLog().log,
    routes: [workRoutes({ processes, beneath, baseEnvironment: { PATH: '/usr/local/bin:/usr/bin:/bin' }, clock: Date.now })],
  });
  const one = { app, close: () => void workspace.close() };
  running.push(one);
  const bound = port ?? await freePort();
  await app.listen({ host: '127.0.0.1', port: bound });
  return {
    port: bound,
    init: (id = ID, publicKey = SESSION_KEY.publicKey) => shakeHands(
      controller(httpDaemon(`http://127.0.0.1:${bound}`), { clock: Date.now, times: { total: 60_000, attempt: 30_000, pause: 5 } }), session({ id, publicKey })),
    kill: async () => {
      running.splice(running.indexOf(one), 1);
      app.server.closeAllConnections();
      await app.close();
      one.close();
    },
  };
}
