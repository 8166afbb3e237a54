import { TabtrainError } from '../errors';
import { textWithCrc, withCrc } from './crc32c';
import { headerOf } from './stateFile';

/** What the commit record says of the newest generation: JSON, and its checksum in a line of its own. */
export interface CommitRecord {
  readonly format: 1;
  readonly generation: number;
  readonly bytes: number;
  readonly digest: string;
}

export async function makeRecord(generation: number, file: Uint8Array): Promise<Uint8Array> {
  const digest = await digestOf(file);
  const record: CommitRecord = { format: 1, generation, bytes: file.length, digest };
  return new TextEncoder().encode(withCrc(JSON.stringify(record)));
}

/** Throws `CORRUPT_FILE` in a sentence that says what is wrong. */
export function readRecord(bytes: Uint8Array): CommitRecord {
  const json = textWithCrc(new TextDecoder().decode(bytes));
  if (json !== null) return JSON.parse(json) as CommitRecord;
  throw new TabtrainError('CORRUPT_FILE', 'the checksum of the commit record is wrong');
}

/** Of a file of training state; with the checksums that it is made of it stands for every byte. */
export async function digestOf(file: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', headerOf(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
