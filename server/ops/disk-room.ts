import { statfs } from 'node:fs/promises';

/** How full the disk is that a folder stands on. */
export interface DiskRoom {
  /** As `df` counts it: of what this account may use, how much is used. */
  readonly usedPercent: number;
  readonly freeBytes: number;
}

const percentOf = (used: number, free: number) =>
  used + free === 0 ? 0 : Math.ceil((used / (used + free)) * 100);

/** Throws where the folder is not there, or its disk answers with an error. */
export async function diskRoom(folder: string): Promise<DiskRoom> {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  return { usedPercent: percentOf(blocks - bfree, bavail), freeBytes: bavail * bsize };
}

/** From where on people are told, and from where on it is urgent. */
export interface DiskLimits {
  readonly warnPercent: number;
  readonly fullPercent: number;
}

export type DiskLevel = 'fine' | 'warning' | 'urgent';

/** Where a disk stands; one that a level was told of has to come down by a percent before it is lower again. */
export function diskLevel(
  { usedPercent }: DiskRoom,
  { warnPercent, fullPercent }: DiskLimits,
  before: DiskLevel = 'fine',
): DiskLevel {
  if (usedPercent >= fullPercent - (before === 'urgent' ? 1 : 0)) return 'urgent';
  if (usedPercent >= warnPercent - (before === 'fine' ? 0 : 1)) return 'warning';
  return 'fine';
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** For people to read: `3.2 GB`. */
export function sizeWords(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(bytes || 1) / 3)));
  const value = bytes / 1_000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[step] ?? ''}`;
}
