import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is gone after the tests of the file. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agent-platform-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  return folder;
}

/** Waits until something holds; fails after twenty seconds, which is long for a busy machine too. */
export async function eventually(holds: () => boolean): Promise<void> {
  let held = holds();
  for (let attempt = 0; attempt < 2000 && !held; attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    held = holds();
  }
  expect(held).toBe(true);
}
