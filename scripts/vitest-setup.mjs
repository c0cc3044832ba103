// Property tests draw the same cases in every run; a failure prints the seed and the path to it as usual.
import fc from 'fast-check';

fc.configureGlobal({ seed: 20261121 });
