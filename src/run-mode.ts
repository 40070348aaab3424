import type { InteractiveLimits } from './interactive-limits';

/** How a run takes its prompts. */
export class RunMode {
  /** One prompt; the run ends when the agent ends. */
  public static batch(): RunMode {
    return new RunMode('Batch');
  }

  /**
   * Further prompts over the broker until a limit is reached. It needs a template with `interactive`
   * and a policy with `interact`. Limits may shorten those of the template, never extend them.
   * The operator of this version ends such a run at once, as Failed with the reason `InteractiveUnsupported`.
   */
  public static interactive(limits?: InteractiveLimits): RunMode {
    return new RunMode('Interactive', limits);
  }

  /** @internal */
  private constructor(
    /** @internal */
    public readonly _mode: 'Batch' | 'Interactive',
    /** @internal */
    public readonly _limits?: InteractiveLimits,
  ) {}
}
