import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export type Program = 'controller' | 'gateway' | 'session' | 'shared-controller';

const SOURCES: Readonly<Record<Program, string>> = {
  'controller': 'sidecar/src/controller/main.ts',
  'gateway': 'sidecar/src/gateway/main.ts',
  'session': 'sidecar/src/session/main.ts',
  'shared-controller': 'test/sidecar/sessions/shared-controller.ts',
};

/** Bundles programs into a folder, as the image carries them. By the command, as esbuild cannot run inside jest. */
export function bundlePrograms(folder: string): (program: Program) => string {
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  execFileSync('node_modules/.bin/esbuild', [
    ...Object.entries(SOURCES).map(([program, source]) => `${program}=${source}`),
    '--bundle', '--splitting', '--platform=node', '--format=esm', '--log-level=error', '--out-extension:.js=.mjs', `--banner:js=${banner}`, `--outdir=${folder}`,
  ]);
  return (program) => join(folder, `${program}.mjs`);
}
