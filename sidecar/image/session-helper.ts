import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImagePlatform } from './platforms';
import { run } from './run';
import { RUNTIME_FILES } from '../../src/protocol/paths';

const BUILD = join(__dirname, '..', 'native', 'build.mjs');

/**
 * The native helper of sessions. For another architecture than this machine's, which needs a compiler that few have,
 * there is a replacement: then the daemon does by Node's means what the helper does.
 *
 * @param own Architecture of this machine.
 */
export function sessionHelper({ architecture }: ImagePlatform, own: string, warn: (message: string) => void): Buffer {
  try {
    return compiled(architecture);
  } catch (error) {
    if (architecture === own) throw error;
    warn(`the image for ${architecture} is without the native helper, so its sessions are slower: ${(error as Error).message}`);
    return Buffer.from(replacement(RUNTIME_FILES.node));
  }
}

/** Called as the helper is, `-- node [options] program`, it runs the program in its own process; the options come too late for it. */
export function replacement(node: string): string {
  return `#!${node}\nconst [, , , node, ...rest] = process.argv;\nconst program = rest.find((one) => !one.startsWith('--'));\nprocess.argv = [node, program];\nvoid import(program);\n`;
}

function compiled(architecture: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'session-helper-'));
  try {
    const output = join(folder, 'session-helper');
    run(process.execPath, [BUILD, '--arch', architecture, '--output', output]);
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
