import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeFault,
  parseReferenceData,
  referenceFileNames,
  type ReferenceData,
} from '#domain/reference-data.ts';

const SHIPPED = join(import.meta.dirname, '../reference-data');

/**
 * Reads the reference data from a folder, by default the one we ship. Without all of it nothing
 * starts, so a faulty file throws, with the file, line and field of every fault.
 */
export function loadReferenceData(folder = SHIPPED): ReferenceData {
  const files = referenceFileNames.map((name) => ({ name, text: read(folder, name) }));
  const parsed = parseReferenceData(files);
  if (parsed.outcome === 'parsed') return parsed.data;
  const faults = parsed.faults.map(describeFault).join('\n');
  throw new Error(`reading the reference data in ${folder}:\n${faults}`);
}

function read(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (cause) {
    throw new Error(`reading ${name} of the reference data`, { cause });
  }
}
