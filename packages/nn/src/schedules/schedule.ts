/** Learning rate of a step, counted from 0. Beyond the last step the last value stays. */
export type Schedule = (step: number) => number;
