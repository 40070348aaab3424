import { NumberSink, numberOf, settle, WatchedServer } from './watched-server';
import { Watch } from '../../../sidecar/src/kube/watch';

export const T0 = Date.UTC(2026, 0, 1);
const open: Watch<number>[] = [];

afterEach(() => Promise.all(open.splice(0).map((watch) => watch.close())));

/** A watch of the server, which ends after the test, and what it has done. */
export async function watchOf(server: WatchedServer, start = true) {
  const sink = new NumberSink();
  const time = { now: T0 };
  const waits: number[] = [];
  const reasons: string[] = [];
  const watch = new Watch({
    source: server,
    keep: numberOf,
    sink,
    clock: () => time.now,
    random: () => 0.5,
    wait: (milliseconds) => {
      waits.push(milliseconds);
      return new Promise((resolve) => setImmediate(resolve));
    },
    interrupted: (reason) => reasons.push((reason as Error).message),
  });
  open.push(watch);
  if (start) await settle();
  return { sink, time, waits, reasons, watch };
}
