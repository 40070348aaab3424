import { ApiObject } from 'cdk8s';
import { IConstruct, IMixin } from 'constructs';
import { POD_SECURITY_VERSION } from './manifests/config';
import { changed, unpacked } from './manifests/lists';
import { PodSecurityOptions } from './manifests/pod-security';
import { hardenedObject, objectSecurity } from './manifests/pod-security/objects';
import { PodSecurityWaiver } from './pod-security-validation';
import { podSecurityOptions } from './private/pod-security-options';
import { ANNOTATIONS } from './protocol/names';

/** Properties of `RestrictedPods`. */
export interface RestrictedPodsProps {
  /**
   * Whether fields of the standard that a pod leaves out are filled in. Without, pods are only checked.
   *
   * @default true
   */
  readonly harden?: boolean;

  /**
   * Version of the rules, such as `v1.30`, or `latest`.
   *
   * @default 'v1.30'
   */
  readonly version?: string;

  /**
   * Rules that these pods need not pass. Their fields are not filled in. Objects for which a
   * waiver was needed carry it in the annotation `cdk8s-agent-platform/waived`.
   *
   * @default - none
   */
  readonly waivers?: PodSecurityWaiver[];
}

/**
 * Makes the pods of charts that somebody else wrote pass the `restricted` Pod Security
 * Standard: `chart.with(new RestrictedPods())`.
 *
 * Fields that a pod leaves out are filled in; fields that say the opposite are refused at
 * synth, because they were meant. It covers the objects that are there when it is applied.
 */
export class RestrictedPods implements IMixin {
  private readonly options: PodSecurityOptions;
  private readonly except: readonly string[];
  private readonly harden: boolean;

  /**
   * @param props What can be chosen about it.
   * @throws Error when a waiver has no reason or names no rule, or the version is none.
   */
  constructor(props: RestrictedPodsProps = {}) {
    this.options = podSecurityOptions({ level: 'restricted', version: props.version ?? POD_SECURITY_VERSION, waivers: props.waivers ?? [] });
    this.except = this.options.waivers!.map(({ rule }) => rule);
    this.harden = props.harden ?? true;
  }

  /**
   * Whether the construct is an object of Kubernetes. Those without pods stay as they are.
   *
   * @param construct A construct of the tree.
   */
  public supports(construct: IConstruct): boolean {
    return ApiObject.isApiObject(construct);
  }

  /**
   * Hardens the pods of the object when it is synthesized, and checks them.
   *
   * @param construct An object of Kubernetes.
   */
  public applyTo(construct: IConstruct): void {
    const object = construct as ApiObject;
    // Containers and fields may be added until synth, so the pod is read then and no earlier.
    const emitted = object.toJson.bind(object);
    object.toJson = () => changed(emitted(), (one) => this.restricted(one));
    object.node.addValidation({
      validate: () => unpacked(object.toJson()).flatMap((one) => objectSecurity(one, this.options).problems.map((problem) => `${one.kind} ${one.metadata?.name}: ${problem}`)),
    });
  }

  private restricted(object: any): any {
    const hardened = this.harden ? hardenedObject(object, this.except) : object;
    const { waived } = objectSecurity(hardened, this.options);
    // Says in the output what was let pass, and why, for whoever reviews it.
    if (waived.length === 0) return hardened;
    const { metadata } = hardened;
    return { ...hardened, metadata: { ...metadata, annotations: { ...metadata?.annotations, [ANNOTATIONS.waived]: waived.join('\n') } } };
  }
}
