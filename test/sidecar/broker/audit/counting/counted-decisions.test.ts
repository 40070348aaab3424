import { block, countedWorld, MINUTE } from './counted-world';

test('each decision is recorded while the bucket lasts', async () => {
  const { state, ask } = countedWorld(5);
  await ask(5);
  expect(state.written.map(({ destination }) => destination?.host)).toEqual(['h0.example', 'h1.example', 'h2.example', 'h3.example', 'h4.example']);
});

test('beyond it one more is recorded, and the rest of what it asks for is counted', async () => {
  const { state, ask } = countedWorld();
  await ask(2);
  await ask(998, {}, 'same.example');
  expect(state.written).toHaveLength(3);
});

test('what is counted is told by the record of its destination in the same window', async () => {
  const { time, counted, ask } = countedWorld();
  await ask(2);
  const ids = [await counted.write(block('a.example')), await counted.write(block('b.example')), await counted.write(block('a.example'))];
  expect(ids).toEqual(['audit-3', 'audit-4', 'audit-3']);
  await time.pass(MINUTE);
  expect(await counted.write(block('a.example'))).not.toBe('audit-3');
});

describe('a destination that the window has no record of', () => {
  test('is recorded like any other, so that no number of decoys hides it', async () => {
    const { state, ask } = countedWorld();
    await ask(600);
    await ask(3, { kind: 'egress-discovery-allow', decision: 'granted' }, 'exfil.example');
    await ask(1, {}, 'exfil.example');
    await ask(1, { destination: { host: 'exfil.example', port: 8443 } });
    expect(state.written).toHaveLength(605);
    expect(state.written.at(-1)).toMatchObject({ destination: { host: 'exfil.example', port: 8443 } });
  });

  test('is refused when there is no room for it, until the window is over', async () => {
    const { time, state, ask } = countedWorld();
    await ask(1002);
    await expect(ask(1, {}, 'exfil.example')).rejects.toMatchObject({ code: 'RateLimited', headers: { 'retry-after': '60' } });
    await ask(1, {}, 'h500.example');
    expect(state.written).toHaveLength(1002);
    await time.pass(MINUTE);
    await ask(1, {}, 'exfil.example');
    expect(state.written.at(-1)?.destination?.host).toBe('exfil.example');
  });

  test('is not counted as long as it could not be recorded', async () => {
    const { state, ask } = countedWorld();
    await ask(3);
    state.fails = true;
    await expect(ask(1, {}, 'late.example')).rejects.toThrow('full');
    state.fails = false;
    await ask(1, {}, 'late.example');
    expect(state.written.at(-1)?.destination?.host).toBe('late.example');
  });
});

test('while the log cannot be written, what would be counted is refused', async () => {
  const { counted, state, ask } = countedWorld();
  await ask(9, {}, 'a.example');
  state.fails = true;
  expect(counted.unready()).toBe('the disk is full');
  await expect(ask(1, {}, 'a.example')).rejects.toThrow('full');
  state.fails = false;
  await counted.close();
  expect(state.written.at(-1)).toMatchObject({ count: 6 });
});

test('the decisions of another run, and those of another kind, are not counted with them', async () => {
  const { state, ask } = countedWorld();
  await ask(50, {}, 'a.example');
  await ask(1, { run: 'r2' });
  await ask(1, { namespace: 'team-b' });
  await ask(1, { kind: 'egress-allow', decision: 'granted' });
  expect(state.written).toHaveLength(6);
});
