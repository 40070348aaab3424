import { Cache } from '../../../../sidecar/src/operator/cache/cache';
import type { Meta } from '../../../../sidecar/src/operator/objects/meta';

function object(resourceVersion: string, uid = 'u1'): Meta {
  return { namespace: 'team-a', name: 'r', uid, resourceVersion, generation: 1, createdAt: 0 };
}

/** A write whose answer comes before anything else. */
function write(cache: Cache<Meta>, answer: Meta): void {
  cache.begin(answer.namespace, answer.name).ended(answer);
}

function cacheWith(...versions: readonly string[]) {
  const told: string[] = [];
  const text = (one: Meta | undefined) => (one === undefined ? '-' : `${one.uid}@${one.resourceVersion}`);
  const cache = new Cache<Meta>((before, after) => told.push(`${text(before)} ${text(after)}`));
  versions.forEach((version) => cache.changed('team-a/r', object(version)));
  told.length = 0;
  return { cache, told, version: () => cache.get('team-a', 'r')?.resourceVersion };
}

describe('what was written', () => {
  test('is there until its event, and older events do not bring back what was there', () => {
    const { cache, told, version } = cacheWith('x');
    write(cache, object('m'));
    cache.changed('team-a/r', object('k'));
    expect(version()).toBe('m');
    cache.changed('team-a/r', object('m'));
    cache.changed('team-a/r', object('b'));
    expect(version()).toBe('b');
    expect(told).toEqual(['u1@x u1@m', 'u1@m u1@b']);
  });

  test('twice is there as it was written last, until that was told', () => {
    const { cache, version } = cacheWith('x');
    write(cache, object('m'));
    write(cache, object('n'));
    cache.changed('team-a/r', object('m'));
    expect(version()).toBe('n');
    cache.changed('team-a/r', object('n'));
    cache.changed('team-a/r', object('o'));
    expect(version()).toBe('o');
  });

  test('does not come back when its event and a later one came before its answer', () => {
    const { cache, version } = cacheWith('x');
    const writing = cache.begin('team-a', 'r');
    cache.changed('team-a/r', object('m'));
    cache.changed('team-a/r', object('foreign'));
    writing.ended(object('m'));
    expect(version()).toBe('foreign');
  });

  test('does not come back when the object was deleted before its answer', () => {
    const { cache, version } = cacheWith('x');
    const writing = cache.begin('team-a', 'r');
    cache.changed('team-a/r', undefined);
    writing.ended(object('m'));
    expect(version()).toBeUndefined();
    expect([...cache.of('team-a')]).toEqual([]);
  });

  test('does not hide a list that came before its answer, as nobody knows which is newer', () => {
    const { cache, version } = cacheWith('x');
    const writing = cache.begin('team-a', 'r');
    cache.replaced(new Map([['team-a/r', object('listed')]]));
    writing.ended(object('m'));
    expect(version()).toBe('listed');
  });

  test('that changed nothing is no change', () => {
    const { cache, told, version } = cacheWith('x');
    write(cache, object('x'));
    cache.changed('team-a/r', object('y'));
    expect([version(), told]).toEqual(['y', ['u1@x u1@y']]);
  });

  test('under the name of one whose end is still to be told stays when that is told', () => {
    const { cache, told, version } = cacheWith('x');
    write(cache, object('m', 'u2'));
    cache.changed('team-a/r', object('going'));
    cache.changed('team-a/r', undefined);
    expect(version()).toBe('m');
    cache.changed('team-a/r', object('m', 'u2'));
    cache.changed('team-a/r', undefined);
    expect(told).toEqual(['u1@x u2@m', 'u2@m -']);
  });

  test('ends with the object', () => {
    const { cache, version } = cacheWith('x');
    write(cache, object('m'));
    cache.changed('team-a/r', undefined);
    expect(version()).toBeUndefined();
  });

  test('as the last of an object is not waited for once that is gone, as no event tells its version', () => {
    const { cache, told, version } = cacheWith('x');
    write(cache, object('last'));
    write(cache, object('m', 'u2'));
    cache.changed('team-a/r', undefined);
    expect(version()).toBe('m');
    cache.changed('team-a/r', object('m', 'u2'));
    cache.changed('team-a/r', object('n', 'u2'));
    expect([version(), told]).toEqual(['n', ['u1@x u1@last', 'u1@last u2@m', 'u2@m u2@n']]);
  });

  test('that failed leaves everything as it is', () => {
    const { cache, told } = cacheWith('x');
    cache.begin('team-a', 'r').ended(undefined);
    expect([[...cache.of('team-a')].map(({ resourceVersion }) => resourceVersion), told]).toEqual([['x'], []]);
  });
});

test('a list tells what has come, changed and gone, and nothing of the rest', () => {
  const told: string[] = [];
  const cache = new Cache<Meta>((before, after) => told.push(`${before?.name} ${after?.name} ${after?.resourceVersion}`));
  const named = (name: string, version: string): [string, Meta] => [name, { ...object(version), namespace: '', name }];
  cache.replaced(new Map([named('a', '1'), named('b', '1'), named('c', '1')]));
  told.length = 0;
  cache.replaced(new Map([named('b', '1'), named('c', '2'), named('d', '1')]));
  expect(told).toEqual(['a undefined undefined', 'c c 2', 'undefined d 1']);
  expect(cache.get('', 'c')?.resourceVersion).toBe('2');
});
