import type { KubeObject, Resource } from '../../../../sidecar/src/kube/client';
import type { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { keptPolicy } from '../../../../sidecar/src/operator/objects/policy';
import { keptTemplate } from '../../../../sidecar/src/operator/objects/template';
import type { World } from '../../../../sidecar/src/operator/operator-deps';
import type { ReadinessDeps } from '../../../../sidecar/src/operator/readiness/write';
import { BrokerPolicySpec, HarnessTemplateSpec, problemsWith } from '../../../../src/protocol/resources';

export const NAMESPACE = 'team';
export const NOW = Date.UTC(2030, 0, 1);
export const COMPLETE: HarnessTemplateSpec = { image: 'registry.example/coder:1', command: ['coder'] };

type Kind = 'HarnessTemplate' | 'ClusterHarnessTemplate' | 'BrokerPolicy';

/** Templates and policies, and what is written of them. */
export class Definitions {
  now = NOW;
  refusal: KubeError | undefined;
  readonly writes: { readonly resource: Resource; readonly object: KubeObject }[] = [];
  private readonly objects = new Map<string, KubeObject>();

  add(kind: Kind, name: string, spec: HarnessTemplateSpec | BrokerPolicySpec, more: Readonly<Record<string, unknown>> = {}): void {
    const metadata = { name, uid: `uid-of-${name}`, generation: 1, resourceVersion: '1', ...(kind === 'ClusterHarnessTemplate' ? {} : { namespace: NAMESPACE }), ...more };
    const before = this.objects.get(`${kind}/${name}`);
    this.objects.set(`${kind}/${name}`, { apiVersion: 'paddock.dev/v1alpha1', kind, metadata, spec, ...(before?.status === undefined ? {} : { status: before.status }) });
  }

  deps(): ReadinessDeps {
    const kept = <T>(kind: Kind, read: (object: KubeObject) => T) => ({
      get: (_: string, name: string) => {
        const object = this.objects.get(`${kind}/${name}`);
        return object && read(object);
      },
      of: () => [...this.objects].filter(([key]) => key.startsWith(`${kind}/`)).map(([, object]) => read(object)),
    });
    const [templates, clusterTemplates] = [kept('HarnessTemplate', keptTemplate), kept('ClusterHarnessTemplate', keptTemplate)];
    const world = {
      templates,
      clusterTemplates,
      brokerPolicies: kept('BrokerPolicy', keptPolicy),
      template: (namespace: string, name: string) => templates.get(namespace, name)?.spec,
      clusterTemplate: (name: string) => clusterTemplates.get('', name)?.spec,
    };
    const apply = (resource: Resource, object: KubeObject) => {
      if (this.refusal !== undefined) return Promise.reject(this.refusal);
      const key = `${String(object.kind)}/${object.metadata.name}`;
      const after = { ...this.objects.get(key)!, status: object.status };
      expect(problemsWith(object.kind as Kind, after).filter((problem) => problem.startsWith('status'))).toEqual([]);
      this.objects.set(key, after);
      this.writes.push({ resource, object });
      return Promise.resolve(after);
    };
    return { world: world as unknown as World, client: { apply } as unknown as ReadinessDeps['client'], clock: () => this.now };
  }

  /** `True Ready: message`. */
  said(kind: Kind, name: string, type = 'Ready'): string | undefined {
    const { conditions = [] } = (this.objects.get(`${kind}/${name}`)!.status ?? {}) as { conditions?: { type: string; status: string; reason: string; message: string }[] };
    const found = conditions.find((one) => one.type === type);
    return found && `${found.status} ${found.reason}: ${found.message}`;
  }

  sayOther(kind: Kind, name: string, status: unknown): void {
    this.objects.set(`${kind}/${name}`, { ...this.objects.get(`${kind}/${name}`)!, status });
  }
}
