/** The names of the data sets: keys of {@link datasets}. */
export type DatasetName =
  'digits' | 'engel' | 'yacht' | 'energy' | 'concrete' | 'wineQualityRed' | 'powerPlant' | 'tinyShakespeare';

/** What is known of a data set before it is loaded. */
export interface DatasetInfo {
  /** Title, as the source writes it. */
  readonly title: string;
  readonly licence: 'CC BY 4.0' | 'public domain';
  /** Whom to name wherever the data is shipped or shown: authors, year, title, publisher, address. */
  readonly source: string;
  /** SHA-256 of the plain file before compression, lower-case hexadecimal. */
  readonly sha256: string;
  /** Images, table rows, or lines of text. */
  readonly rows: number;
  /** Input columns; the label or target comes on top. 1 for a text. */
  readonly columns: number;
}

/** Every data set of this package, by name. The loaders check what they read against this table. */
export const datasets: Readonly<Record<DatasetName, DatasetInfo>> = {
  digits: {
    title: 'Optical Recognition of Handwritten Digits (test part)',
    licence: 'CC BY 4.0',
    source:
      'E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, https://doi.org/10.24432/C50P49',
    sha256: '6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8',
    rows: 1797,
    columns: 64,
  },
  engel: {
    title: 'Engel food expenditure',
    licence: 'public domain',
    source:
      'E. Engel (1857), as used by R. Koenker and G. Bassett (1982), Robust Tests for Heteroscedasticity Based on Regression Quantiles, Econometrica 50(1)',
    sha256: '796c3da0406291dd324c51901b51386be12b5f52e330afaf69584f57c06ad45c',
    rows: 235,
    columns: 1,
  },
  yacht: {
    title: 'Yacht Hydrodynamics',
    licence: 'CC BY 4.0',
    source:
      'J. Gerritsma, R. Onnink and A. Versluis (1981), Yacht Hydrodynamics, UCI Machine Learning Repository, https://doi.org/10.24432/C5XG7R',
    sha256: '00dfecc0fc01ddd4c90b558a3ac11b246df8ebcfea130724223475a9a67f0ea1',
    rows: 308,
    columns: 6,
  },
  energy: {
    title: 'Energy Efficiency (heating load)',
    licence: 'CC BY 4.0',
    source:
      'A. Tsanas and A. Xifara (2012), Energy Efficiency, UCI Machine Learning Repository, https://doi.org/10.24432/C51307',
    sha256: '7f8bf024cea437267d56be99b7af7bb3faebec8a7bccfbb20d06d52d9372a950',
    rows: 768,
    columns: 8,
  },
  concrete: {
    title: 'Concrete Compressive Strength',
    licence: 'CC BY 4.0',
    source:
      'I-C. Yeh (1998), Concrete Compressive Strength, UCI Machine Learning Repository, https://doi.org/10.24432/C5PK67',
    sha256: '43d290fd2c2a399ad7e62c45cab5337ba94ece69ebdcf5875aa668cb886243de',
    rows: 1030,
    columns: 8,
  },
  wineQualityRed: {
    title: 'Wine Quality (red)',
    licence: 'CC BY 4.0',
    source:
      'P. Cortez, A. Cerdeira, F. Almeida, T. Matos and J. Reis (2009), Wine Quality, UCI Machine Learning Repository, https://doi.org/10.24432/C56S3T',
    sha256: '3ba41eaf4ab562088cf47b5c9dca2b4de2a330c3ee38a7920b4527a09574d5c1',
    rows: 1599,
    columns: 11,
  },
  powerPlant: {
    title: 'Combined Cycle Power Plant',
    licence: 'CC BY 4.0',
    source:
      'P. Tüfekci and H. Kaya (2014), Combined Cycle Power Plant, UCI Machine Learning Repository, https://doi.org/10.24432/C5002N',
    sha256: 'daebd20c408dfc5c4979604f240e891be162c3a5d00d662380aa669044a1fb31',
    rows: 9568,
    columns: 4,
  },
  tinyShakespeare: {
    title: 'Tiny Shakespeare',
    licence: 'public domain',
    source: "W. Shakespeare's plays, the 40,000 lines A. Karpathy chose for char-rnn (2015)",
    sha256: '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed',
    rows: 40000,
    columns: 1,
  },
};
