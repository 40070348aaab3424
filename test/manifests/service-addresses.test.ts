import fc from 'fast-check';
import { serviceAddressCount, serviceAddresses, serviceNetworkProblem } from '../../src/manifests/service-addresses';

const offsetOf = (address: string) => address.split('.').slice(2).reduce((sum, octet) => sum * 256 + Number(octet), 0);
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 60 });

describe('the static band of Kubernetes, without .1 and .10', () => {
  // The examples of https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
  test.each([['10.96.0.0/24', 16], ['10.96.0.0/20', 256], ['10.96.0.0/16', 256], ['10.96.0.0/22', 64], ['10.96.0.0/27', 16], ['fd00:10::/112', 256], ['fd00:10::/64', 256]])('%s has %i addresses in it', (network, size) => {
    expect(serviceAddressCount(network, 0)).toBe(size - 2);
  });

  test('its last address is in reach, and the one after it is not', () => {
    const all = [...serviceAddresses('10.96.0.0/24', 0, Array.from({ length: 14 }, (_, index) => `n${index}`)).values()].map(offsetOf).sort((a, b) => a - b);
    expect(all).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16]);
  });

  test('IPv6 addresses are written in canonical form', () => {
    expect([...serviceAddresses('fd00:10::/112', 0, ['a']).values()][0]).toMatch(/^fd00:10::(100|[89a-f][0-9a-f])$/);
  });
});

describe('an address', () => {
  test('is in the upper half of the band, as long as there is room', () => {
    for (const address of serviceAddresses('10.96.0.0/16', 0, ['a', 'b', 'c', 'd']).values()) expect(offsetOf(address)).toBeGreaterThan(128);
  });

  test('leaves alone what is skipped at the end', () => {
    const found = [...serviceAddresses('10.96.0.0/24', 6, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']).values()].map(offsetOf);
    expect(found.sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('is one for each name, whatever their order', () => {
    fc.assert(fc.property(names, (list) => {
      const found = serviceAddresses('10.96.0.0/16', 0, list);
      expect(new Set(found.values()).size).toBe(list.length);
      expect([...found].sort()).toEqual([...serviceAddresses('10.96.0.0/16', 0, [...list].reverse())].sort());
    }));
  });

  test('of one name moves for few others, because a Service cannot change its address', () => {
    const many = Array.from({ length: 20 }, (_, index) => `team-a.probe-session-pool${index}`);
    const [before, after] = [serviceAddresses('10.96.0.0/16', 0, many), serviceAddresses('10.96.0.0/16', 0, [...many, 'team-a.probe-session-aaa'])];
    expect(many.filter((name) => before.get(name) !== after.get(name)).length).toBeLessThan(2);
  });
});

describe('refused as network of Services', () => {
  test.each(['10.0.0.0/11', '10.96.0.0/28', '10.96.0.1/32', '0.0.0.0/0'])('%s', (network) => {
    expect(serviceNetworkProblem(network)).toBe(`${network} cannot be the network of Services, allowed are IPv4 networks from /12 to /27`);
  });

  test.each(['fd00::/63', 'fd00::/124'])('%s', (network) => {
    expect(serviceNetworkProblem(network)).toContain('allowed are IPv6 networks from /64 to /123');
  });

  test.each(['10.96.0.0/12', '10.96.0.0/27', 'fd00::/64', 'fd00::/123'])('but not %s', (network) => expect(serviceNetworkProblem(network)).toBeUndefined());
});
