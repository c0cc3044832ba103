import { datasets, type DatasetName } from './datasets.js';
import { parseNumbers } from './internal/parse-numbers.js';
import { readText } from './internal/read-text.js';

/** A regression data set: inputs `x`, one target `y`, in the order of the source and in its units. */
export interface RegressionTable {
  /** Inputs, shape `[rows, columns]`, row-major. */
  x: Float64Array<ArrayBuffer>;
  /** Target, shape `[rows]`. */
  y: Float64Array<ArrayBuffer>;
  rows: number;
  /** Input columns; the length of `featureNames`. */
  columns: number;
  featureNames: string[];
  targetName: string;
  source: string;
  licence: string;
}

async function loadTable(
  name: DatasetName,
  featureNames: string[],
  targetName: string,
  headerLines = 0,
): Promise<RegressionTable> {
  const { rows, columns, source, licence } = datasets[name];
  const lines = (await readText(name)).split('\n').slice(headerLines);
  const values = parseNumbers(name, lines, rows, columns + 1);
  const x = new Float64Array(rows * columns);
  const y = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * (columns + 1);
    x.set(values.subarray(start, start + columns), row * columns);
    y[row] = values[start + columns]!;
  }
  return { x, y, rows, columns, featureNames, targetName, source, licence };
}

/** Household income and food expenditure of 235 Belgian working-class households, in francs. */
export const loadEngel = (): Promise<RegressionTable> =>
  loadTable('engel', ['income'], 'food expenditure', 1);

/** Residuary resistance of 308 sailing yachts, per unit weight of displacement; six numbers describe hull and speed. */
export const loadYacht = (): Promise<RegressionTable> =>
  loadTable(
    'yacht',
    [
      'longitudinal position of the centre of buoyancy',
      'prismatic coefficient',
      'length-displacement ratio',
      'beam-draught ratio',
      'length-beam ratio',
      'Froude number',
    ],
    'residuary resistance',
  );

/** Heating load (kWh/m²) of 768 simulated buildings, from eight numbers that describe their shape and glazing. */
export const loadEnergy = (): Promise<RegressionTable> =>
  loadTable(
    'energy',
    [
      'relative compactness',
      'surface area',
      'wall area',
      'roof area',
      'overall height',
      'orientation',
      'glazing area',
      'glazing area distribution',
    ],
    'heating load',
  );

/** Compressive strength (MPa) of 1030 concrete samples, from seven ingredients (kg/m³) and the age in days. */
export const loadConcrete = (): Promise<RegressionTable> =>
  loadTable(
    'concrete',
    [
      'cement',
      'blast furnace slag',
      'fly ash',
      'water',
      'superplasticizer',
      'coarse aggregate',
      'fine aggregate',
      'age',
    ],
    'compressive strength',
  );

/** Quality (0 to 10, as tasted) of 1599 red vinho verde wines, from eleven laboratory measurements. */
export const loadWineQualityRed = (): Promise<RegressionTable> =>
  loadTable(
    'wineQualityRed',
    [
      'fixed acidity',
      'volatile acidity',
      'citric acid',
      'residual sugar',
      'chlorides',
      'free sulfur dioxide',
      'total sulfur dioxide',
      'density',
      'pH',
      'sulphates',
      'alcohol',
    ],
    'quality',
  );

/** Net hourly electrical output (MW) of a combined cycle power plant over 9568 hours, from four ambient readings. */
export const loadPowerPlant = (): Promise<RegressionTable> =>
  loadTable(
    'powerPlant',
    ['temperature', 'exhaust vacuum', 'ambient pressure', 'relative humidity'],
    'electrical output',
  );
