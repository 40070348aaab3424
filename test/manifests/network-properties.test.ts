import * as fc from 'fast-check';
import { formatCidr, parseCidr } from '../../src/manifests/cidr';
import { FLOWS, isRole, PLACES, policyPorts } from '../../src/manifests/flows';
import { Endpoint, ipBlockPeer, namespacePeer, PeerRule, podsPeer, policyFor, Topology } from '../../src/manifests/network-policy';
import { ROLES } from '../../src/protocol/names';
import { PORTS } from '../../src/protocol/ports';

import { podOf, allows, endpoint, peersIn, portsIn } from '../helpers/topology';

describe('for any topology', () => {
  const name = fc.constantFrom('a', 'b', 'agents-system');
  const peer = fc.oneof(
    name.map(namespacePeer),
    name.map((namespace) => podsPeer(namespace, { app: 'x' })),
    fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '::/0').map((cidr) => ipBlockPeer(cidr)),
  );
  const ports = fc.constantFrom(undefined, [], policyPorts([8443]), policyPorts([5353], ['TCP', 'UDP']));
  const rules: fc.Arbitrary<PeerRule[]> = fc.array(
    fc.tuple(peer, ports).map(([one, open]) => (open === undefined ? { peer: one } : { peer: one, ports: open })), { maxLength: 3 },
  );
  const endpoints: fc.Arbitrary<Endpoint[]> = fc.uniqueArray(
    fc.record({ role: fc.constantFrom(...ROLES), namespace: name, pool: name, objectStore: rules }, { requiredKeys: ['role', 'namespace'] }),
    { selector: ({ role, namespace, pool }) => `${role}/${namespace}/${pool}`, maxLength: 8 },
  );
  const topology: fc.Arbitrary<Topology> = fc.record({
    platform: fc.constant('p'),
    endpoints,
    places: fc.record(Object.fromEntries(PLACES.map((place) => [place, rules])), { requiredKeys: [] }),
  });

  test('no list is ever empty and no field is ever undefined', () => {
    fc.assert(fc.property(topology, (one) => {
      for (const each of one.endpoints) {
        const manifest = policyFor(each, one);
        for (const list of [...peersIn(manifest.spec), ...portsIn(manifest.spec)]) expect(list!.length).toBeGreaterThan(0);
        expect(manifest.spec.ingress ?? [0]).not.toHaveLength(0);
        expect(manifest.spec.egress ?? [0]).not.toHaveLength(0);
        expect(manifest).toStrictEqual(JSON.parse(JSON.stringify(manifest)));
      }
    }));
  });

  test('whoever may send to a role is also admitted there', () => {
    fc.assert(fc.property(topology, ({ endpoints: some }) => {
      const one: Topology = { platform: 'p', endpoints: some, places: {} };
      for (const from of some) {
        for (const to of some) {
          for (const port of Object.values(PORTS)) {
            if (allows({ ...from, objectStore: [] }, one, 'out', podOf(to), port)) expect(allows(to, one, 'in', podOf(from), port)).toBe(true);
          }
        }
      }
    }));
  });

  test('whoever is admitted by a role may also send there, except to the fence', () => {
    fc.assert(fc.property(topology, ({ endpoints: some }) => {
      const one: Topology = { platform: 'p', endpoints: some, places: {} };
      for (const from of some) {
        for (const to of some) {
          for (const port of Object.values(PORTS).filter((each) => each !== PORTS['egress-fence'])) {
            if (allows(to, one, 'in', podOf(from), port)) expect(allows(from, one, 'out', podOf(to), port)).toBe(true);
          }
        }
      }
    }));
  });

  test('the order of endpoints and peers does not show', () => {
    fc.assert(fc.property(topology, (one) => {
      const reversed: Topology = {
        platform: 'p',
        endpoints: [...one.endpoints].reverse(),
        places: Object.fromEntries(Object.entries(one.places).reverse().map(([place, list]) => [place, [...list!].reverse()])),
      };
      for (const each of one.endpoints) expect(policyFor(each, reversed)).toEqual(policyFor(each, one));
    }));
  });

  test('a row without its other end is silent', () => {
    fc.assert(fc.property(fc.constantFrom(...FLOWS), (flow) => {
      const ends = [flow.from, flow.to].filter(isRole).map((role) => endpoint(role));
      const alone: Topology = { platform: 'p', endpoints: ends.slice(0, 1), places: {} };
      expect(peersIn(policyFor(ends[0], alone).spec)).toEqual([]);
    }));
  });

  test('canonical text of an address block is what was meant', () => {
    fc.assert(fc.property(fc.ipV4(), (address) => {
      expect(ipBlockPeer(`${address}/32`).ipBlock!.cidr).toBe(formatCidr(parseCidr(`${address}/32`)!));
    }));
  });
});
