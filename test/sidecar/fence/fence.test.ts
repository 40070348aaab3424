import fc from 'fast-check';
import { ANSWERS, HOST, REFUSES, SILENT, URL_OF_PROXY, waited } from './world';

const from = <T>(then: number, early: T, late: T) => (now: number): T => now < then ? early : late;

describe('a pod begins', () => {
  test('when the fence is silent three times, and the proxy answers before and after each', async () => {
    const { holds, message, took, tried } = await waited({});
    expect([holds, message, took]).toEqual([true, 'closed 3 times after 6 s', 5500]);
    expect(tried).toEqual(Array.from({ length: 3 }, () => [`${HOST} 15001`, `${HOST} 15003`, `${HOST} 15001`]).flat());
  });

  test('once the policy that came late holds', async () => {
    const { holds, took } = await waited({ fence: from(30_000, ANSWERS, SILENT) });
    expect([holds, took]).toEqual([true, 35_500]);
  });

  test('once the proxy is published, and ready', async () => {
    expect(await waited({ url: from(20_000, undefined, URL_OF_PROXY), proxy: from(40_000, REFUSES, ANSWERS) })).toMatchObject({ holds: true });
  });

  test('at an IPv6 address too', async () => {
    const { holds, tried } = await waited({ url: () => 'http://[fd00::9]:15001' });
    expect([holds, tried[1]]).toEqual([true, 'fd00::9 15003']);
  });

  test('although the time is over, when closing had begun before', async () => {
    const { holds, took } = await waited({ fence: from(119_600, ANSWERS, SILENT) });
    expect([holds, took > 120_000]).toEqual([true, true]);
  });
});

describe('a pod does not begin', () => {
  test.each<[string, Parameters<typeof waited>[0], RegExp]>([
    ['while the fence is open', { fence: () => ANSWERS }, /^the network policy of this pod is not enforced after 120 s: 10\.96\.0\.9 TCP 15003: it accepts connections/],
    ['while the fence is reached and nobody listens', { fence: () => REFUSES }, /not enforced after 120 s: 10\.96\.0\.9 TCP 15003: the other end refuses, so packets get there/],
    ['while the proxy is silent too', { proxy: () => SILENT }, /^the proxy at 10\.96\.0\.9 does not answer, for 120 s: no answer within 1\.5 s/],
    ['while nobody listens at the proxy', { proxy: () => REFUSES }, /^the proxy at 10\.96\.0\.9 does not answer, for 120 s: the other end refuses/],
    ['while nothing is published', { url: () => undefined }, /^the address of the egress proxy is not known after 120 s: proxy-url is not published/],
    ['with a name for an address', { url: () => 'http://egress.platform:15001' }, /not known after 120 s: proxy-url must be http:\/\/ with an IP address, got "http:\/\/egress\.platform:15001"/],
  ])('%s', async (_when, cluster, message) => {
    const { holds, message: said, took } = await waited(cluster);
    expect(holds).toBe(false);
    expect(said).toMatch(message);
    expect(took).toBeGreaterThanOrEqual(120_000);
    expect(took).toBeLessThan(130_000);
  });

  test('when the proxy goes away during each try: that is why the fence was silent', async () => {
    let dials = 0;
    expect(await waited({ proxy: () => (dials += 1) % 2 === 1 ? ANSWERS : SILENT })).toMatchObject({ holds: false, message: expect.stringContaining('does not answer') });
  });

  test('by closings of two proxies together', async () => {
    let rounds = 0;
    const url = () => `http://10.96.0.${(rounds += 1) % 2}:15001`;
    expect(await waited({ url, fence: () => rounds < 100 ? SILENT : ANSWERS })).toMatchObject({ holds: false });
  });
});

test('it begins if and only if three rounds in a row are closed, whatever came before', async () => {
  const outcome = fc.constantFrom('closed', 'open', 'refused', 'no-proxy', 'gone-after', 'no-address');
  await fc.assert(fc.asyncProperty(fc.array(outcome, { maxLength: 25 }), fc.constantFrom('open', 'closed'), async (script, rest) => {
    let at = -1;
    let dialed = 0;
    const now = () => script[at] ?? rest;
    const { holds, tried } = await waited({
      url: () => {
        at += 1;
        dialed = 0;
        return now() === 'no-address' ? undefined : URL_OF_PROXY;
      },
      proxy: () => now() === 'no-proxy' || (now() === 'gone-after' && dialed > 0) ? REFUSES : ANSWERS,
      fence: () => {
        dialed += 1;
        return now() === 'closed' ? SILENT : now() === 'refused' ? REFUSES : ANSWERS;
      },
    });
    const all = [...script, ...Array.from({ length: 3 }, () => rest)];
    const first = all.findIndex((_, index) => [0, 1, 2].every((more) => all[index + more] === 'closed'));
    expect(holds).toBe(first >= 0);
    if (holds) expect([at, tried.at(-1)]).toEqual([first + 2, `${HOST} 15001`]);
  }));
});
