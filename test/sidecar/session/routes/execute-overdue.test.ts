import { describeMeans, NODE_MEANS, workbench } from './workbench';
import { LONGEST_SESSION } from '../../../../src/protocol/session-record';
import { eventually } from '../../../helpers/temp-folder';
import { living, longSleep } from '../commands';

const DAY = 24 * 60 * 60 * 1000;

/** By what the server measures how long an answer takes. Timers go on as they are. */
function passing() {
  const start = performance.now();
  let passed = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => start + passed);
  return (milliseconds: number) => passed += milliseconds;
}

/** The server looks for answers that are overdue each second. */
const looked = () => new Promise((resolve) => setTimeout(resolve, 1500));

afterEach(() => jest.restoreAllMocks());

describeMeans((means) => {
  test('a command may run for as long as a session may live; after that it is refused, ended, and leaves its place', async () => {
    const pass = passing();
    const { execute } = await workbench(means(), { limits: { maxCommands: 1, graceMs: 100 } });
    const sleep = longSleep();
    let answered = false;
    const answer = execute(['sleep', sleep], { timeout: '900h' }).finally(() => answered = true);
    await eventually(() => living(sleep).length === 1);
    pass(LONGEST_SESSION - DAY);
    await looked();
    expect([answered, living(sleep).length]).toEqual([false, 1]);
    pass(DAY + 1000);
    expect(await answer).toMatchObject({ status: 503, body: { reason: 'UNAVAILABLE' } });
    await eventually(() => living(sleep).length === 0);
    expect((await execute(['true'])).body).toMatchObject({ exit_code: 0 });
  });
});

test('no connection is closed for being silent, nor a body for being long, before a session is over', async () => {
  const { app } = await workbench(NODE_MEANS);
  expect(app.server).toMatchObject({ timeout: 0, requestTimeout: LONGEST_SESSION });
});
