import { ApiObject, Chart } from 'cdk8s';
import {
  AgentNamespace, AgentPlatform, AgentPlatformProps, BrokerPolicy, CredentialDelivery, CredentialGrant, HarnessTemplate, RestrictedPods, WorkerPool,
} from '../../../src';
import { postureOf } from '../../../src/manifests/posture/document';
import { EmittedObject } from '../../../src/manifests/posture/emitted';
import { PostureDocument } from '../../../src/protocol/posture';
import { testPlatform } from '../../helpers/platform';

export interface World {
  readonly chart: Chart;
  readonly platform: AgentPlatform;
  readonly team: AgentNamespace;
}

/** A platform with a template, a policy for it and a pool. */
export function world(props: Partial<AgentPlatformProps> = {}): World {
  const made = testPlatform(props);
  const { chart, team: namespace } = made;
  const delivery = CredentialDelivery.header({ hosts: ['api.model.example'], header: 'x-api-key' });
  new BrokerPolicy(chart, 'model-access', {
    namespace,
    appliesToTemplates: ['coder'],
    credentials: [CredentialGrant.userSupplied('MODEL_API_KEY', { secret: { name: 'model-key', key: 'token' }, delivery })],
    egress: [{ host: 'api.model.example', ports: [443] }],
  });
  new HarnessTemplate(chart, 'coder', { namespace, image: 'example.com/coder:1', command: ['/coder'], credentials: ['MODEL_API_KEY'] });
  new WorkerPool(chart, 'python', { namespace, image: 'example.com/python:3' });
  return made;
}

/** What the app emits. It is not validated: a report also shows what synth would refuse. */
export function emittedBy({ chart }: World): EmittedObject[] {
  return chart.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct)).map((object) => object.toJson());
}

/** The document of what is emitted, also of objects that are only thought of. */
export function documentOf(made: World, change: (objects: EmittedObject[]) => EmittedObject[] = (objects) => objects): PostureDocument {
  const { platform } = made;
  return postureOf(change(emittedBy(made)), platform.boundary._topology(), platform.boundary._namespaceNames);
}

/** A workload that somebody else put into the namespace of the team. */
export function foreignWorkload({ chart }: World, spec: object, kind = 'Deployment'): ApiObject {
  const template = { metadata: { labels: { app: 'cache' } }, spec };
  return new ApiObject(chart, `cache-${kind}`, { apiVersion: 'apps/v1', kind, metadata: { name: 'cache', namespace: 'team-a' }, spec: { template } });
}

/** The same, with a rule waived. */
export function waivedWorkload(made: World, reason: string): void {
  const object = foreignWorkload(made, { containers: [{ name: 'redis', image: 'redis:7' }] });
  object.with(new RestrictedPods({ waivers: [{ rule: 'restricted/run-as-non-root', reason }] }));
}
