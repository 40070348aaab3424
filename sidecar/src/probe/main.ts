import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProbeConfig } from './config';
import { runControl } from './control';
import { networkDial } from './dial';
import { openListeners } from './listeners';
import { measure, Time } from './measure';
import { reportOf } from './report';
import { runSubject } from './subject';
import { targetsOf } from './target';
import { PROBE_ENV } from '../../../src/protocol/env';
import { PATHS } from '../../../src/protocol/paths';
import type { ProbeResult } from '../../../src/protocol/probe';
import { readEnvironment } from '../server/program/config';

const TIME: Time = { now: Date.now, sleep: (milliseconds) => sleep(milliseconds) };

/** The whole life of a pod of the probe. Gives the exit code. */
async function main(): Promise<number> {
  try {
    const env = readEnvironment(PROBE_ENV, process.env);
    const config = readProbeConfig(readFileSync(env.PROBE_CONFIG, 'utf8'));
    const resolvConf = readFileSync('/etc/resolv.conf', 'utf8');
    const apiServer = { address: env.KUBERNETES_SERVICE_HOST, port: env.KUBERNETES_SERVICE_PORT };
    const ownIps = env.POD_IPS.split(',');
    const dial = networkDial();
    const own = async (control?: string): Promise<ProbeResult> => {
      const { targets, untold } = targetsOf(config.edges, { apiServer, hostIp: env.HOST_IP, control, resolvConf });
      const found = await measure(config.self, targets, ownIps, dial, TIME);
      return { ...found, untold: [...untold, ...found.untold] };
    };
    const world = { config, listen: openListeners, measure: own, time: TIME };
    const results = config.subjects === undefined ? [await runSubject(world)] : await runControl({ ...world, dial, ownIps, run: randomUUID() });
    const report = reportOf(config.self, results);
    return end(report.exitCode, report.lines, report.message);
  } catch (error) {
    const line = `probe: UNKNOWN, ${(error as Error).message}`;
    return end(2, [line], line);
  }
}

function end(code: number, lines: readonly string[], message: string): number {
  for (const line of lines) console.log(line);
  try {
    writeFileSync(PATHS.terminationLog, message);
  } catch (error) {
    console.log(`the termination message was not written: ${(error as Error).message}`);
  }
  return code;
}

void main().then((code) => {
  // Timers of waits that are over may still run. A report is longer than what a pipe holds, so its reader gets the time to take it.
  process.stdout.write('', () => process.exit(code));
});
