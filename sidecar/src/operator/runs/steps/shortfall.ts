import { Document, isScalar, isSeq, visit } from 'yaml';
import { API_GROUP_VERSION } from '../../../../../src/protocol/names';
import type { CredentialGrantSpec, EgressGrantSpec, EgressRequirement, Unmet } from '../../../../../src/protocol/policy';
import type { BrokerPolicySpec } from '../../../../../src/protocol/resources';
import { PROVIDER_KINDS } from '../../../../../src/protocol/resources/credential-grant';
import type { RunTemplate } from '../../../../../src/protocol/run-template';

/** What a template requires and no policy grants, and which policies were looked at. */
export interface Shortfall {
  readonly namespace: string;
  readonly template: RunTemplate;
  readonly unmet: Unmet;
  /** Names of the policies that apply to the template. */
  readonly applying: readonly string[];
  /** Names of all policies of the namespace. */
  readonly present: readonly string[];
}

/** Most grants of one suggestion, so that it fits into the message of a condition. What is over is suggested once these are there. */
const MAX_CREDENTIALS = 16;
const MAX_EGRESS = 24;

const MAX_LISTED = 10;

/** What whoever pastes the suggestion has to fill in. No object can have such a name, so nothing is granted by accident. */
export const PLACEHOLDERS = { secret: '<secret>', key: '<key>', host: '<host>' } as const;

/** One sentence. */
export function shortfallSummary(shortfall: Shortfall): string {
  const { template: { identity }, unmet } = shortfall;
  const missing = [
    ...unmet.credentials.map((name) => `credential '${name}'`),
    ...unmet.egress.map(({ host, ports }) => `egress to '${host}' on ${ports.length === 0 ? 'any port' : `port ${ports.join(', ')}`}`),
  ];
  return `no BrokerPolicy grants the ${identity.kind} '${identity.name}' what it requires: ${listed(missing, '; ')}. ${considered(shortfall)}`;
}

/** The same, with a policy to paste. */
export function shortfallMessage(shortfall: Shortfall): string {
  return `${shortfallSummary(shortfall)}. This would grant it, with every <...> filled in:\n\n${suggestedPolicy(shortfall)}`;
}

function considered({ namespace, template: { identity }, applying, present }: Shortfall): string {
  if (present.length === 0) return `Namespace '${namespace}' has no BrokerPolicy`;
  if (applying.length > 0) return `Policies that apply to it: ${listed(applying, ', ')}`;
  const shadowing = identity.shadows === true ? '; as a ClusterHarnessTemplate has the same name, a policy for it must list HarnessTemplate in templateKinds' : '';
  return `None of the policies of namespace '${namespace}' applies to it: ${listed(present, ', ')}${shadowing}`;
}

function listed(items: readonly string[], separator: string): string {
  const over = items.length - MAX_LISTED;
  return `${items.slice(0, MAX_LISTED).join(separator)}${over > 0 ? ` and ${over} more` : ''}`;
}

/** A BrokerPolicy as YAML, for this template alone. */
export function suggestedPolicy({ namespace, template: { identity: { name, kind }, spec }, unmet, present }: Shortfall): string {
  const required = spec.requires?.egress ?? [];
  const credentials = unmet.credentials.slice(0, MAX_CREDENTIALS).map((credential) => credentialGrant(credential, required));
  // A policy has to let out to the hosts of its own credentials, whatever others grant.
  const egress = (credentials.length === 0 ? unmet.egress : required).slice(0, MAX_EGRESS).map(egressGrant);
  const policy: BrokerPolicySpec = {
    appliesToTemplates: [name],
    templateKinds: [kind],
    grants: {
      ...(credentials.length === 0 ? {} : { credentials }),
      egress: egress.length === 0 ? [{ host: PLACEHOLDERS.host, ports: [443] }] : egress,
    },
  };
  return yamlOf({ apiVersion: API_GROUP_VERSION, kind: 'BrokerPolicy', metadata: { name: freeName(name, present), namespace }, spec: policy });
}

/** Which host gets a credential is not for us to guess, unless there is only one. */
function credentialGrant(name: string, required: readonly { readonly host: string }[]): CredentialGrantSpec {
  const hosts = [...new Set(required.map(({ host }) => host))];
  return {
    name,
    provider: {
      kind: 'UserSuppliedSecret',
      secretRef: { name: PLACEHOLDERS.secret, key: PLACEHOLDERS.key },
      deliveryMode: { proxyInjected: { hosts: hosts.length === 1 ? hosts : [PLACEHOLDERS.host], header: { name: 'Authorization', valuePrefix: 'Bearer ' } } },
    },
  };
}

function egressGrant({ host, ports = [] }: Partial<EgressRequirement> & { readonly host: string }): EgressGrantSpec {
  return { host, ...(ports.length === 0 || ports.includes(0) ? {} : { ports: [...ports] }) };
}

/** Applied under the name of a policy that is there, it would take that one's grants away. */
function freeName(template: string, present: readonly string[]): string {
  const first = `${template}-grants`;
  let name = first;
  for (let number = 2; present.includes(name); number += 1) name = `${first}-${number}`;
  return name;
}

/** https://yaml.org/spec/1.2.2/#66-comments */
const COMMENT = [
  'Where the credential is, which hosts get it and how they want it; the agent holds a surrogate.',
  `Other kinds of provider: ${PROVIDER_KINDS.filter((kind) => kind !== 'UserSuppliedSecret').join(', ')}.`,
].map((line) => ` ${line}`).join('\n');

const FILLED_IN: readonly unknown[] = Object.values(PLACEHOLDERS);

function yamlOf(policy: object): string {
  const document = new Document(policy, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, scalar) => {
      // Whatever is put in their place stays one text.
      if (FILLED_IN.includes(scalar.value)) scalar.type = 'QUOTE_SINGLE';
    },
    Pair: (_key, { key, value }) => {
      if (!isScalar(key) || !isSeq(value)) return;
      if (key.value === 'ports') value.flow = true;
      if (key.value === 'credentials') value.commentBefore = COMMENT;
    },
  });
  return document.toString({ lineWidth: 0 });
}
