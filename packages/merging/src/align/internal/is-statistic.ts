/** Running statistics of batch norm: they move with their units, but say nothing of how alike these are. */
export const isStatistic = (name: string): boolean =>
  /(^|\.)(running_mean|running_var|num_batches_tracked)$/.test(name);
