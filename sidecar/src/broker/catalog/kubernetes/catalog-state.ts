import { VersionedMap } from './versioned-map';
import type { NamedPolicy } from '../../../../../src/protocol/policy';
import { templateOf } from '../../../../../src/protocol/run-template';
import type { WatchSink } from '../../../kube/watch';
import type { CatalogRun, CatalogTemplate, Snapshot } from '../catalog';
import { StoredRun, withDeadline } from '../run-of';
import type { StoredTemplate } from '../template-of';

type Specs = ReadonlyMap<string, StoredTemplate>;

/** A namespace as it was at one moment. */
interface NamespaceView {
  readonly runs: VersionedMap<StoredRun>;
  readonly templates: Specs;
  readonly policiesByName: ReadonlyMap<string, NamedPolicy>;
  /** The same, sorted by name. */
  readonly policies: readonly NamedPolicy[];
  /** Templates worked out so far; emptied, by being replaced, when one of those they are made of changes. */
  readonly resolved: Map<string, CatalogTemplate>;
}

const EMPTY: Omit<NamespaceView, 'resolved'> = { runs: VersionedMap.of([]), templates: new Map(), policiesByName: new Map(), policies: [] };

/** What the watches have told so far. Each change makes a new snapshot that shares with the last one what has not changed. */
export class CatalogState {
  private namespaces: ReadonlyMap<string, NamespaceView>;
  private clusterSpecs: Specs = new Map();
  private view: Snapshot;

  constructor(namespaces: readonly string[]) {
    this.namespaces = new Map(namespaces.map((name) => [name, { ...EMPTY, resolved: new Map() }]));
    this.view = this.snapshotNow();
  }

  snapshot(): Snapshot {
    return this.view;
  }

  runs(namespace: string): WatchSink<StoredRun> {
    return {
      replaced: (items) => this.update(namespace, { runs: VersionedMap.of([...items].map(([key, run]) => [nameIn(key), run])) }),
      changed: (key, run) => this.update(namespace, { runs: this.namespaces.get(namespace)!.runs.with(nameIn(key), run) }),
    };
  }

  templates(namespace: string): WatchSink<StoredTemplate> {
    return mapSink(() => this.namespaces.get(namespace)!.templates, (templates) => this.update(namespace, { templates, resolved: new Map() }));
  }

  policies(namespace: string): WatchSink<NamedPolicy> {
    return mapSink(() => this.namespaces.get(namespace)!.policiesByName, (policiesByName) => {
      const policies = [...policiesByName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      this.update(namespace, { policiesByName, policies });
    });
  }

  clusterTemplates(): WatchSink<StoredTemplate> {
    return mapSink(() => this.clusterSpecs, (specs) => {
      this.clusterSpecs = specs;
      this.namespaces = new Map([...this.namespaces].map(([name, view]) => [name, { ...view, resolved: new Map() }]));
      this.view = this.snapshotNow();
    });
  }

  private update(namespace: string, change: Partial<NamespaceView>): void {
    this.namespaces = new Map(this.namespaces).set(namespace, { ...this.namespaces.get(namespace)!, ...change });
    this.view = this.snapshotNow();
  }

  private snapshotNow(): Snapshot {
    const { namespaces, clusterSpecs } = this;
    const template = (run: Pick<CatalogRun, 'namespace' | 'templateRef'>): CatalogTemplate | undefined => {
      const view = namespaces.get(run.namespace);
      if (view === undefined) return undefined;
      const key = `${run.templateRef.kind ?? ''} ${run.templateRef.name}`;
      const specs = { own: (_: string, name: string) => view.templates.get(name), cluster: (name: string) => clusterSpecs.get(name) };
      const known = view.resolved.get(key) ?? templateOf(run, specs);
      // Names that are nowhere are not remembered: there is no end of them.
      if (known !== undefined) view.resolved.set(key, known);
      return known;
    };
    return {
      run: (namespace, name) => {
        const stored = namespaces.get(namespace)?.runs.get(name);
        return stored === undefined ? undefined : withDeadline(stored, template(stored.run));
      },
      template,
      policies: (namespace) => namespaces.get(namespace)?.policies ?? [],
    };
  }
}

/** A sink over a map that is small and seldom changes. */
function mapSink<T>(current: () => ReadonlyMap<string, T>, set: (next: ReadonlyMap<string, T>) => void): WatchSink<T> {
  return {
    replaced: (items) => set(new Map([...items].map(([key, value]) => [nameIn(key), value]))),
    changed: (key, value) => {
      const next = new Map(current());
      if (value === undefined) next.delete(nameIn(key));
      else next.set(nameIn(key), value);
      set(next);
    },
  };
}

function nameIn(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
