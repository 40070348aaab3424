import type { SecretKey } from './credential-grant';
import type { HarnessRunSpec } from './protocol/resources';

/** A key of a ConfigMap in the namespace of the run. */
export interface ConfigMapKey {
  /** Name of the ConfigMap. */
  readonly name: string;

  /** Key in the ConfigMap's data. */
  readonly key: string;
}

/** What a run is asked to do. */
export class RunPrompt {
  /** The text itself: 1 to 262144 bytes of UTF-8. It is readable for everyone who may read the run. */
  public static inline(text: string): RunPrompt {
    return new RunPrompt({ prompt: text });
  }

  /** A key of a ConfigMap, read when the run starts. */
  public static fromConfigMap(source: ConfigMapKey): RunPrompt {
    return new RunPrompt({ promptFrom: { configMapKeyRef: { name: source.name, key: source.key } } });
  }

  /** A key of a Secret, read when the run starts. A Secret that a BrokerPolicy of the namespace names is refused. */
  public static fromSecret(source: SecretKey): RunPrompt {
    return new RunPrompt({ promptFrom: { secretKeyRef: { name: source.name, key: source.key } } });
  }

  /** @internal */
  private constructor(
    /** @internal */
    public readonly _spec: Pick<HarnessRunSpec, 'prompt' | 'promptFrom'>,
  ) {}
}
