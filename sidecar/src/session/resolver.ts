/** Opens what names lead to beneath a root, or fails with EXDEV where they leave it. */
export interface Resolver {
  readonly means: 'openat2' | 'walk';
  /** The number of the opened file. */
  open(components: readonly string[], flags: number): Promise<number>;
}
