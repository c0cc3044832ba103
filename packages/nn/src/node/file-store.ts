import { readFile } from 'node:fs/promises';
import { parseSafetensors } from '@weightloom/checkpoint';
import { saveSafetensors } from '@weightloom/checkpoint/node';
import type { TrainingStore } from '../train/training-store.js';

/**
 * A training snapshot in a file. It is written aside, flushed and renamed, so that a killed process leaves the old snapshot or the new
 * one, never a part of one.
 */
export const fileStore = (path: string): TrainingStore => ({
  load: async () => {
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  },
  save: async (snapshot) => {
    const { tensors, metadata } = parseSafetensors(snapshot);
    await saveSafetensors(path, tensors, metadata);
  },
});
