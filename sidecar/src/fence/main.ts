import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { networkDial } from './dial';
import { waitForFence } from './fence';
import { FENCE_ENV } from '../../../src/protocol/env';
import { TRUST_KEYS } from '../../../src/protocol/objects';
import { PATHS } from '../../../src/protocol/paths';
import { textNow } from '../server/files/read-file';
import { readEnvironment } from '../server/program/config';

/** Waits until the NetworkPolicy of the pod holds. Gives the exit code. */
async function main(): Promise<number> {
  try {
    const { AGENT_TRUST_DIR } = readEnvironment(FENCE_ENV, process.env);
    const proxyUrl = (): string | undefined => textNow(join(AGENT_TRUST_DIR, TRUST_KEYS.proxyUrl));
    const { holds, message } = await waitForFence({ proxyUrl, dial: networkDial(), now: () => performance.now(), sleep: (time) => sleep(time) });
    if (!holds) return failed(message);
    console.log(`fence: ${message}`);
    return 0;
  } catch (error) {
    return failed((error as Error).message);
  }
}

/** Where the kubelet finds it, so that the reason is in the pod's status. */
function failed(reason: string): number {
  const line = `fence: ${reason}`;
  console.error(line);
  try {
    writeFileSync(PATHS.terminationLog, line);
  } catch (error) {
    console.error(`the termination message was not written: ${(error as Error).message}`);
  }
  return 1;
}

void main().then((code) => {
  process.exitCode = code;
});
