import { conformsOn } from './conforms.js';

conformsOn('webgpu');
