import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Helper, startHelper } from '../../../sidecar/src/session/native/connect';

const folder = mkdtempSync(join(tmpdir(), 'session-helper-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The helper, compiled or as given by `SESSION_HELPER_PROGRAM`; undefined where there is no compiler. */
export const HELPER_PROGRAM = process.env.SESSION_HELPER_PROGRAM ?? compiled();

function compiled(): string | undefined {
  const output = join(folder, 'session-helper');
  const { status, stderr } = spawnSync(process.execPath, ['sidecar/native/build.mjs', '--output', output], { encoding: 'utf8' });
  if (status === 0) return output;
  if (stderr.includes('needs a C compiler')) return undefined;
  throw new Error(stderr);
}

/** Tests of the helper: reported as skipped, by their names, where it cannot be compiled. */
export const describeHelper = HELPER_PROGRAM === undefined ? describe.skip : describe;

/** A helper of this process, which ends after the tests of the block. */
export function useHelper(): { readonly current: Helper } {
  let helper: Helper;
  beforeAll(async () => {
    helper = await startHelper(HELPER_PROGRAM!);
  });
  afterAll(async () => {
    helper.connection.close();
    await helper.connection.closed;
  });
  return { get current() { return helper; } };
}
