import { conformsOn } from './conforms.js';

conformsOn('webgl2');
