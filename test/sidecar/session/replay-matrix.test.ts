import { join } from 'node:path';
import { ClaimedSession, Outcome, refusal, Sandbox } from './sandboxes';
import { p256FromJwk, thumbprintOf } from '../../../sidecar/src/crypto/p256';
import { hashOfSealed } from '../../../sidecar/src/crypto/sealed-to-key';
import type { InitRequest } from '../../../src/protocol/session-api';
import { bundleRole } from '../../helpers/bundle';
import { tempFolder } from '../../helpers/temp-folder';
import { failureOf } from '../controller/handshake-world';

const NAMES = ['a', 'b', 'c', 'd'];
const OK = { status: 200 };
const NO_SESSION = refusal(503, 'DAEMON_NOT_INITIALIZED', 'the daemon has no session yet', 'DAEMON_NOT_INITIALIZED');
const OTHER_KEY = refusal(401, 'TOKEN_REFUSED', 'the token is not signed by the key of this session');
const OTHER_BOOT = refusal(401, 'BOOT_ID_MISMATCH', 'boot_id is that of another boot; GET /init tells the present one');
const OTHER_POD = refusal(401, 'INIT_TOKEN_REFUSED', 'pod_uid is that of another pod');
const OTHER_ENV = refusal(400, 'INIT_ENV_REFUSED', 'env is not a JWE to the key of this boot, with ECDH-ES+A256KW and A256GCM');
const UNCOVERED_ENV = refusal(400, 'INIT_ENV_REFUSED', 'env is not the one that the token covers');

const root = tempFolder();
const sessions = NAMES.map((name) => new ClaimedSession(`s-${name}`));
const successors = NAMES.map((name) => new ClaimedSession(`s-${name}-2`));
/** Signed once, long before any restart. */
const requestTokens = sessions.map((session) => session.requestToken());
let sandboxes: Sandbox[];
/** What the controller has sent to each sandbox for its first claim. */
let inits: InitRequest[];
let boots: string[];

beforeAll(async () => {
  const bundle = bundleRole('session', root);
  sandboxes = NAMES.map((name) => new Sandbox(bundle, join(root, name), `pod-${name}`));
  await Promise.all(sandboxes.map((sandbox) => sandbox.boot()));
}, 60_000);

afterAll(() => Promise.all(sandboxes.map((sandbox) => sandbox.kill())));

/** What each sandbox (row) answers to what belongs to each one (column). */
async function matrix(ask: (at: Sandbox, of: number) => Promise<Outcome>): Promise<Outcome[][]> {
  const rows: Outcome[][] = [];
  for (const at of sandboxes) {
    const row: Outcome[] = [];
    for (const of of NAMES.keys()) row.push(await ask(at, of));
    rows.push(row);
  }
  return rows;
}

/** The matrix with one outcome on the diagonal, where a sandbox is asked with what is its own, and one elsewhere. */
function outcomes(own: Outcome, others: Outcome = own): Outcome[][] {
  return NAMES.map((_at, row) => NAMES.map((_of, column) => (row === column ? own : others)));
}

const commands = () => matrix((at, of) => at.execute(requestTokens[of], `of-${NAMES[of]}`));
const replays = () => matrix((at, of) => at.init(inits[of]));
const claims = (claimed: readonly ClaimedSession[]) => Promise.all(sandboxes.map((sandbox, index) => sandbox.claim(claimed[index])));

/** A new init for the present boot of a sandbox, but with the environment that another init has carried. */
async function borrowed(at: Sandbox, of: number, bound: (env: string) => object): Promise<Outcome> {
  const { bootId, publicKey } = await at.challenge();
  const env = inits[of].env!;
  const boot = { boot_id: bootId, boot_key_thumbprint: thumbprintOf(p256FromJwk(publicKey)!) };
  const token = sessions[of].initToken({ ...boot, pod_uid: at.podUid, ...bound(env) });
  return at.init({ token, env });
}

const coveredEnv = () => matrix((at, of) => borrowed(at, of, (env) => ({ env_sha256: hashOfSealed(env) })));
const uncoveredEnv = () => matrix((at, of) => borrowed(at, of, () => ({ env_sha256: hashOfSealed('another') })));

describe('four warm daemons', () => {
  test('refuse every token of a request', async () => {
    expect(await commands()).toEqual(outcomes(NO_SESSION));
  });

  test.each<[string, string, object | undefined]>([
    ['POST', '/api/execute', { command: ['touch', 'of-nobody'] }],
    ['POST', '/api/files', { path: 'of-nobody', content: '' }],
    ['GET', '/api/files?path=.', undefined],
    ['GET', '/api/files/x', undefined],
    ['PUT', '/api/files/of-nobody', {}],
    ['PATCH', '/api/files/x', { path: 'of-nobody' }],
    ['DELETE', '/api/files/x', undefined],
  ])('refuse %s %s, with a token and without', async (method, path, body) => {
    for (const token of [requestTokens[0], undefined]) expect(await matrix((at) => at.send(method, path, body, token))).toEqual(outcomes(NO_SESSION));
  });
});

