import { expect, it } from 'vitest';
import * as api from '../src/index.js';

it('exports these names and no others', () => {
  expect(Object.keys(api).sort()).toEqual([
    'addGaussianNoise',
    'adjustContrast',
    'datasets',
    'loadConcrete',
    'loadDigits',
    'loadEnergy',
    'loadEngel',
    'loadPowerPlant',
    'loadTinyShakespeare',
    'loadWineQualityRed',
    'loadYacht',
    'rotateDigits',
    'shiftDigits',
    'translateDigits',
  ]);
});
