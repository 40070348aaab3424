import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The last check, after all that say what must hold: a reviewer sees every change of the output as a diff.
test('the quickstart emits what was reviewed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'golden-'));
  try {
    const options = { cwd: 'examples/quickstart', env: { ...process.env, CDK8S_OUTDIR: folder } };
    execFileSync(process.execPath, ['../../node_modules/ts-node/dist/bin.js', 'main.ts'], options);
    expect(readFileSync(join(folder, 'agent-platform.k8s.yaml'), 'utf8')).toMatchSnapshot();
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
