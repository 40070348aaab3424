#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { command } from './command';

/** The bundle lies in `sidecar/dist` of the package; npm starts it by a link. */
function version(): string {
  const root = join(dirname(realpathSync(process.argv[1])), '..', '..');
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

// The exit code is set, not forced, so that a pipe gets the whole answer.
void command(process.argv.slice(2), { out: (text) => console.log(text), err: (text) => console.error(text) }, version).then((code) => {
  process.exitCode = code;
});
