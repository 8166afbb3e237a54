import { definePlatform } from './client/platform';
import { nodePlatform } from './nodePlatform';

definePlatform(nodePlatform);

export * from './public';
