import { ProcessProvider } from '../../../../sidecar/src/controller/process/process-provider';
import { createLogger } from '../../../../sidecar/src/server/telemetry/log';

/** A controller's part, in a process that can be killed: three warm workers and a claimed one. `host.mjs STATE_DIR PROGRAM [HELPER]` */
async function main([stateDir, program, helper]: readonly string[]): Promise<void> {
  const pool = { namespace: 'team-a', name: 'python', maxSessionSeconds: 3600, idleSeconds: 900, replicas: 3 };
  const provider = await ProcessProvider.open({
    daemon: { program, helper },
    pools: () => [pool],
    stateDir,
    trustDir: `${stateDir}/trust`,
    longestWait: 60_000,
    clock: Date.now,
    log: createLogger({ role: 'controller', level: 'error', destination: process.stderr }),
  });
  await provider.claim(pool, { sessionId: 's-1', deadline: Date.now() + 3_600_000, signal: new AbortController().signal });
  console.log(JSON.stringify({ msg: 'ready', listen: {} }));
}

void main(process.argv.slice(2));
