export { addGaussianNoise, type AddGaussianNoiseOptions } from './add-gaussian-noise.js';
export { adjustContrast, type AdjustContrastOptions } from './adjust-contrast.js';
export { datasets, type DatasetInfo, type DatasetName } from './datasets.js';
export { loadDigits, type Digits } from './load-digits.js';
export {
  loadConcrete,
  loadEnergy,
  loadEngel,
  loadPowerPlant,
  loadWineQualityRed,
  loadYacht,
  type RegressionTable,
} from './load-tables.js';
export { loadTinyShakespeare, type TinyShakespeare } from './load-tiny-shakespeare.js';
export { rotateDigits, type RotateDigitsOptions } from './rotate-digits.js';
export { shiftDigits, type ShiftDigitsOptions } from './shift-digits.js';
export { translateDigits, type TranslateDigitsOptions } from './translate-digits.js';