describe('four sandboxes with a session each', () => {
  beforeAll(async () => {
    const claimed = await claims(sessions);
    inits = claimed.map(({ sent }) => sent!);
    boots = claimed.map(({ bootId }) => bootId);
  }, 30_000);

  test('take the token of a request only from their own session, also again', async () => {
    expect(await commands()).toEqual(outcomes(OK, OTHER_KEY));
    expect(await commands()).toEqual(outcomes(OK, OTHER_KEY));
  });

  test('take an init only where it was sent, and answer it again there', async () => {
    expect(await replays()).toEqual(outcomes(OK, OTHER_BOOT));
  });

  test('take an init that names only the boot at no other pod', async () => {
    const answers = await matrix(async (at, of) => at.init({ token: sessions[of].initToken({ boot_id: (await at.challenge()).bootId, pod_uid: `pod-${NAMES[of]}` }) }));
    expect(answers).toEqual(outcomes(OK, OTHER_POD));
  });

  test('do not take the environment of another, whatever the token says of it', async () => {
    expect(await coveredEnv()).toEqual(outcomes(OK, OTHER_ENV));
    expect(await uncoveredEnv()).toEqual(outcomes(UNCOVERED_ENV));
  });

  test('do not take the token of an init for that of a request', async () => {
    expect(await matrix((at, of) => at.execute(inits[of].token, 'of-init'))).toEqual(outcomes(OTHER_KEY));
  });
});

describe('after every daemon was killed and started again', () => {
  beforeAll(() => Promise.all(sandboxes.map((sandbox) => sandbox.boot())), 30_000);

  test('no request passes, not even at the sandbox that it is for', async () => {
    expect(await commands()).toEqual(outcomes(NO_SESSION));
  });

  test('no former init passes, at none of them', async () => {
    expect(await replays()).toEqual(outcomes(OTHER_BOOT));
    expect(await matrix((at, of) => at.init({ token: inits[of].token }))).toEqual(outcomes(OTHER_BOOT));
  });

  test('no former environment can be opened, even by a new init that covers it', async () => {
    expect(await coveredEnv()).toEqual(outcomes(OTHER_ENV));
    expect(await uncoveredEnv()).toEqual(outcomes(UNCOVERED_ENV));
  });

  test('all that has left them without a session', async () => {
    expect(await Promise.all(sandboxes.map(async (sandbox) => (await sandbox.challenge()).initialized))).toEqual(NAMES.map(() => false));
    expect(await commands()).toEqual(outcomes(NO_SESSION));
  });

  describe('and has its session again, with the same key', () => {
    let again: InitRequest[];
    beforeAll(async () => {
      const claimed = await claims(sessions);
      again = claimed.map(({ sent }) => sent!);
      for (const { bootId } of claimed) expect(boots).not.toContain(bootId);
    }, 30_000);

    test('its own requests pass and no others do', async () => {
      expect(await commands()).toEqual(outcomes(OK, OTHER_KEY));
    });

    test('former inits are refused still, and new ones everywhere else', async () => {
      expect(await replays()).toEqual(outcomes(OTHER_BOOT));
      expect(await matrix((at, of) => at.init(again[of]))).toEqual(outcomes(OK, OTHER_BOOT));
    });
  });
});

describe('after every sandbox was claimed for another session', () => {
  const newTokens = successors.map((session) => session.requestToken());
  beforeAll(async () => {
    await Promise.all(sandboxes.map((sandbox) => sandbox.boot()));
    await claims(successors);
  }, 30_000);

  test('no request of a former session passes anywhere', async () => {
    expect(await commands()).toEqual(outcomes(OTHER_KEY));
  });

  test('no init of a former session passes anywhere', async () => {
    expect(await replays()).toEqual(outcomes(OTHER_BOOT));
    expect(await coveredEnv()).toEqual(outcomes(OTHER_ENV));
  });

  test('requests of the new session pass at its own sandbox', async () => {
    expect(await matrix((at, of) => at.execute(newTokens[of], `of-${NAMES[of]}-2`))).toEqual(outcomes(OK, OTHER_KEY));
  });

  test('a controller that still holds the former session is told that the sandbox is lost to it', async () => {
    for (const [index, sandbox] of sandboxes.entries()) {
      expect(await failureOf(sandbox.claim(sessions[index]))).toEqual({ code: 'Taken', message: 'the daemon serves another session or key' });
      const { bootId } = await sandbox.challenge();
      expect(await sandbox.init({ token: sessions[index].initToken({ boot_id: bootId }) })).toMatchObject({ status: 409, code: 409, reason: 'ALREADY_INITIALIZED' });
    }
  });

  test('only commands of their own sessions have ever run in them', () => {
    expect(sandboxes.map((sandbox) => sandbox.files())).toEqual(NAMES.map((name) => [`of-${name}`, `of-${name}-2`]));
  });
});

test('a daemon that was started for one session takes no other, even before its own has come', async () => {
  const [sandbox] = sandboxes;
  await sandbox.boot({ PICOD_SESSION_ID: successors[0].id });
  for (const session of [...sessions, ...successors.slice(1)]) {
    const token = session.initToken({ boot_id: (await sandbox.challenge()).bootId });
    expect(await sandbox.init({ token })).toEqual(refusal(401, 'INIT_TOKEN_REFUSED', 'sub is another session than the daemon was started for'));
  }
  expect(await sandbox.execute(requestTokens[0], 'of-a')).toEqual(NO_SESSION);
  await sandbox.claim(successors[0]);
  expect(await sandbox.execute(requestTokens[0], 'of-a')).toEqual(OTHER_KEY);
  expect(await sandbox.execute(successors[0].requestToken(), 'of-a-2')).toEqual(OK);
}, 30_000);
