import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { App } from 'cdk8s';
import { AgentPlatform } from './agent-platform';
import { postureOf } from './manifests/posture/document';
import { EmittedObject } from './manifests/posture/emitted';
import { postureHtml } from './manifests/posture/html/page';
import { emittedObjects } from './private/emitted-objects';
import { ValidationError } from './private/validation';
import { POSTURE_FILES, PostureDocument } from './protocol/posture';

/** Options of `PostureReport.write`. */
export interface PostureReportOptions {
  /**
   * Folder for the two files, absolute or from the working directory. It is made when it
   * is missing. It must not be the app's output folder, nor inside it: whoever applies
   * that folder would apply `posture.json` too.
   *
   * @default 'posture'
   */
  readonly directory?: string;
}

/** Where a posture report was written to. */
export interface PostureReportFiles {
  /** Absolute path of the page for people. It needs nothing but a browser. */
  readonly html: string;

  /** Absolute path of the document for programs, such as `npx cdk8s-agent-platform diff`. */
  readonly json: string;
}

/**
 * What a platform lets happen, for whoever reviews it: who reaches whom and which policy
 * allows it, how pods run, which account has which right, who may use which credential at
 * which host, and what was waived.
 *
 * It is worked out from the objects of the whole app as they are emitted, so make it when the
 * app is complete. The same app gives the same bytes. It does not run the app's validations;
 * `app.synth()` does.
 */
export class PostureReport {
  /** @param platform The platform it is about. */
  constructor(private readonly platform: AgentPlatform) {}

  /**
   * Writes `posture.html` and `posture.json`. What is there under these names is replaced.
   *
   * @param options Where to.
   * @throws Error when the folder is the app's output folder or inside it.
   */
  public write(options: PostureReportOptions = {}): PostureReportFiles {
    const directory = resolve(options.directory ?? 'posture');
    this.refuseOutput(directory);
    const document = this.document();
    mkdirSync(directory, { recursive: true });
    const files = { html: join(directory, POSTURE_FILES.html), json: join(directory, POSTURE_FILES.json) };
    writeFileSync(files.html, postureHtml(document));
    writeFileSync(files.json, jsonText(document));
    return files;
  }

  /** The content of `posture.json`. */
  public toJson(): string {
    return jsonText(this.document());
  }

  /** The content of `posture.html`. */
  public toHtml(): string {
    return postureHtml(this.document());
  }

  private document(): PostureDocument {
    const { boundary } = this.platform;
    const objects = emittedObjects(this.platform).map(({ object }) => object as EmittedObject);
    return postureOf(objects, boundary._topology(), boundary._namespaceNames);
  }

  private refuseOutput(directory: string): void {
    const outdir = App.of(this.platform).outdir;
    const within = relative(real(resolve(outdir)), real(directory));
    if (within !== '' && (within === '..' || within.startsWith(`..${sep}`) || resolve(within) === within)) return;
    throw new ValidationError(this.platform, `directory of the posture report must not be the app's output folder '${outdir}' or inside it: `
      + `whoever applies that folder would apply ${POSTURE_FILES.json} too; got '${directory}'`);
  }
}

/** A folder by its one true name, as far as it exists. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = resolve(path, '..');
    return parent === path ? path : join(real(parent), path.slice(parent.length));
  }
}

function jsonText(document: PostureDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
