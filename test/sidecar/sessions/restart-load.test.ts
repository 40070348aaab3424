import { setTimeout as sleep } from 'node:timers/promises';
import { Answer, untilReady } from './client';
import { Fleet } from './fleet';
import { isOnPath } from '../store/servers';

const CLIENTS = 10;
const COMMANDS = 12;
const KILLS = 4;

(isOnPath('redis-server') ? describe : describe.skip)('a daemon that dies again and again under load, with redis-server at hand', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.open();
    await fleet.startController();
    await Promise.all([fleet.startGateway(), fleet.startGateway()]);
  }, 120_000);
  afterAll(() => fleet?.stop());

  test('every answer is right, or says when to come again, or that the worker ended amid it; and nothing runs twice', async () => {
    const { body: { sessionId } } = await fleet.as('alice').create({ env: { WHOSE: 'alice' } });
    const answers = new Map<string, Answer>();
    const client = async (name: number): Promise<void> => {
      for (let at = 0; at < COMMANDS; at += 1) {
        const line = `${name}-${at}`;
        const ask = () => fleet.as('alice', name % 2).execute(sessionId, `echo ${line} >> lines; echo $WHOSE ${line}`);
        answers.set(line, await untilReady(ask));
      }
    };
    const killer = async (): Promise<void> => {
      for (let at = 0; at < KILLS; at += 1) {
        await fleet.as('alice', at % 2).execute(sessionId, 'kill -9 $PPID');
        await sleep(700);
      }
    };
    await Promise.all([...Array.from({ length: CLIENTS }, (_, name) => client(name)), killer()]);

    const told = await untilReady(() => fleet.as('alice').execute(sessionId, 'cat lines'));
    const lines: readonly string[] = told.body.stdout.trim().split('\n');
    expect(lines).toHaveLength(new Set(lines).size);
    for (const [line, { status, body }] of answers) {
      // What was on its way when the daemon died may have been done or not, and nobody says that it was not.
      if (status !== 200) expect({ line, status, code: body.code }).toEqual({ line, status: 502, code: 'SANDBOX_UNREACHABLE' });
      else expect({ line, stdout: body.stdout, ran: lines.includes(line) }).toEqual({ line, stdout: `alice ${line}\n`, ran: true });
    }
    const unknown = [...answers.values()].filter(({ status }) => status !== 200).length;
    expect(answers.size - unknown).toBeGreaterThanOrEqual(CLIENTS * COMMANDS - KILLS * CLIENTS);
  }, 120_000);
});
