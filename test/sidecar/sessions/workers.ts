import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { POOL } from './client';
import { place } from './shared-workers';
import { BrokerProcess } from '../../helpers/broker-process';
import { freePort } from '../../helpers/free-port';

/** A session daemon as the only process of a worker. */
export interface StartedWorker {
  readonly podUid: string;
  readonly port: number;
  readonly daemon: BrokerProcess;
}

/** Starts the workers that controllers share, as a Deployment does. */
export class StartedWorkers {
  private readonly daemons: BrokerProcess[] = [];

  constructor(private readonly program: string, private readonly folder: string, private readonly trustDir: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** On ports that nobody takes before they are used again. */
  async add(count: number): Promise<readonly StartedWorker[]> {
    return Promise.all(Array.from({ length: count }, async () => this.start(randomUUID(), await freePort())));
  }

  /** A worker that has the address which another had before. */
  reuse(port: number): Promise<StartedWorker> {
    return this.start(randomUUID(), port);
  }

  /** Workers that were not released, and how many of them belong to a session. */
  get left(): { readonly workers: number; readonly claimed: number } {
    const names = readdirSync(this.folder);
    return { workers: names.filter((name) => name.endsWith('.worker')).length, claimed: names.filter((name) => name.endsWith('.claim')).length };
  }

  async stop(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.end('SIGKILL')));
  }

  private async start(podUid: string, at: number): Promise<StartedWorker> {
    const workspace = join(this.folder, `workspace-${podUid}`);
    mkdirSync(workspace, { recursive: true });
    const daemon = new BrokerProcess(this.program, {
      SESSION_LISTEN: `127.0.0.1:${at}`,
      ADMIN_LISTEN: '127.0.0.1:0',
      SESSION_WORKSPACE: workspace,
      SESSION_REQUIRE_BOOT_ID: 'true',
      POD_UID: podUid,
      AGENT_TRUST_DIR: this.trustDir,
      HOME: workspace,
    });
    this.daemons.push(daemon);
    await daemon.ready();
    const port = Number(daemon.addresses.session.split(':').at(-1));
    place(this.folder, { podUid, namespace: POOL.namespace, pool: POOL.name, port, pid: daemon.pid });
    return { podUid, port, daemon };
  }
}
