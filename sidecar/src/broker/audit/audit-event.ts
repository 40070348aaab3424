/** One decision, as it is written to the audit log. Field names are those of the AuditEvent resource. */
export interface AuditRecord {
  readonly decision: 'granted' | 'denied' | 'warned';
  readonly kind:
    | 'credential-issued' | 'credential-denied' | 'credential-renewed' | 'credential-renewal-failed' | 'credential-revoked'
    | 'egress-allow' | 'egress-block' | 'egress-block-summary' | 'egress-discovery-allow';
  readonly namespace: string;
  readonly run: string;
  readonly destination?: { readonly host: string; readonly port: number };
  readonly credential?: { readonly name: string; readonly provider?: string };
  readonly matchedPolicy?: string;
  /** Cut to the limit of the resource's schema before it is written. Never a secret, never a bearer. */
  readonly reason?: string;
  /** Who asked: `<namespace>/<service account>`. */
  readonly caller?: string;
  /** Decisions that the record stands for, in the window between two RFC 3339 times. One when it is not there. */
  readonly count?: number;
  readonly windowStart?: string;
  readonly windowEnd?: string;
  /** Some of the destinations of a summary, at most three. */
  readonly sampleDestinations?: readonly { readonly host: string; readonly port: number }[];
}

/** Makes decisions durable. */
export interface Audit {
  /**
   * Resolves when the record is on disk; rejects when it cannot be made so. The answer is the id of the record that stands for
   * the decision: `<stream>-<sequence>` of its line in the log.
   */
  write(record: AuditRecord): Promise<string>;
  /** Why nothing can be written; undefined when all is well. */
  unready(): string | undefined;
  close(): Promise<void>;
}
