export { hubSource, type HubSourceOptions } from './sources/hub-source.js';
