import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Bundles programs as the image carries them. By the command, as esbuild cannot run inside jest. */
export function esbuild(...args: readonly string[]): void {
  execFileSync('node_modules/.bin/esbuild', [...args, '--bundle', '--platform=node', '--format=esm', '--log-level=error', `--banner:js=${BANNER}`]);
}

/** Bundles a role into a folder. */
export function bundleRole(role: 'broker' | 'fence' | 'retention' | 'session', folder: string): string {
  const outfile = join(folder, `${role}.mjs`);
  esbuild(`sidecar/src/${role}/main.ts`, `--outfile=${outfile}`);
  return outfile;
}
