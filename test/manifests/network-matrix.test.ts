import { podLabels } from '../../src/manifests/labels';
import { Endpoint } from '../../src/manifests/network-policy';
import { PORTS } from '../../src/protocol/ports';

import { Party, podOf, allows, connects, system, egress, controller, python, agent, all, full } from '../helpers/topology';

describe('the whole matrix', () => {
  const nameOf = ({ role, pool }: Endpoint) => pool ?? role;
  const tried = [...new Set<number>([...Object.values(PORTS), 22, 53, 80, 443, 2379, 6443, 10250, 30080])];

  test('between parts of the platform', () => {
    const found = all.flatMap((from) => all.flatMap((to) => {
      const open = tried.filter((port) => connects(from, to, port, full)).sort((a, b) => a - b);
      return open.length === 0 ? [] : [`${nameOf(from)} -> ${nameOf(to)} ${open.join(' ')}`];
    }));
    expect(found.sort()).toEqual([
      'agent -> egress 15001 15002',
      'controller -> broker 8443',
      'controller -> node 8080',
      'controller -> python 8080',
      'controller -> store 6379',
      'egress -> broker 8443',
      'gateway -> controller 8090',
      'gateway -> node 8080',
      'gateway -> python 8080',
      'gateway -> store 6379',
      'node -> egress 15001 15002',
      'operator -> broker 8443',
      'python -> egress 15001 15002',
    ]);
  });

  test('into the platform', () => {
    const outside: Record<string, Party> = {
      'client': { namespace: 'ingress-nginx', labels: {} },
      'prometheus': { namespace: 'monitoring', labels: { app: 'prometheus' } },
      'program without gateway': { namespace: 'programs', labels: { app: 'batch' } },
      'foreign controller': { namespace: 'paddock', labels: { app: 'controller' } },
      'neighbour in the namespace': { namespace: system, labels: {} },
      'stranger with a role label': { namespace: 'elsewhere', labels: podLabels('p', 'broker', 'controller') },
      'tenant with the labels of the controller': { namespace: 'team-a', labels: podLabels('p', 'broker', 'controller') },
      'tenant with the labels of egress': { namespace: 'team-a', labels: podLabels('p', 'broker', 'egress') },
      'internet': '1.1.1.1/32',
      'node': '10.0.0.4/32',
    };
    const found = Object.entries(outside).flatMap(([name, party]) => all.flatMap((to) => {
      const open = tried.filter((port) => allows(to, full, 'in', party, port));
      return open.length === 0 ? [] : [`${name} -> ${nameOf(to)} ${open.join(' ')}`];
    }));
    expect(found.sort()).toEqual([
      'client -> gateway 8080',
      'foreign controller -> broker 8443',
      'program without gateway -> controller 8090',
      'prometheus -> broker 8081',
      'prometheus -> controller 8081',
      'prometheus -> egress 8081',
      'prometheus -> gateway 8081',
      'prometheus -> node 8081',
      'prometheus -> operator 8081',
      'prometheus -> python 8081',
    ]);
  });

  test('out of the platform', () => {
    const outside: Record<string, Party> = {
      'api server': '10.96.0.1/32',
      'code host': '140.82.121.4/32',
      'dns': { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
      'another kube-system pod': { namespace: 'kube-system', labels: {} },
      'fake dns': { namespace: 'team-a', labels: { 'k8s-app': 'kube-dns' } },
      'metadata': '169.254.169.254/32',
      'node': '10.0.0.4/32',
      'object store': '198.51.100.7/32',
      'existing store': { namespace: 'databases', labels: { app: 'redis' } },
      'internet': '1.1.1.1/32',
      'internet over IPv6': '2606:4700::1111/128',
      'node local dns': '169.254.20.10/32',
      'identity provider': '203.0.113.9/32',
    };
    const found = Object.entries(outside).flatMap(([name, party]) => all.flatMap((from) => ['TCP', 'UDP'].flatMap((protocol) => {
      const open = tried.filter((port) => allows(from, full, 'out', party, port, protocol)).sort((a, b) => a - b);
      return open.length === 0 ? [] : [`${nameOf(from)} -> ${name} ${protocol} ${open.join(' ')}`];
    })));
    const resolvers = ['broker', 'controller', 'egress', 'gateway', 'operator'];
    expect(found.sort()).toEqual([
      ...['broker', 'controller', 'egress', 'operator', 'retention'].map((role) => `${role} -> api server TCP 443 6443`),
      ...resolvers.flatMap((role) => ['dns', 'node local dns'].flatMap((place) => ['TCP', 'UDP'].map((protocol) => `${role} -> ${place} ${protocol} 53`))),
      'broker -> code host TCP 443',
      'egress -> code host TCP 80 443',
      'egress -> internet TCP 80 443',
      'egress -> internet over IPv6 TCP 80 443',
      'controller -> existing store TCP 6379',
      'gateway -> existing store TCP 6379',
      'gateway -> identity provider TCP 443',
      'python -> object store TCP 443',
    ].sort());
  });
});

describe('the fence port', () => {
  test('egress admits agents and workers, but none of them is let out', () => {
    for (const sender of [agent, python]) {
      expect(allows(egress, full, 'in', podOf(sender), PORTS['egress-fence'])).toBe(true);
      expect(allows(sender, full, 'out', podOf(egress), PORTS['egress-fence'])).toBe(false);
    }
  });

  test('nobody else is admitted', () => expect(allows(egress, full, 'in', podOf(controller), PORTS['egress-fence'])).toBe(false));
});
