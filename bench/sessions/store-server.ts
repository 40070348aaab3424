import { spawn, spawnSync } from 'node:child_process';
import { createClient } from '@redis/client';
import { freePorts, PINNED, ready, Server } from '../broker/servers';

/** The store that is on PATH; both speak the same protocol. */
const BINARIES = ['valkey-server', 'redis-server'];

/** A store without anything on disk, on the core of the load; undefined when there is none on PATH. */
export async function startStore(folder: string): Promise<Server | undefined> {
  const binary = BINARIES.find((name) => spawnSync(name, ['--version']).status === 0);
  if (binary === undefined) return undefined;
  const [port] = await freePorts(1);
  const command = [binary, '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const [program, ...args] = PINNED ? ['taskset', '-c', '1', ...command] : command;
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return ready(child, `redis://127.0.0.1:${port}`, answers);
}

async function answers(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect();
  await client.close();
  return true;
}
