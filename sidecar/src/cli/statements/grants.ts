import { anyOf, Fact, starred, Statement, Term, Told } from './statement';
import { hostCovers } from '../../../../src/protocol/hosts';
import { PostureDocument, PostureEgress, PostureHolder, PosturePolicy } from '../../../../src/protocol/posture';

/** Who may use what, where, and what policies say beyond that. */
export function grantStatements({ credentials, egress, policies }: PostureDocument): Told {
  return {
    statements: [...credentials.flatMap(credentialOf), ...egress.flatMap(egressOf), ...policies.flatMap(policyOf)],
    facts: [...credentials.map(credentialFact), ...egressFacts(egress), ...policies.flatMap(policyFacts)],
  };
}

function holderText({ namespace, kind, name }: PostureHolder): string {
  if (kind === 'pattern') return `any template of ${namespace} named ${name}`;
  return `${kind === 'HarnessTemplate' ? 'template' : 'cluster template'} ${namespace}/${name}`;
}

type Credential = PostureDocument['credentials'][number];

function credentialOf({ holder, credential, hosts, inContainer, delivery, policy, reason }: Credential): Statement[] {
  const common = { section: 'credentials', subject: `${holderText(holder)} may`, effect: 'opens' } as const;
  if (inContainer) return [{ ...common, verb: `hold credential ${credential} itself and send it anywhere`, note: `policy ${policy}: ${reason ?? 'no reason given'}` }];
  return hosts.map((host) => ({
    ...common, verb: `use credential ${credential} at ${host}, ${delivery}`, note: `policy ${policy}`, kind: `${credential} ${delivery}`, terms: [hostTerm(host)],
  }));
}

function credentialFact({ holder, credential, provider, secret, hosts, delivery, policy, reason }: Credential): Fact {
  const subject = `credential ${credential} of ${holderText(holder)}`;
  const from = `${provider} from Secret ${secret} by policy ${policy} at ${hosts.join(', ') || 'no host'}, ${delivery}${reason === undefined ? '' : `: ${reason}`}`;
  return { section: 'credentials', key: subject, subject, value: from };
}

function egressOf({ holder, host, ports, methods, paths, policy }: PostureEgress): Statement[] {
  const limits = [...(methods.length === 0 ? [] : [methods.join(', ')]), ...(paths.length === 0 ? [] : [`only ${paths.join(', ')}`])];
  return (ports.length === 0 ? ['*'] : ports).map((port) => ({
    section: 'hosts',
    subject: `${holderText(holder)} may`,
    verb: `connect to ${host} on ${port === '*' ? 'every port' : `port ${port}`}${limits.length === 0 ? '' : `, ${limits.join(', ')}`}`,
    effect: 'opens',
    note: `policy ${policy}`,
    kind: 'egress',
    terms: [hostTerm(host), starred(port), anyOf(methods), anyOf(paths, pathCovers)],
  }));
}

function egressFacts(rows: readonly PostureEgress[]): Fact[] {
  const holders = new Map<string, string[]>();
  for (const { holder, host, ports, methods, paths, policy } of rows) {
    const limits = [ports.join(',') || 'every port', methods.join(',') || 'every method', paths.join(',') || 'every path'].join(' ');
    const key = holderText(holder);
    holders.set(key, [...holders.get(key) ?? [], `${host} ${limits} (${policy})`]);
  }
  return [...holders].map(([holder, grants]) => ({
    section: 'hosts', key: `egress of ${holder}`, subject: `how the hosts of ${holder} are written`, value: grants.sort().join('; '),
  }));
}

function hostTerm(host: string): Term {
  return { text: host, covers: (narrower) => narrower === host || hostCovers(host, narrower) || (narrower.startsWith('*.') && hostCovers(host, narrower.slice(2))) };
}

/** A path that ends in a star covers what begins with it. */
function pathCovers(wide: string, narrow: string): boolean {
  return wide === narrow || (wide.endsWith('*') && narrow.startsWith(wide.slice(0, -1)));
}

function policyOf({ namespace, name, templates, kinds, images, interact, shell, repositories, discovery }: PosturePolicy): Statement[] {
  const subject = `policy ${namespace}/${name}`;
  const opens = (verb: string, kind?: string, terms?: readonly Term[]): Statement => ({ section: 'policies', subject, verb, effect: 'opens', ...(kind === undefined ? {} : { kind, terms }) });
  return [
    ...templates.map((glob) => opens(`applies to templates named ${glob}`, 'template', [starred(glob)])),
    ...kinds.map((kind) => opens(`applies to each ${kind} of these names`)),
    ...(images.length === 0 ? ['*'] : images).map((image) => opens(`applies to ${image === '*' ? 'every image' : `the image ${image}`}`, 'image', [starred(image)])),
    ...(interact ? [opens('lets people talk to the agents')] : []),
    ...(shell === undefined ? [] : [opens(`lets people open a shell ${shell}`)]),
    ...repositories.map((repository) => opens(`grants to ${repository}`)),
    ...(discovery === undefined ? [] : [opens(`lets runs reach every host until ${discovery.expiresAt}`)]),
  ];
}

function policyFacts({ namespace, name, discovery, templates, images }: PosturePolicy): Fact[] {
  const title = `policy ${namespace}/${name}`;
  return [
    { section: 'policies', key: title, subject: title },
    { section: 'policies', key: `discovery of ${title}`, subject: `reason for the discovery of ${title}`, value: discovery?.reason ?? 'none' },
    { section: 'policies', key: `templates of ${title}`, subject: `how ${title} says to what it applies`, value: [...templates, ...images].join(', ') },
  ];
}
