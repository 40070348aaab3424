import { calmTimes, EgressSample, load, Loaded } from './load';
import type { CalmTimes, Measured } from './report';
import type { RunClient } from './servers';
import type { Way } from './wire';
import { get, Work } from './works';
import { load as loadHttp, Sample } from '../broker/load';
import type { Server } from '../broker/servers';
import { ECHO } from '../broker/works';

/** What is measured side by side. */
export interface Sides {
  readonly egress: Loaded;
  /** Its broker takes no time. */
  readonly alone: Loaded;
  readonly bare: Loaded;
  readonly echo: Server;
  /** To the upstreams, without a proxy. */
  readonly straight: Way;
}

/** A work, and whether the broker is asked each time. */
export interface Step {
  readonly work: Work;
  readonly isSubstituted: boolean;
}

const CALM_REQUESTS = 100;

/** Who goes first changes with each round, so that none has the better moments of the machine. */
export async function measure(sides: Sides, steps: readonly Step[], clients: readonly RunClient[], rounds: number, seconds: number) {
  const measured = steps.map(({ work, isSubstituted }) => (
    { work, isSubstituted, egress: [] as EgressSample[], alone: [] as EgressSample[], bare: [] as EgressSample[], echo: [] as Sample[] }));
  const calm = { straight: [] as number[], bare: [] as number[], egress: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    for (const { work, isSubstituted, ...samples } of isOdd ? [...measured].reverse() : measured) {
      const turn = (side: 'egress' | 'alone' | 'bare') => async (): Promise<void> => {
        samples[side].push(await load(sides[side], work, clients, seconds));
      };
      await inTurn(isOdd, [
        turn('egress'),
        ...(isSubstituted ? [turn('alone')] : []),
        turn('bare'),
        ...(work.mib === undefined ? [async () => { samples.echo.push(await loadHttp(sides.echo, ECHO, work.connections, seconds)); }] : []),
      ]);
    }
    const calmTurn = (way: keyof CalmTimes, through: Way) => async (): Promise<void> => {
      calm[way].push(...await calmTimes(through, get(1), clients[0], CALM_REQUESTS));
    };
    await inTurn(isOdd, [calmTurn('straight', sides.straight), calmTurn('bare', sides.bare.way), calmTurn('egress', sides.egress.way)]);
    console.error(`round ${round + 1} of ${rounds} done`);
  }
  return { measured: measured satisfies readonly Measured[], calm: calm satisfies CalmTimes };
}

async function inTurn(isReversed: boolean, turns: (() => Promise<void>)[]): Promise<void> {
  for (const turn of isReversed ? turns.reverse() : turns) await turn();
}
