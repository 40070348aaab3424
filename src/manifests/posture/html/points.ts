import { OBJECTS } from '../../../protocol/objects';
import { PostureContainer, PostureDocument, PosturePods, PostureRight } from '../../../protocol/posture';
import { unique } from '../emitted';

/** What a reviewer looks at first: everything that is weaker than the platform makes it by itself. */
export function points(document: PostureDocument): string[] {
  const ofPods = [...document.pods.flatMap(podPoints), ...imagePoints(document)];
  return [...networkPoints(document), ...ofPods, ...accessPoints(document), ...waiverPoints(document)];
}

function networkPoints({ flows, parties, namespaces }: PostureDocument): string[] {
  const title = new Map(parties.map((party) => [party.id, party.title]));
  return [
    ...namespaces.filter(({ made, enforces }) => made && !(enforces ?? '').startsWith('restricted')).map(({ name }) => `namespace ${name} does not enforce restricted pods`),
    ...flows.flatMap(({ from, to, sender, receiver, rows }, index) => [
      ...(sender.decision === 'open' ? [`flow ${index + 1}: no policy closes ${title.get(from)} for connections outwards`] : []),
      ...(receiver.decision === 'open' ? [`flow ${index + 1}: no policy closes ${title.get(to)} for connections inwards`] : []),
      ...(rows.length === 0 ? [`flow ${index + 1}: ${title.get(from)} may connect to ${title.get(to)}, and no row of the flow table has it`] : []),
    ]),
  ];
}

function podPoints(row: PosturePods): string[] {
  const name = `${row.workload} in ${row.namespace}`;
  return [
    ...(row.level === 'restricted' ? [] : [`pods of ${name} pass only the Pod Security Standard '${row.level}'`]),
    ...(row.automount ? [`pods of ${name} get a token for the API server in every container`] : []),
    ...row.containers.flatMap((container) => containerPoints(container).map((point) => `container ${container.name} of ${name} ${point}`)),
  ];
}

function containerPoints({ readOnlyRoot, mounts }: PostureContainer): string[] {
  return [
    ...(readOnlyRoot ? [] : ['may write its root file system']),
    ...mounts.filter(({ source }) => source.includes('without limit')).map(({ path }) => `may fill up its node at ${path}`),
  ];
}

/** One point for all: whoever names workers by tag does so everywhere. */
function imagePoints({ pods }: PostureDocument): string[] {
  const tags = unique(pods.flatMap(({ containers }) => containers.map(({ image }) => image)).filter((image) => !image.includes('@sha256:')));
  return tags.length === 0 ? [] : [`images that are not pinned by digest may change after this review: ${tags.join(', ')}`];
}

function accessPoints({ platform, accounts, credentials, egress, policies }: PostureDocument): string[] {
  return [
    ...accounts.flatMap(({ subject, rights }) => rights
      .filter((right) => !(subject === `ServiceAccount ${platform}/${OBJECTS.operator}` && writesSecrets(right)))
      .flatMap((right) => rightPoints(right).map((point) => `${subject} ${point}`))),
    ...credentials.filter(({ inContainer }) => inContainer).map(({ holder, credential, reason }) => (
      `runs of ${holder.name} in ${holder.namespace} hold the credential ${credential} themselves: ${reason ?? ''}`)),
    ...egress.filter(({ ports }) => ports.length === 0).map(({ holder, host }) => `runs of ${holder.name} in ${holder.namespace} may reach every port of ${host}`),
    ...policies.flatMap(({ namespace, name, shell, discovery }) => [
      ...(shell === undefined ? [] : [`policy ${namespace}/${name} lets people open a shell ${shell}`]),
      ...(discovery === undefined ? [] : [`policy ${namespace}/${name} lets runs reach every host until ${discovery.expiresAt}: ${discovery.reason}`]),
    ]),
  ];
}

/** Of the operator, because its rules of admission leave it no Secret but those that it makes for runs. */
function writesSecrets({ resources, verbs }: PostureRight): boolean {
  return resources.every((resource) => resource === 'secrets') && verbs.every((verb) => ['create', 'update'].includes(verb));
}

function rightPoints({ scope, role, known, verbs, groups, resources, names, urls }: PostureRight): string[] {
  const all = [...verbs, ...resources, ...urls].includes('*') || (groups.includes('*'));
  const everySecret = groups.includes('') && resources.includes('secrets') && names.length === 0;
  return [
    ...(known ? [] : [`has the ${role} (${scope}), whose rules are not part of the app`]),
    ...(all ? [`has a wildcard right by ${role} (${scope})`] : []),
    ...(everySecret ? [`may ${verbs.join(', ')} every Secret by ${role} (${scope})`] : []),
  ];
}

function waiverPoints({ waivers }: PostureDocument): string[] {
  return waivers.map(({ object, rule, reason }) => `${object} need not pass ${rule}: ${reason}`);
}
