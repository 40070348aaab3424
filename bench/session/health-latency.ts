import { Agent, request } from 'node:http';
import type { Daemon } from './servers';

const COMMANDS = 10;

/** Enough for hundreds of answers, so that the slowest of a hundred is not the slowest of all. */
const ROUNDS = 200;

/** Times of `GET /health` in milliseconds, sorted: one after the other, while ten commands at once start over and over. */
export async function healthWhileStarting(daemon: Daemon): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true });
  const body = JSON.stringify({ command: ['/bin/true'] });
  const execute = () => ask(agent, `${daemon.url}/api/execute`, { method: 'POST', headers: { authorization: daemon.authorization } }, body);
  const times: number[] = [];
  let starting = true;
  const health = (async () => {
    while (starting) times.push(await ask(agent, `${daemon.url}/health`, {}));
  })();
  for (let round = 0; round < ROUNDS; round += 1) await Promise.all(Array.from({ length: COMMANDS }, execute));
  starting = false;
  await health;
  agent.destroy();
  return times.sort((a, b) => a - b);
}

function ask(agent: Agent, url: string, options: object, body?: string): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    request(url, { agent, ...options }, (answer) => answer.resume().on('end', () => resolve(performance.now() - start))).on('error', reject).end(body);
  });
}
