import { answersAtOnce } from './answers-at-once.js';
import { conformsOn } from './conforms.js';

const refusal = /Tensor\.dataSync: expected a backend that answers at once, received webgpu/;

conformsOn('webgpu', { refuses: Object.fromEntries(answersAtOnce.map((op) => [op, refusal])) });
