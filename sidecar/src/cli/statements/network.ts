import { pieces, readPorts } from './ports';
import { Fact, Statement, Told } from './statement';
import { PostureDocument, PostureFlow } from '../../../../src/protocol/posture';

/** Who reaches whom. `cuts` are port numbers at which either document begins or ends a range. */
export function networkStatements(document: PostureDocument, cuts: readonly number[]): Told {
  const titles = new Map(document.parties.map(({ id, title, namespace }) => [id, namespace === undefined ? title : `${title} in ${namespace}`]));
  const name = (id: string) => titles.get(id) ?? id;
  return {
    statements: [
      ...document.parties.filter(({ kind }) => kind === 'place').flatMap(({ id, title, members }) => members.flatMap((member) => memberStatements(id, title, member))),
      ...document.flows.flatMap((flow) => flowStatements(flow, name, cuts)),
    ],
    facts: [
      ...document.parties.flatMap(({ id, title, kind, role, namespace, members }): Fact[] => [
        { section: 'network', key: `party ${id}`, subject: kind === 'place' ? `place ${title}` : name(id) },
        { section: 'network', key: `title ${id}`, subject: `the node ${id} of the map`, value: [title, kind, role ?? 'no role', namespace ?? 'no namespace'].join(', ') },
        ...members.map((member): Fact => ({ section: 'network', key: `member ${id} ${member.peer}`, subject: `${member.peer} of ${name(id)}`, within: `party ${id}` })),
      ]),
      ...document.flows.flatMap((flow) => flowFacts(flow, name)),
    ],
  };
}

function memberStatements(id: string, title: string, { peer, except }: PostureDocument['parties'][number]['members'][number]): Statement[] {
  const common = { section: 'network', subject: `place ${title}` } as const;
  return [
    { ...common, verb: `includes ${peer}`, effect: 'opens', ...(except.length === 0 ? {} : { note: `without ${except.length} networks` }) },
    ...except.map((hole): Statement => ({ ...common, verb: `leaves out ${hole} of ${peer}`, effect: 'closes', within: `member ${id} ${peer}` })),
  ];
}

function flowStatements({ from, to, ports, sender, receiver }: PostureFlow, name: (id: string) => string, cuts: readonly number[]): Statement[] {
  const open = (id: string, way: string): Statement => ({ section: 'network', subject: `${name(id)}`, verb: `is open to every connection ${way}`, effect: 'opens' });
  return [
    ...ports.flatMap((text) => {
      const range = readPorts(text);
      const common = { section: 'network', subject: `${name(from)} may`, effect: 'opens', note: byPolicies({ sender, receiver }) } as const;
      if (range === undefined) return [{ ...common, verb: `connect to ${name(to)} on ${text}` }];
      return pieces(range, cuts).map((piece): Statement => ({ ...common, verb: `connect to ${name(to)} on`, ports: piece }));
    }),
    ...(sender.decision === 'open' ? [open(from, 'outwards')] : []),
    ...(receiver.decision === 'open' ? [open(to, 'inwards')] : []),
  ];
}

function byPolicies({ sender, receiver }: Pick<PostureFlow, 'sender' | 'receiver'>): string {
  const policies = [...new Set([...sender.policies, ...receiver.policies])];
  return policies.length === 0 ? 'no policy is needed' : `by ${policies.join(' and ')}`;
}

function flowFacts({ from, to, ports, sender, receiver, rows }: PostureFlow, name: (id: string) => string): Fact[] {
  const subject = `the flow from ${name(from)} to ${name(to)}`;
  const end = ({ decision, policies }: PostureFlow['sender']) => [decision, ...policies].join(' ');
  return [
    { section: 'network', key: `flow ${from} ${to} by`, subject: `what allows ${subject}`, value: `${end(sender)} -> ${end(receiver)}` },
    { section: 'network', key: `flow ${from} ${to} ports`, subject: `how the ports of ${subject} are written`, value: ports.join(', ') },
    { section: 'network', key: `flow ${from} ${to} rows`, subject: `why there is ${subject}`, value: rows.map(({ id, why }) => `${why} (${id})`).join('; ') || 'no row of the flow table' },
  ];
}

/** Where ranges begin, and the ports after their ends. */
export function cutsOf({ flows }: PostureDocument): number[] {
  return flows.flatMap(({ ports }) => ports).flatMap((text) => {
    const range = readPorts(text);
    return range === undefined ? [] : [range.first, range.last + 1];
  });
}
