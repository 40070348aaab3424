import { inTerms } from '../../../sidecar/src/operator/terms';

/** Terms whose looks happen when the test says so. */
function terms(given: { mayAct: boolean; ending?: Promise<void> }) {
  const state = { ...given };
  const happened: string[] = [];
  let next: (() => void) | undefined;
  const close = inTerms({
    mayAct: () => state.mayAct,
    begin: () => void happened.push('begin'),
    end: async () => {
      happened.push('end');
      await state.ending;
    },
    after: (_, run) => {
      next = run;
      return () => { next = undefined; };
    },
  });
  const look = async (mayAct: boolean) => {
    state.mayAct = mayAct;
    next?.();
    await new Promise(setImmediate);
  };
  return { happened, close, look, waits: () => next !== undefined };
}

test('begins when the replica may act, and not again while it may', async () => {
  const { happened, look } = terms({ mayAct: false });
  await look(false);
  expect(happened).toEqual([]);
  await look(true);
  await look(true);
  expect(happened).toEqual(['begin']);
});

test('ends when it may not, and begins anew', async () => {
  const { happened, look } = terms({ mayAct: true });
  await look(false);
  await look(false);
  await look(true);
  expect(happened).toEqual(['begin', 'end', 'begin']);
});

test('does not begin anew while what it ended is under way', async () => {
  let ended = (): void => undefined;
  const { happened, look, waits } = terms({ mayAct: true, ending: new Promise<void>((resolve) => { ended = resolve; }) });
  await look(false);
  await look(false);
  expect(happened).toEqual(['begin', 'end']);
  ended();
  await look(true);
  await look(true);
  expect(happened).toEqual(['begin', 'end', 'begin']);
  expect(waits()).toBe(true);
});

test('ends for good when it is closed, and looks no more', async () => {
  const { happened, close, look, waits } = terms({ mayAct: true });
  await new Promise(setImmediate);
  await close();
  expect(waits()).toBe(false);
  await look(true);
  expect(happened).toEqual(['begin', 'end']);
});

test('closed before it has begun it never begins', async () => {
  const { happened, close, look } = terms({ mayAct: false });
  await close();
  await look(true);
  expect(happened).toEqual([]);
});
