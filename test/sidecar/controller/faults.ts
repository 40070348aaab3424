/** Where the next failure is: at which call, counted over everything that is wrapped, and whether the call is done all the same. */
export interface Fault {
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** Makes chosen calls fail, one after the other. */
export class Faults {
  /** Names of the calls, in order. */
  readonly calls: string[] = [];
  private fault: Fault | undefined;
  private failing: ReadonlySet<string> = new Set();

  arm(fault: Fault | undefined): void {
    this.calls.length = 0;
    this.fault = fault;
  }

  /** From now on these calls fail every time. */
  failAlways(...names: string[]): void {
    this.failing = new Set(names);
  }

  /** The same object, whose methods may fail. */
  around<T extends object>(name: string, target: T, error: () => Error): T {
    return new Proxy(target, {
      get: (object, method, receiver) => {
        const value: unknown = Reflect.get(object, method, receiver);
        if (typeof value !== 'function') return value;
        const call = `${name}.${String(method)}`;
        return (...args: unknown[]) => this.called(call, () => value.apply(object, args), error);
      },
    });
  }

  private called(call: string, run: () => unknown, error: () => Error): unknown {
    const at = this.calls.push(call) - 1;
    if (this.failing.has(call)) return Promise.reject(error());
    if (this.fault?.at !== at) return run();
    if (this.fault.when === 'before') return Promise.reject(error());
    return Promise.resolve(run()).then(() => Promise.reject(error()));
  }
}
