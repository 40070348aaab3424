import { join } from 'node:path';
import { esbuild } from '../../helpers/bundle';

export type Program = 'controller' | 'gateway' | 'session' | 'shared-controller';

const SOURCES: Readonly<Record<Program, string>> = {
  'controller': 'sidecar/src/controller/main.ts',
  'gateway': 'sidecar/src/gateway/main.ts',
  'session': 'sidecar/src/session/main.ts',
  'shared-controller': 'test/sidecar/sessions/shared-controller.ts',
};

/** Bundles all of them into a folder. */
export function bundlePrograms(folder: string): (program: Program) => string {
  const sources = Object.entries(SOURCES).map(([program, source]) => `${program}=${source}`);
  esbuild(...sources, '--splitting', '--out-extension:.js=.mjs', `--outdir=${folder}`);
  return (program) => join(folder, `${program}.mjs`);
}
