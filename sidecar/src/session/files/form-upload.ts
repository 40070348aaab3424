import { resultOf } from './file-entry';
import { fileMode } from './file-mode';
import { Place, placeOf } from './folders';
import { boundaryOf, FormField, formFields, FormRefused } from './multipart';
import { NewFile } from './new-file';
import { FileResult, MAX_PATH_BYTES } from '../../../../src/protocol/session-work';
import type { Directory } from '../directory';
import type { Work } from '../work-deps';

/**
 * The file of a form with the fields `path`, `mode` and `file`. It is written while it arrives: to the folder of the
 * path, or to the workspace when the path comes after it.
 */
export async function receivedForm(work: Work, source: AsyncIterator<Buffer>, contentType: string): Promise<FileResult> {
  const form = new UploadForm(work);
  try {
    for await (const field of formFields(source, boundaryOf(contentType))) await form.take(field);
    return await form.finish();
  } finally {
    form.close();
  }
}

class UploadForm {
  private readonly texts = new Map<string, string>();
  private readonly opened: Directory[] = [];
  private place: Place | undefined;
  private file: NewFile | undefined;

  constructor(private readonly work: Work) {}

  async take({ name, body }: FormField): Promise<void> {
    if (name === 'file') await this.receive(body);
    else if (name === 'path' || name === 'mode') this.texts.set(name, await this.text(name, body));
  }

  async finish(): Promise<FileResult> {
    if (this.file === undefined) throw new FormRefused("Failed to get file: the form has no field 'file'");
    const { path, folder, name } = await this.target();
    return resultOf(path, await this.file.commit(folder, name, fileMode(this.texts.get('mode'))));
  }

  close(): void {
    this.file?.discard();
    this.opened.forEach((folder) => folder.close());
  }

  private async receive(body: AsyncGenerator<Buffer>): Promise<void> {
    if (this.file !== undefined) throw new FormRefused("the form has the field 'file' twice");
    const folder = this.texts.has('path') ? (await this.target()).folder : this.keep(await this.work.beneath.directory(''));
    this.file = NewFile.create(folder, this.work.temporary);
    await this.file.fill(body, this.work.limits.maxFileBytes);
  }

  private async target(): Promise<Place> {
    const path = this.texts.get('path');
    if (path === undefined || path === '') throw new FormRefused("Missing 'path' field");
    if (this.place === undefined) {
      this.place = await placeOf(this.work.beneath, path, 'make');
      this.keep(this.place.folder);
    }
    return this.place;
  }

  private keep(folder: Directory): Directory {
    this.opened.push(folder);
    return folder;
  }

  private async text(name: string, body: AsyncGenerator<Buffer>): Promise<string> {
    if (this.texts.has(name)) throw new FormRefused(`the form has the field '${name}' twice`);
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of body) {
      length += piece.length;
      if (length > MAX_PATH_BYTES) throw new FormRefused(`the field '${name}' is longer than ${MAX_PATH_BYTES} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }
}
