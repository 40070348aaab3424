import { readFileSync, writeFileSync } from 'node:fs';
import { installRuntime } from './install';
import { mebibytes, runtimeListOf, sizeOf } from './list';
import { PATHS } from '../../../src/protocol/paths';
import { RUNTIME_LIST } from '../../../src/protocol/runtime';

/** Copies the runtime of sessions from the image to the folder that is the one argument. Gives the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const [target, ...more] = args;
    if (target === undefined || !target.startsWith('/') || more.length > 0) throw new Error('one argument is needed, the folder to copy to, as an absolute path');
    const list = runtimeListOf(readFileSync(RUNTIME_LIST, 'utf8'));
    // Folders must be open to the pool's user, who is another than that of the image.
    process.umask(0o022);
    const { copied } = await installRuntime(list, PATHS.runtime, target);
    console.log(`install-runtime: ${list.files.length} files, ${mebibytes(sizeOf(list))} MiB in ${target}, ${copied} of them copied`);
    return 0;
  } catch (error) {
    return failed(`install-runtime: ${(error as Error).message}`);
  }
}

/** Where the kubelet finds it, so that the reason is in the pod's status. */
function failed(reason: string): number {
  console.error(reason);
  try {
    writeFileSync(PATHS.terminationLog, reason);
  } catch (error) {
    console.error(`the termination message was not written: ${(error as Error).message}`);
  }
  return 1;
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
