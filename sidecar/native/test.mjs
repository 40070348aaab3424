/*
 * Tests of the helper that need a compiler with sanitizers: frames into the parser for some seconds, then the contract
 * tests against a sanitized helper.
 *
 *   node sidecar/native/test.mjs [SECONDS]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, compilerFor, OWN_ARCHITECTURE } from './build.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const TESTS = ['test/sidecar/session'];

function run(program, args, env) {
  const { status, signal } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${program} ended with ${signal ?? status}`);
}

const folder = mkdtempSync(join(tmpdir(), 'session-helper-'));
try {
  const compiler = compilerFor(OWN_ARCHITECTURE);
  if (compiler === undefined) throw new Error('there is no C compiler');
  const [fuzz, helper] = ['fuzz', 'session-helper'].map((name) => join(folder, name));
  build({ compiler, output: fuzz, sanitized: true, fuzz: true });
  build({ compiler, output: helper, sanitized: true });
  const seed = String(Date.now());
  console.log(`fuzz, seed ${seed}`);
  run(fuzz, [process.argv[2] ?? '10', seed]);
  run('npx', ['jest', '--ci', '--runInBand', ...TESTS], { SESSION_HELPER_PROGRAM: helper });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
