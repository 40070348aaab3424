import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { daemonAt, daemonCommand } from '../../../../sidecar/src/controller/process/daemon-command';
import { SESSION_ENV } from '../../../../src/protocol/env';
import { tempFolder } from '../../../helpers/temp-folder';

const root = tempFolder();
const SETTINGS = { workspace: '/state/workspaces/w', podUid: 'w', trustDir: '/state/trust' };

/** A folder with a daemon, and a helper at the place. */
function folder(name: string, helper?: string, mode = 0o755): string {
  mkdirSync(join(root, name, 'bin'), { recursive: true });
  writeFileSync(join(root, name, 'session.mjs'), '');
  if (helper === undefined) return join(root, name);
  writeFileSync(join(root, name, helper), '');
  chmodSync(join(root, name, helper), mode);
  return join(root, name);
}

test('a daemon is started by Node, with nothing in its environment but its settings and its home', () => {
  const { file, args, env } = daemonCommand({ program: '/app/session.mjs' }, SETTINGS);
  expect(file).toBe(process.execPath);
  expect(args.at(-1)).toBe('/app/session.mjs');
  expect(Object.keys(env).filter((name) => !Object.hasOwn(SESSION_ENV, name))).toEqual(['HOME']);
  expect(env).toMatchObject({ SESSION_REQUIRE_BOOT_ID: 'true', POD_UID: 'w', HOME: SETTINGS.workspace, SESSION_LISTEN: '127.0.0.1:0' });
});

test('a helper starts the daemon when there is one', () => {
  const { file, args } = daemonCommand({ program: '/app/session.mjs', helper: '/app/session-helper' }, SETTINGS);
  expect([file, ...args.slice(0, 2)]).toEqual(['/app/session-helper', '--', process.execPath]);
});

test.each(['session-helper', 'bin/session-helper'])('the helper is found at %s beside the daemon', (place) => {
  const at = folder(place.replace('/', '-'), place);
  expect(daemonAt(join(at, 'session.mjs'))).toEqual({ program: join(at, 'session.mjs'), helper: join(at, place) });
});

test('a helper that cannot be run is none', () => {
  const at = folder('plain', 'session-helper', 0o644);
  expect(daemonAt(join(at, 'session.mjs'))).toEqual({ program: join(at, 'session.mjs') });
});

test('a daemon that is not there is refused by name', () => {
  expect(() => daemonAt(join(root, 'nowhere.mjs'))).toThrow(`the session daemon ${join(root, 'nowhere.mjs')} cannot be read; SESSION_PROGRAM names another one`);
});
