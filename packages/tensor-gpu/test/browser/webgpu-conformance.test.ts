import { conformsOn } from './conforms.js';

const answersLater = /Tensor\.dataSync: expected a backend that answers at once, received webgpu/;

conformsOn('webgpu', {
  // They look at each product before they go on.
  refuses: {
    randomizedSvd: answersLater,
    conjugateGradient: answersLater,
    lanczos: answersLater,
    powerIteration: answersLater,
  },
});
