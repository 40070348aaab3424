import { OBJECTS, TRUST_KEYS } from '../../../../../src/protocol/objects';
import { wayOutEnvironment } from '../../../../../src/protocol/way-out-env';
import type { KubeObject } from '../../../kube/client';
import { hasCode } from '../../../kube/kube-error';
import type { OperatorDeps } from '../../operator-deps';
import { Outcome, RunWork, done, wait } from '../run-work';

/** Milliseconds between two looks; the egress proxy publishes its address once, soon after it has begun. */
const LOOK_AGAIN = 5_000;

/** Variables by which the programs of the run find the egress proxy. */
export async function wayOutStep({ client }: Pick<OperatorDeps, 'client'>, work: RunWork, token: string): Promise<Outcome<Readonly<Record<string, string>>>> {
  const { namespace, name } = work.run;
  const published = await trustOf(client, namespace);
  const proxyUrl = (published?.data as Readonly<Record<string, unknown>> | undefined)?.[TRUST_KEYS.proxyUrl];
  if (!isProxyUrl(proxyUrl)) {
    const message = published === undefined
      ? `namespace '${namespace}' has no ConfigMap '${OBJECTS.agentTrust}': it is made with the namespace`
      : `ConfigMap '${OBJECTS.agentTrust}' in namespace '${namespace}' has no address under '${TRUST_KEYS.proxyUrl}' yet: the egress proxy publishes it when it is up`;
    work.condition('EgressConfigured', 'ProxyNotConfigured', message);
    return wait('ProxyNotConfigured', message, LOOK_AGAIN);
  }
  work.condition('EgressConfigured', 'Cooperative', `the way out is ${proxyUrl}`);
  return done(wayOutEnvironment(proxyUrl, name, token));
}

async function trustOf(client: Pick<OperatorDeps['client'], 'get'>, namespace: string): Promise<KubeObject | undefined> {
  try {
    return await client.get({ group: '', version: 'v1', plural: 'configmaps', namespace }, OBJECTS.agentTrust);
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}

function isProxyUrl(text: unknown): text is string {
  return typeof text === 'string' && URL.canParse(text) && new URL(text).protocol === 'http:';
}
