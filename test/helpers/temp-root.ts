import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One folder for everything temporary of a run, the output folders of cdk8s too: it goes with the process, whatever tests have left in it. */
export default function temporaryRoot(): void {
  const folder = mkdtempSync(join(tmpdir(), 'agent-platform-tests-'));
  process.env.TMPDIR = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
}
