import { request } from 'node:http';
import type { Daemon } from './servers';
import { usageOf } from '../broker/usage';

/** One transfer of a large file over one connection. */
export interface Transfer {
  readonly mibPerSecond: number;
  readonly cpuMicrosPerMib: number;
}

export const LARGE_MIB = 100;

export async function upload(daemon: Daemon): Promise<Transfer> {
  const piece = Buffer.alloc(1024 * 1024, 'a');
  return measured(daemon, (headers) => new Promise((resolve, reject) => {
    const sending = request(`${daemon.url}/api/files/large`, { method: 'PUT', headers: { ...headers, 'content-length': LARGE_MIB * piece.length } }, (answer) => {
      answer.resume().on('end', () => answer.statusCode === 200 ? resolve() : reject(new Error(`the upload was answered with ${answer.statusCode}`)));
    }).on('error', reject);
    let left = LARGE_MIB;
    const more = (): void => {
      for (; left > 0; left -= 1) {
        if (!sending.write(piece)) {
          left -= 1;
          sending.once('drain', more);
          return;
        }
      }
      sending.end();
    };
    more();
  }));
}

export async function download(daemon: Daemon): Promise<Transfer> {
  return measured(daemon, (headers) => new Promise((resolve, reject) => {
    request(`${daemon.url}/api/files/large`, { headers }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('end', () => bytes === LARGE_MIB * 1024 * 1024 ? resolve() : reject(new Error(`the download had ${bytes} bytes`)));
    }).on('error', reject).end();
  }));
}

async function measured(daemon: Daemon, transfer: (headers: Record<string, string>) => Promise<void>): Promise<Transfer> {
  const before = await usageOf(daemon.child);
  const start = performance.now();
  await transfer({ authorization: daemon.authorization });
  const seconds = (performance.now() - start) / 1000;
  const after = await usageOf(daemon.child);
  return { mibPerSecond: LARGE_MIB / seconds, cpuMicrosPerMib: (after.cpuMicros - before.cpuMicros) / LARGE_MIB };
}
