/** Operations that look at each product before they go on, which a backend that answers later cannot do. */
export const answersAtOnce = ['randomizedSvd', 'conjugateGradient', 'lanczos', 'powerIteration'] as const;
