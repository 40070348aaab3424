/** What the pods of a DenialProbe read and tell each other. */

/** What the flow table says about a connection. `unpromised` is told and not judged: Kubernetes exempts traffic of a pod with its own node. */
export type ProbeExpectation = 'allow' | 'deny' | 'unpromised';

/** An address that only the running pod knows. */
export const PROBE_PLACES = ['api-server', 'control', 'dns-server', 'own-node'] as const;
export type ProbePlace = (typeof PROBE_PLACES)[number];

/** One connection that a pod tries. */
export interface ProbeEdge {
  /** Who is meant, in words. */
  readonly to: string;
  /** An address, or a place that is looked up in the pod. */
  readonly at: string | { readonly place: ProbePlace };
  /** That of the place where missing. */
  readonly port?: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly expect: ProbeExpectation;
  /** What is expected instead where the place turns out to be link-local, and so on the pod's own node. */
  readonly expectLinkLocal?: ProbeExpectation;
  /** Rows of the flow table about it. */
  readonly rows: readonly string[];
  /** Whether a listener of the probe is there, which says who it is. */
  readonly listener: boolean;
}

/** A pod that stands in for an endpoint, as the control knows it. */
export interface ProbeSubject {
  readonly title: string;
  readonly address: string;
  readonly ports: readonly number[];
}

/** Everything that one pod of a probe is told. */
export interface ProbeConfig {
  /** The endpoint that the pod stands in for, in words. */
  readonly self: string;
  /** Ports of the endpoint's role. */
  readonly listen: readonly number[];
  readonly edges: readonly ProbeEdge[];
  /** Only the control has them: it tells them to begin. */
  readonly subjects?: readonly ProbeSubject[];
  /** Time that all pods get to start in. */
  readonly startSeconds: number;
}

/** Name of the file in the mounted ConfigMap, and its key there. */
export const PROBE_CONFIG_FILE = 'probe.json';

/** One line of JSON from whoever connects. */
export interface ProbeRequest {
  readonly say: 'hello' | 'go' | 'result' | 'stop';
  /** Which run of the control it is about. */
  readonly run?: string;
  /** With `go`: an address of the control. */
  readonly control?: string;
}

/** One line of JSON in answer. */
export interface ProbeReply {
  /** Who answers, in words. */
  readonly as: string;
  /** The address that the connection came from, as the listener sees it. */
  readonly seen: string;
  /** The run of the control that told it to begin. */
  readonly run?: string;
  /** What came out, once there is something. */
  readonly result?: ProbeResult;
}

/** What became of one connection. */
export interface ProbeOutcome {
  readonly to: string;
  readonly at: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly expect: ProbeExpectation;
  readonly rows: readonly string[];
  readonly open: boolean;
  /** How that shows, in words. */
  readonly because: string;
  /** Whether the other end saw the pod's own address; missing where nobody told. */
  readonly keepsAddress?: boolean;
}

/** What one pod found. */
export interface ProbeResult {
  readonly self: string;
  readonly tried: number;
  /** Connections that differ from the flow table. */
  readonly wrong: readonly ProbeOutcome[];
  /** Open connections that nobody promises to be closed. */
  readonly unpromised: readonly ProbeOutcome[];
  /** Whether listeners see who connects; missing where none was reached. */
  readonly keepsAddresses?: boolean;
  /** Why there is no answer, where there is none. */
  readonly untold: readonly string[];
}
